"""Interface of a task: figures of a frame from what the receiver has, and figures of a whole stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.records.task_config import TaskFigure
    from simnet.tasks.camera_view import View


class Task(Protocol):
    """One task, opened once for a run or an evaluation; one thread at a time calls it."""

    needs_partner: bool
    """Whether it cannot be done with one view alone."""

    wants_truth: bool
    """Whether it makes use of what a rendered world knows of a view."""

    @property
    def figures(self) -> Sequence[TaskFigure]:
        """The figures that it gives of a frame."""
        ...

    def measure(self, view: View, other: View | None) -> Mapping[str, float]:
        """Return the frame's figures by key; one that the frame does not give is left out."""
        ...


@runtime_checkable
class PoolingTask(Task, Protocol):
    """A task with figures of all frames together, which are no means over frames."""

    @property
    def pooled_figures(self) -> Sequence[TaskFigure]:
        """The figures of all frames together."""
        ...

    def kept(self, view: View, other: View | None) -> Any:
        """Return what is kept of a frame."""
        ...

    def missed(self, view: View) -> Any:
        """Return what is kept of a frame that is not there in time; the view has the original alone."""
        ...

    def figures_of(self, kept: Any) -> Mapping[str, float]:
        """Return the figures of one frame."""
        ...

    def pool(self, kept: Sequence[Any]) -> Mapping[str, float]:
        """Return the figures of all frames together."""
        ...
