"""SCReAM against traces of its authors' implementation: see `scream_traces/README.md`.

Equal traces cannot be expected: timers run differently, and an early difference decides how often congestion comes later. Classic
ECN cuts the window to 0.8 at each mark, a deep sawtooth with few teeth in 20 s: its marks and its queue vary most.
"""

from __future__ import annotations

import pytest

from support.scream_runs import Behaviour, Bin, reference, run

UTILISATION, QUEUE, MARKS = 0.15, 0.15, 2.0
"""How far a run may stray from its reference: shares of utilisation and mean queue, and a factor of marked packets."""
WIDER = {"camera_1M_classic": (0.15, 0.20, 2.0), "film_6M_classic": (0.15, 0.15, 2.5)}
"""Traces with ten or fewer episodes of marks."""


@pytest.mark.parametrize(
    "name",
    [
        "camera_1M_none",
        "camera_1M_classic",
        "camera_1M_l4s",
        "film_6M_none",
        "film_6M_classic",
        "film_6M_l4s",
        "step_10M_none",
        "step_10M_l4s",
    ],
)
def test_scream_behaves_like_its_authors_own(name: str) -> None:
    ours, theirs = Behaviour.of(run(name)), Behaviour.of(reference(name))
    utilisation, queue, marks = WIDER.get(name, (UTILISATION, QUEUE, MARKS))
    assert ours.utilisation == pytest.approx(theirs.utilisation, rel=utilisation)
    assert ours.queue_ms == pytest.approx(theirs.queue_ms, rel=queue)
    assert theirs.marked / marks <= ours.marked <= theirs.marked * marks


@pytest.mark.parametrize(("name", "down_s", "up_s"), [("camera_1M_none", 10, 20), ("step_10M_none", 6, 12)])
def test_scream_follows_steps_of_the_rate(name: str, down_s: float, up_s: float) -> None:
    bins, golden = run(name), reference(name)
    assert abs(drained_s(bins, down_s) - drained_s(golden, down_s)) <= 1
    assert abs(filled_s(bins, up_s) - filled_s(golden, up_s)) <= 1


def drained_s(bins: list[Bin], at_s: float) -> float:
    """Return how long after a step down the queue stays above 60 ms."""
    high = [each.end_s for each in bins if at_s < each.end_s <= at_s + 2 and each.queue_ms >= 60]
    return max(high, default=at_s) - at_s


def filled_s(bins: list[Bin], at_s: float) -> float:
    """Return how long after a step up 90 % of the new rate arrive; 10 s if they never do."""
    full = (each.end_s for each in bins if each.end_s > at_s and each.delivered_bps >= 0.9 * each.link_bps)
    return min(next(full, at_s + 10) - at_s, 10)
