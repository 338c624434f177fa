"""Measuring of tasks in a thread of its own, from the pictures of a run as they come.

    clock ── decided: late or lost ──▶ ┐
    scorer ── scored: a picture ─────▶ ┴─▶ queue ─▶ thread: due frames whose views are all known ─▶ Task ─▶ ledger

A frame waits for its second view, which another stream may bring later. A picture is let go of once no frame needs it any more.
"""

from __future__ import annotations

from queue import Full, Queue
from typing import TYPE_CHECKING, Any

from simnet.engine.results.watched_ledger import RunWatcher
from simnet.engine.timing.backlog import backlog
from simnet.nodes.schedule import Schedule
from simnet.records.task_config import DONE
from simnet.row_statistics import DIGITS
from simnet.service_thread import ServiceThread
from simnet.tasks import task_registry
from simnet.tasks.camera_view import View
from simnet.tasks.task import PoolingTask
from simnet.tasks.task_schedule import due_frames
from simnet.tracks import poses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.scorer import Frame as Original
    from simnet.records import Scenario
    from simnet.records.grants import Decision
    from simnet.records.score import ScoredPicture
    from simnet.records.task_config import TaskConfig, TaskFigure
    from simnet.records.view_truth import ViewTruth
    from simnet.tasks.task import Task
    from simnet.tasks.task_schedule import DueFrame, Frame

    Truth = Callable[[str, int], ViewTruth | None]

RENDERED = "rendered"
"""Kind of world that knows the cameras' true poses."""


