"""Frames that tasks are due for, and their second views."""

from simnet.nodes.schedule import Schedule
from simnet.records.task_config import TaskConfig
from simnet.tasks.task_schedule import DueFrame, due_frames

SCHEDULES = {"car/a": Schedule(0, 100, 500), "van/b": Schedule(30, 200, 500)}


def due(**task: object) -> list[DueFrame]:
    return list(due_frames(TaskConfig("t", "matching", ("car/a",), **task), SCHEDULES))  # pyright: ignore[reportArgumentType]


def test_each_so_many_th_frame_is_due() -> None:
    assert due(every=2) == [DueFrame(("car/a", number), None) for number in (0, 2, 4)]


def test_first_frame_has_no_previous_one() -> None:
    assert due(partner="previous", every=2) == [DueFrame(("car/a", n), ("car/a", n - 1)) for n in (2, 4)]


def test_second_view_is_the_nearest_in_time() -> None:
    assert [each.partner for each in due(partner="van/b")] == [("van/b", n) for n in (0, 0, 1, 1, 2)]


def test_frame_too_far_from_any_second_view_is_not_due() -> None:
    schedules = {"car/a": Schedule(0, 100, 500), "van/b": Schedule(0, 20, 150)}
    task = TaskConfig("t", "matching", ("car/a",), "van/b")
    assert [each.frame[1] for each in due_frames(task, schedules)] == [0, 1]
