"""Tasks by name: simnet's own, and those of other packages, whose figures are checked.

    [project.entry-points."simnet.tasks"]
    sharpness = "my_package.tasks:Sharpness"

A plug-in's entry point names a class; its options are the arguments of the constructor. It has `figures`, a mapping from the key
of each figure to how it is written (`title`, `unit`, `digits`, `higher_is_better`, `missed`: see `TaskFigure`), and
`measure(view, other)`, which returns the frame's figures by key. `needs_partner` and `wants_truth` are false unless it says
otherwise.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from simnet import constructor_options, plugins
from simnet.errors import InputError, PluginError
from simnet.plugins import blamed
from simnet.records.task_config import DONE, TASK_KINDS, TaskFigure
from simnet.serial_imports import imported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.records.task_config import TaskConfig
    from simnet.tasks.camera_view import View
    from simnet.tasks.task import Task

MODULES = {
    "stereo_depth": "simnet.tasks.stereo_depth",
    "matching": "simnet.tasks.matching",
    "detection": "simnet.tasks.detection",
}
"""Module of each of simnet's own kinds, for digests of the code that computes its figures."""
PLUGIN_MODULE = "simnet.tasks.task_registry"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,30}")


def module_of(kind: str) -> str:
    """Return the name of the module that measures a kind of task."""
    return MODULES.get(kind, PLUGIN_MODULE)


def names() -> list[str]:
    """Return the kinds that a scenario can name."""
    return plugins.names(plugins.TASKS, TASK_KINDS)


def open_task(config: TaskConfig) -> Task:
    """Open a task.

    Raises:
        InputError: There is no such kind, its options have a fault, or it lacks a second view.
        PluginError: A plug-in has a fault.
    """
    plugin = plugins.find(plugins.TASKS, config.kind, TASK_KINDS)
    if plugin is not None:
        who = str(plugin)
        task: Task = _checked(plugin.load(), config, who)
    elif config.kind in TASK_KINDS:
        task = _own(config)
    else:
        raise InputError(f"task {config.name}: no kind {config.kind!r}; expected one of: {', '.join(names())}")
    if task.needs_partner and config.partner is None:
        raise InputError(f"task {config.name}: {config.kind} needs a second view; expected with: CAMERA")
    return task


def _own(config: TaskConfig) -> Task:
    module = imported(module_of(config.kind))
    options = config.options
    if config.kind == "matching":
        return module.Matching(**options, has_partner=config.partner is not None)
    if config.kind == "detection":
        return module.Detection(**options)
    return module.StereoDepth(**options)


def _checked(kind: Any, config: TaskConfig, who: str) -> _PluginTask:
    if not inspect.isclass(kind):
        raise PluginError(f"{who}: found {kind!r:.60}; expected a class with figures and measure")
    try:
        options = constructor_options.validated(kind, config.options, who)
    except constructor_options.ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        known = ", ".join(constructor_options.names(kind)) or "none"
        raise InputError(f"task {config.name}: option {name}: {first['msg']}; expected options of: {known}") from error
    with blamed(who, "cannot be made"):
        inner = kind(**options)
    if not callable(getattr(inner, "measure", None)):
        raise PluginError(f"{who}: has no measure; expected measure(view, other)")
    return _PluginTask(inner, who)


class _PluginTask:
    """A task of a plug-in, with its figures checked; errors name it as `who`."""

    def __init__(self, inner: Any, who: str) -> None:
        self._inner, self._who = inner, who
        self.needs_partner = bool(getattr(inner, "needs_partner", False))
        self.wants_truth = bool(getattr(inner, "wants_truth", False))
        self.figures = _figures(getattr(inner, "figures", None), who)
        self._keys = frozenset(figure.key for figure in self.figures)

    def measure(self, view: View, other: View | None) -> Mapping[str, float]:
        """See `Task`."""
        with blamed(self._who, "measuring failed"):
            found = dict(self._inner.measure(view, other))
            made = {key: float(value) for key, value in found.items()}
        for key, value in made.items():
            if key not in self._keys:
                raise PluginError(f"{self._who}: measured {key!r:.40}; expected of {', '.join(sorted(self._keys))}")
            if not math.isfinite(value):
                raise PluginError(f"{self._who}: measured {key} as {value}; expected a finite number")
        return made


def _figures(written: Any, who: str) -> Sequence[TaskFigure]:
    """Return a plug-in's figures; PluginError if they are not written as expected."""
    expected = "expected figures, a mapping such as {'sharp': {'title': 'Sharpness'}}"
    if not isinstance(written, Mapping) or not written:
        raise PluginError(f"{who}: figures are {written!r:.60}; {expected}")
    known = {each.name for each in fields(TaskFigure)} - {"key"}
    made: list[TaskFigure] = []
    for key, words in cast("Mapping[Any, Any]", written).items():
        if not isinstance(key, str) or not _KEY.fullmatch(key) or key == DONE:
            raise PluginError(f"{who}: figure {key!r:.40} cannot be a column; expected small letters, digits and _")
        if not isinstance(words, Mapping) or not set(words) <= known or "title" not in words:
            raise PluginError(
                f"{who}: figure {key} is {words!r:.60}; expected title and any of {', '.join(sorted(known))}"
            )
        made.append(TaskFigure(key, **{str(name): value for name, value in words.items()}))
    return tuple(made)