class TaskMeasuring(RunWatcher):
    """Measures a run's tasks, and tells the ledger each frame's figures."""

    def __init__(self, scenario: Scenario, original: Original, truth: Truth, ledger: Ledger) -> None:
        """Open the tasks; `original` returns what a camera sees, `truth` what a rendered world knows of that.

        Raises:
            InputError: A task has a fault.
            PluginError: A plug-in has a fault.
        """
        self._scenario, self._original, self._truth, self._ledger = scenario, original, truth, ledger
        self._tasks = [(config, task_registry.open_task(config)) for config in scenario.tasks]
        self._streams = {stream.name for stream in scenario.streams}
        schedules = {name: Schedule.of(camera, scenario.duration_ns) for name, camera in scenario.cameras.items()}
        self._schedules = schedules
        self._due: dict[Frame, list[tuple[TaskConfig, Task, DueFrame]]] = {}
        """Frames that are due, by each frame that they need."""
        self._uses: dict[Frame, int] = {}
        for config, task in self._tasks:
            for due in due_frames(config, schedules):
                for frame in _coded(due, self._streams):
                    self._due.setdefault(frame, []).append((config, task, due))
                    self._uses[frame] = self._uses.get(frame, 0) + 1
        self._known: dict[Frame, View | None] = {}
        self._taken: set[Frame] = set()
        self._kept: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        """What tasks that pool frames keep, by task and stream, each with the frame's number."""
        self._queue: Queue[tuple[Frame, View | None, Mapping[Frame, View]] | None] = Queue(backlog(scenario))
        self._thread = ServiceThread("tasks", self._run)

    @property
    def figures(self) -> dict[str, TaskFigure]:
        """How the figures are written, by `task.figure`."""
        return {
            f"{config.name}.{own.key}": own
            for config, task in self._tasks
            for own in (*(task.pooled_figures if isinstance(task, PoolingTask) else ()), *task.figures)
        }

    def pooled(self) -> dict[str, dict[str, float]]:
        """Return the figures of all frames of a stream together, by stream, once everything is measured."""
        made: dict[str, dict[str, float]] = {}
        for config, task in self._tasks:
            if not isinstance(task, PoolingTask):
                continue
            for stream in config.streams:
                # In order of the frames: they come as streams wait for each other.
                own = [kept for _, kept in sorted(self._kept.get((config.name, stream), ()), key=lambda pair: pair[0])]
                for key, value in (task.pool(own) if own else {}).items():
                    made.setdefault(stream, {})[f"{config.name}.{key}"] = round(value, DIGITS)
        return made

    def decided(self, ledger: Ledger, decision: Decision) -> None:
        """See `RunWatcher`: a frame that is not there in time counts as none."""
        del ledger
        if not decision.outcome.in_time:
            self._put((decision.stream, decision.sequence), None)

    def node_lost(self, ledger: Ledger, stream: str, sequence: int) -> None:
        """See `RunWatcher`."""
        del ledger
        self._put((stream, sequence), None)

    def scored(self, picture: ScoredPicture) -> None:
        """See `RunWatcher`: a picture, which may have come late."""
        frame = (picture.stream, picture.sequence)
        if frame in self._due:
            self._put(frame, self._view(frame, picture.capture_ns, picture.decoded, picture.original))

    def finish(self) -> None:
        """Wait until everything is measured."""
        self._queue_up(None)
        while self._thread.is_alive:
            self._thread.join(0.2)
        self._thread.check()

    def _put(self, frame: Frame, view: View | None) -> None:
        if frame not in self._due:
            return
        # Frames are fetched here: the threads that decide and score may ask for them, that of tasks may not.
        if view is None:
            pools = any(isinstance(task, PoolingTask) and due.frame == frame for _, task, due in self._due[frame])
            sensed = {frame: self._sensor(frame)} if pools else {}
        else:
            sensed = {each: self._sensor(each) for each in self._sensors_of(frame)}
        self._queue_up((frame, view, sensed))

    def _queue_up(self, item: tuple[Frame, View | None, Mapping[Frame, View]] | None) -> None:
        while True:
            self._thread.check()
            try:
                return self._queue.put(item, timeout=0.5)
            except Full:
                continue

    def _sensors_of(self, frame: Frame) -> set[Frame]:
        return {
            due.partner
            for _, _, due in self._due[frame]
            if due.partner is not None and due.partner[0] not in self._streams
        }

    def _sensor(self, frame: Frame) -> View:
        name, sequence = frame
        capture_ns = self._schedules[name].capture_ns(sequence)
        picture = self._original(name, capture_ns)
        return self._view(frame, capture_ns, picture, picture)

    def _view(self, frame: Frame, capture_ns: int, decoded: np.ndarray, original: np.ndarray) -> View:
        camera = self._scenario.cameras[frame[0]]
        is_true = self._scenario.world.kind == RENDERED
        shown_ns = capture_ns - camera.clock_ns
        pose = poses.camera_pose(camera, shown_ns) if is_true else None
        wants = any(task.wants_truth and due.frame == frame for _, task, due in self._due.get(frame, ()))
        truth = self._truth(camera.name, capture_ns) if wants else None
        return View(camera.name, decoded, original, capture_ns, camera.field_of_view_deg, pose, truth, frame[1])

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            frame, view, sensed = item
            if frame in self._taken:
                continue  # late: it has counted as none already
            self._taken.add(frame)
            self._known[frame] = view
            for config, task, due in self._due[frame]:
                if all(each in self._known for each in _coded(due, self._streams)):
                    self._measure(config, task, due, sensed)

    def _measure(self, config: TaskConfig, task: Task, due: DueFrame, sensed: Mapping[Frame, View]) -> None:
        view = self._known[due.frame]
        other = None if due.partner is None else self._known.get(due.partner) or sensed.get(due.partner)
        is_missed = view is None or (due.partner is not None and other is None)
        if isinstance(task, PoolingTask):
            kept = task.missed(view or sensed[due.frame]) if view is None or is_missed else task.kept(view, other)
            self._kept.setdefault((config.name, due.frame[0]), []).append((due.frame[1], kept))
            figures = dict(task.figures_of(kept))
        elif view is None or is_missed:
            figures = {figure.key: figure.missed for figure in task.figures if figure.missed is not None}
        else:
            figures = dict(task.measure(view, other))
        named = {f"{config.name}.{key}": round(value, 9) for key, value in sorted(figures.items())}
        done = view is not None and (due.partner is None or other is not None)
        self._ledger.measured(*due.frame, {f"{config.name}.{DONE}": float(done), **named})
        for frame in _coded(due, self._streams):
            self._uses[frame] -= 1
            if not self._uses[frame]:
                del self._known[frame]


def _coded(due: DueFrame, streams: set[str]) -> list[Frame]:
    """Return the frames that a due frame needs and that a stream brings."""
    partner = [due.partner] if due.partner is not None and due.partner[0] in streams else []
    return [due.frame, *partner]
