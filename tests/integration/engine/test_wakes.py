"""Virtual time never stands still: whatever asks to be woken is woken later, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.engine.kernel.port import checked_wake
from simnet.errors import NodeError
from simnet.nodes.fusion import FusionPlanner
from simnet.records import Scenario
from simnet.records.grants import Plan
from support.tiny_runs import MS, Ran, change_streams

WRONG = {
    "now": lambda now_ns: now_ns,
    "before now": lambda now_ns: now_ns - 1,
    "negative": lambda _: -1,
    "after the end": lambda _: 2**62,
    "beyond 64 bits": lambda _: 2**80,
    "not a number": lambda _: math.nan,
    "infinite": lambda _: math.inf,
    "a float": lambda now_ns: now_ns + 0.5,
    "text": lambda _: "soon",
    "a boolean": lambda _: True,
    "nested": lambda _: [[[]]],
}


@pytest.mark.parametrize("way", ["local", "threads"])
@pytest.mark.parametrize("wrong", WRONG)
def test_wake_that_is_no_later_time_ends_the_run_in_one_line(
    tiny: Scenario, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, wrong: str, way: str, tmp_path: Path
) -> None:
    if way == "local":
        rows = run(tiny).result.folder / "rows.parquet"
        tiny = change_streams(tiny, codec="recorded", model=f"{rows}#car/a", side_information=())
    plan = FusionPlanner.deliver

    def lie(own: FusionPlanner, delivery: object) -> Plan:
        honest = plan(own, delivery)
        return Plan(honest.decisions, honest.feedback, WRONG[wrong](delivery.time_ns))

    monkeypatch.setattr(FusionPlanner, "deliver", lie)
    with pytest.raises(NodeError, match="fusion") as raised:
        run(tiny)
    assert "\n" not in str(raised.value)


@given(st.integers(0, 10**9), st.integers(-(2**70), 2**70))
def test_accepted_wakes_lie_after_now(now_ns: int, wake_ns: int) -> None:
    tiny = _scenario()
    try:
        assert checked_wake(wake_ns, now_ns, tiny) == wake_ns > now_ns
    except NodeError as error:
        assert "fusion at hub" in str(error)  # noqa: PT017 - most integers are refused
        assert not now_ns < wake_ns <= now_ns + 30 * MS


def _scenario() -> Scenario:
    from simnet.records import FusionConfig, WorldConfig

    return Scenario("tiny", "", 1, 1000 * MS, WorldConfig("pictures"), (), (), (), FusionConfig("hub"))
