"""Capture times, against counting them one by one."""

from hypothesis import given
from hypothesis import strategies as st

from simnet.nodes.schedule import Schedule

times = st.integers(0, 500)


@given(phase=st.integers(0, 50), period=st.integers(1, 60), end=times, time=times, reach=st.integers(0, 120))
def test_schedule_counts_frames_and_finds_the_nearest(phase: int, period: int, end: int, time: int, reach: int) -> None:
    schedule = Schedule(phase, period, end)
    captures = list(range(phase, end, period))
    assert schedule.count == len(captures)
    assert [schedule.capture_ns(sequence) for sequence in range(schedule.count)] == captures
    near = [schedule.capture_ns(sequence) for sequence in schedule.near(time, reach)]
    assert sorted(near) == [capture for capture in captures if abs(capture - time) <= reach]
    assert near == sorted(near, key=lambda capture: (abs(capture - time), capture))
