"""The line that says why most frames of a run came late or not at all."""

from typing import Any

import pytest

from simnet.records.link_bin import LinkBin
from simnet.report import missed_frames
from support import run_folders


def figures(late: int = 0, lost: int = 0, median: float | None = None) -> dict[str, dict[str, Any]]:
    own = {"frames": 10, "late": late, "lost": lost, "corrupt": 0, "reference_lost": 0, "latency_ms_p50": median}
    return {"car/front": own}


def counted(lost: int, dropped: int) -> list[LinkBin]:
    link = run_folders.platoon().links[0].name
    return [LinkBin(link, 0, 9_000, 9_000, lost, dropped, 100, 0)]


@pytest.mark.parametrize(
    ("streams", "bins", "said"),
    [
        (figures(lost=8), counted(0, 40), "8 of 10 frames were late or lost: link "),
        (figures(lost=8), counted(0, 40), " dropped 40 of 100 packets, its queue of "),
        (figures(lost=8), counted(30, 2), " lost 30 of 100 packets on the way; a transport helps"),
        (
            figures(late=8, median=300.0),
            counted(0, 0),
            "half of the pictures of car/front take 300 ms or more, the deadline",
        ),
        (figures(lost=8), [], "8 of 10 frames were late or lost; the page"),
    ],
)
def test_reason_names_what_most_frames_were_missed_by(
    streams: dict[str, dict[str, Any]], bins: list[LinkBin], said: str
) -> None:
    assert missed_frames.has_many(streams)
    assert said in missed_frames.reason(streams, run_folders.platoon(), bins)


def test_few_missed_frames_need_no_reason() -> None:
    assert not missed_frames.has_many(figures(late=3, lost=2))
    assert not missed_frames.has_many({})
