"""Age of information against areas worked out by hand."""

import pytest

from simnet.age_of_information import age_of
from simnet.records import Outcome, Row

MS = 1_000_000


def _row(capture_ms: int, ready_ms: int | None) -> Row:
    ready_ns = None if ready_ms is None else ready_ms * MS
    outcome = Outcome.LOST if ready_ms is None else Outcome.DECODED
    at_ns = capture_ms * MS
    none = (None, None, None, None)
    return Row(
        "run", "car/front", "jpeg", 0, at_ns, at_ns, ready_ns, ready_ns, 100, 140, 0.1, 0.5, 1, 0, 0, outcome, (), None, *none,
        0, "",
    )  # fmt: skip


def _rows(*times: tuple[int, int | None]) -> list[Row]:
    return [_row(*each) for each in times]


def test_age_grows_until_the_next_picture():
    # 50 ms old at 50, 150 ms old at 150; then 50 ms old, 150 ms old at the end.
    ages = age_of(_rows((0, 50), (100, 150)), 250 * MS)
    assert ages.mean_ms == pytest.approx(100)
    assert ages.percentile_ms(0) == pytest.approx(50)
    assert ages.percentile_ms(50) == pytest.approx(100)
    assert ages.percentile_ms(100) == pytest.approx(150)


def test_lost_or_overtaken_frame_lets_age_grow():
    lost = age_of(_rows((0, 50), (100, None), (200, 250)), 250 * MS)
    assert lost.percentile_ms(100) == pytest.approx(250)
    overtaken = age_of(_rows((0, 240), (100, 150)), 300 * MS)
    assert overtaken.percentile_ms(100) == pytest.approx(200)
    assert overtaken.mean_ms == pytest.approx(125)


def test_without_a_picture_there_is_no_age():
    assert age_of(_rows((0, None)), 100 * MS).mean_ms is None
    assert age_of(_rows((0, None)), 100 * MS).percentile_ms(95) is None
