"""Progress: the time left, the estimate of long work, lines where there is no terminal, weights of a sweep's cells."""

from pathlib import Path

import pytest

from simnet import progress
from simnet.progress import Meter, Work
from simnet.sweeps import cell_weights
from simnet.sweeps.grid import Grid, points


class Clock:
    """A clock that tests set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def metered(work: Work) -> tuple[Meter, Clock]:
    clock = Clock()
    return Meter(work, clock, lambda: 300_000_000), clock


def test_line_says_share_time_and_time_left() -> None:
    meter, clock = metered(Work("platoon", 10e9, "s", 1e-9))
    clock.now = 4
    assert meter.line() == "platoon: preparing, 4 s so far"
    meter.tell(0)
    clock.now = 14
    meter.tell(2.5e9)
    assert meter.line() == "platoon: 25 % (2.5 of 10 s), 14 s gone, about 30 s left"
    clock.now = 50
    meter.tell(10e9)
    assert meter.line() == "platoon: finishing, 50 s so far"


def test_time_before_the_first_step_is_not_taken_for_its_pace() -> None:
    meter, clock = metered(Work("sweep", 8, None))
    meter.tell(0, note="0 of 8 cells")
    clock.now = 60
    meter.tell(0, note="0 of 8 cells")
    clock.now = 70
    meter.tell(4, note="4 of 8 cells")
    assert meter.line() == "sweep: 50 % (4 of 8 cells), 1 min 10 s gone, about 10 s left"


def test_estimate_is_told_once_and_only_of_long_work(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(bytes(1_000_000))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "1.png").write_bytes(bytes(300_000))
    meter, clock = metered(Work("platoon", 100, folder=tmp_path, extra_bytes=500_000, apart=("pictures",)))
    meter.tell(0)
    clock.now = 6
    meter.tell(5)
    text = meter.estimate()
    assert text == "platoon: takes about 2 min 0 s and 300 MB of memory, 20 MB on the disk"
    assert meter.estimate() is None
    short, clock = metered(Work("short", 100))
    short.tell(0)
    clock.now = 6
    short.tell(20)
    assert short.estimate() is None


def test_estimate_that_was_far_off_is_told_anew() -> None:
    meter, clock = metered(Work("platoon", 100))
    meter.tell(0)
    clock.now = 6
    meter.tell(1)
    assert "10 min" in (meter.estimate() or "")
    clock.now = 20
    meter.tell(20)
    assert "1 min 40 s" in (meter.estimate() or "")


def test_resumed_work_counts_from_where_it_was() -> None:
    meter, clock = metered(Work("train", 1000, start=900))
    meter.tell(900)
    clock.now = 10
    meter.tell(950)
    assert meter.left_s == pytest.approx(10)


def test_lines_come_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    with progress.shown(Work("work\x1b", 10)) as tell:
        tell(0)
        tell(5)
        import time

        time.sleep(0.6)
    assert "simnet: work\\x1b: 50 % (5 of 10), " in capsys.readouterr().err
    with progress.shown(Work("work", 10), quiet=True) as tell:
        tell(5)
    assert capsys.readouterr().err == ""


def test_cells_that_share_bitstreams_weigh_less() -> None:
    found = points(Grid("stereo_pair", {"links.*.bandwidth": ["1 Mbit/s", "2 Mbit/s"]}, ["jpeg", "webp"], [1, 2]))
    named = {point.point: f"{point.codec}{number}" for number, point in enumerate(found)}
    weighed = cell_weights.weights(found, named, named.values())
    assert sorted(weighed.values()) == [cell_weights.WARM] * 6 + [1.0, 1.0]
    assert {cell[:4] for cell, weight in weighed.items() if weight == 1} == {"jpeg", "webp"}
