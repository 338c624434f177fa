"""Which frames a task is due for, and with which frame of the second view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.records.task_config import PREVIOUS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simnet.nodes.schedule import Schedule
    from simnet.records.task_config import TaskConfig

Frame = tuple[str, int]
"""Camera and number of a frame."""


@dataclass(frozen=True, slots=True)
class DueFrame:
    """A frame that a task is due for; `partner` is the frame of its second view, None without one."""

    frame: Frame
    partner: Frame | None


def due_frames(task: TaskConfig, schedules: Mapping[str, Schedule]) -> Iterator[DueFrame]:
    """Yield the frames that a task is due for; `schedules` has every camera.

    The second view is that captured nearest to the frame, at most half its camera's period away. A frame without one, such as
    the first before which there is no previous one, is not due.
    """
    for stream in task.streams:
        own = schedules[stream]
        for sequence in range(0, own.count, task.every):
            if task.partner is None:
                yield DueFrame((stream, sequence), None)
            elif task.partner == PREVIOUS:
                if sequence:
                    yield DueFrame((stream, sequence), (stream, sequence - 1))
            else:
                other = schedules[task.partner]
                near = other.near(own.capture_ns(sequence), other.period_ns // 2)
                if near:
                    yield DueFrame((stream, sequence), (task.partner, near[0]))
