"""Tasks in an evaluation: what can still be done with each decoded picture beside its side picture.

Figures that every picture has are compared as metrics are, by BD-rates; errors, which a failed picture has not, and figures of
all pictures together are points of curves alone.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simnet.errors import InputError
from simnet.learn.evaluation.picture_metrics import PictureMetric
from simnet.records.task_config import TaskConfig, TaskFigure
from simnet.tasks import task_registry
from simnet.tasks.camera_view import View
from simnet.tasks.task import PoolingTask, Task


class EvaluationTasks:
    """The tasks of one evaluation; every thread has its own."""

    def __init__(self, kinds: Sequence[str] = (), detector: Path | None = None, truth: Path | None = None) -> None:
        """Open the tasks once, so that a fault is told at once.

        Raises:
            InputError: There is no such task, or a file has a fault.
        """
        self._configs = [_config(kind, detector, truth) for kind in kinds]
        if len(set(kinds)) < len(kinds):
            raise InputError(f"--tasks {','.join(kinds)}: names a task twice")
        if (detector or truth) and "detection" not in kinds:
            raise InputError("--detector and --truth: no task of detection; expected --tasks detection too")
        self._threads = threading.local()
        self._first = self._opened()

    @property
    def compared(self) -> list[PictureMetric]:
        """The figures that every picture has."""
        return [_metric(name, own) for name, task in self._first for own in task.figures if own.missed is not None]

    def described(
        self, compared: Sequence[Mapping[str, Any]], points: Mapping[str, Sequence[Mapping[str, float]]]
    ) -> list[dict[str, Any]]:
        """Return all metrics in words: those `compared`, with the task that each is of, and the other figures in `points`."""
        tasks = {_key(name, own.key): name for name, task in self._first for own in task.figures}
        made = [dict(each) | ({"task": tasks[each["key"]]} if each["key"] in tasks else {}) for each in compared]
        pooled = [(name, own) for name, task in self._first for own in _pooled_figures(task)]
        single = [(name, own) for name, task in self._first for own in task.figures if own.missed is None]
        others = [_metric(name, own).plain() | {"compared": False} for name, own in (*pooled, *single)]
        given = {
            key for own in points.values() for point in own for key, value in point.items() if not math.isnan(value)
        }
        return made + [each for each in others if each["key"] in given]

    def measure(
        self, decoded: np.ndarray, original: np.ndarray, side: np.ndarray, name: str, coded: str
    ) -> tuple[dict[str, float], dict[str, tuple[PoolingTask, Any]]]:
        """Return a decoded picture's figures, NaN where it has none, and what is kept of it for all pictures together."""
        own = View(coded, decoded, original, name=name)
        other = View("side", side, side)
        figures: dict[str, float] = {}
        kept: dict[str, tuple[PoolingTask, Any]] = {}
        for kind, task in self._opened():
            views = _ordered(own, other, coded) if kind == "stereo_depth" else (own, other)
            if isinstance(task, PoolingTask):
                kept[kind] = task, task.kept(*views)
                found = task.figures_of(kept[kind][1])
            else:
                found = task.measure(*views)
            for figure in task.figures:
                default = math.nan if figure.missed is None else figure.missed
                figures[_key(kind, figure.key)] = found.get(figure.key, default)
        return figures, kept

    def _opened(self) -> list[tuple[str, Task]]:
        if not hasattr(self._threads, "tasks"):
            self._threads.tasks = [(config.name, task_registry.open_task(config)) for config in self._configs]
        return self._threads.tasks


def pooled(kept: Sequence[Mapping[str, tuple[PoolingTask, Any]]]) -> dict[str, float]:
    """Return the figures of all pictures together."""
    made: dict[str, float] = {}
    for kind, (task, _) in kept[0].items() if kept else ():
        found = task.pool([own[kind][1] for own in kept])
        made |= {_key(kind, key): value for key, value in found.items()}
    return made


def _config(kind: str, detector: Path | None, truth: Path | None) -> TaskConfig:
    if kind not in task_registry.names():
        raise InputError(f"--tasks {kind or 'an empty name'}: unknown; expected of {', '.join(task_registry.names())}")
    options: dict[str, Any] = {"matching": {"geometry": "homography"}}.get(kind, {})
    if kind == "detection":
        options = {key: str(path) for key, path in (("detector", detector), ("truth", truth)) if path is not None}
    partner = None if kind == "detection" else "side"
    return TaskConfig(kind, kind, (), partner, 1, json.dumps(options, sort_keys=True) if options else "")


def _pooled_figures(task: Task) -> Sequence[TaskFigure]:
    return task.pooled_figures if isinstance(task, PoolingTask) else ()


def _ordered(own: View, other: View, coded: str) -> tuple[View, View]:
    """Return the left and the right view."""
    return (other, own) if coded == "right" else (own, other)


def _key(kind: str, figure: str) -> str:
    return f"{kind.replace('-', '_').lower()}_{figure}"


def _metric(kind: str, own: TaskFigure) -> PictureMetric:
    title = f"{kind}: {own.title.lower()}"
    return PictureMetric(
        _key(kind, own.key), title, own.unit, own.digits, own.higher_is_better, lambda _a, _b: math.nan
    )
