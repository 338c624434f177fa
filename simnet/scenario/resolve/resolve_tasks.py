"""Resolver of tasks: the streams that each is done for, its second view, and its options."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from simnet.records.task_config import PREVIOUS, TASK_KINDS, TaskConfig
from simnet.scenario.resolve import file_lookup
from simnet.scenario.schema.task_schema import FILES, OPTIONS, SHIPPED_DETECTOR
from simnet.suggestions import near

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.records import NodeConfig, StreamConfig
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.scenario_schema import ScenarioSpec
    from simnet.scenario.schema.task_schema import TaskSpec

NEEDS_PARTNER = ("stereo_depth",)
ALONE = ("detection",)


def resolve(
    document: ScenarioSpec,
    nodes: tuple[NodeConfig, ...],
    streams: tuple[StreamConfig, ...],
    problems: Problems,
    file: Path,
) -> tuple[TaskConfig, ...]:
    """Return the tasks in the order of the file; faults are added to `problems`."""
    sensors = [camera.name for node in nodes if node.name == document.fusion.at for camera in node.cameras]
    names = [stream.name for stream in streams]
    return tuple(_task(name, spec, names, sensors, problems, file) for name, spec in document.tasks.items())


def _task(
    name: str, spec: TaskSpec, streams: list[str], sensors: list[str], problems: Problems, file: Path
) -> TaskConfig:
    path = ("tasks", name)
    kind = spec.kind or name
    if spec.kind is None and kind not in TASK_KINDS:
        known = ", ".join(TASK_KINDS)
        problems.at_key(path, f"{name} is no kind of task, and kind is missing; expected kind: one of {known}")
    if kind in NEEDS_PARTNER and spec.partner is None:
        problems.at_key(path, f"{kind} needs a second view; expected with: CAMERA", (*path, "with"))
    if kind in ALONE and spec.partner is not None:
        problems.at_value((*path, "with"), f"{kind} takes no second view; expected none")
    known = [*streams, *sensors, PREVIOUS]
    if spec.partner is not None and spec.partner not in known:
        text = f"no stream or camera of the fusion node {spec.partner!r}{near(spec.partner, known)}"
        problems.at_value((*path, "with"), f"{text}; expected one of: {', '.join(known)}")
    own = _streams(spec, (*path, "streams"), streams, problems)
    own = tuple(each for each in own if each != spec.partner)
    if not own and spec.partner in streams:
        problems.at_value((*path, "with"), f"{spec.partner} is its only stream; expected another view, or {PREVIOUS}")
    options = _options(spec, kind, path, problems)
    for key in FILES:
        if key in options and options[key] != SHIPPED_DETECTOR:
            options[key] = _file(options[key], (*path, key), problems, file)
    return TaskConfig(name, kind, own, spec.partner, spec.every, json.dumps(options, sort_keys=True) if options else "")


def _streams(spec: TaskSpec, path: tuple[str, ...], streams: list[str], problems: Problems) -> tuple[str, ...]:
    patterns = [spec.streams] if isinstance(spec.streams, str) else spec.streams
    for pattern in patterns:
        if not any(fnmatchcase(each, pattern) for each in streams):
            text = f"no stream {pattern!r}{near(pattern, streams)}; expected of: {', '.join(streams)}"
            problems.at_value(path, text)
    return tuple(each for each in streams if any(fnmatchcase(each, pattern) for pattern in patterns))


def _file(written: str, path: tuple[str, ...], problems: Problems, file: Path) -> str:
    """Return the absolute path of a file that a task names."""
    found = file_lookup.find(written, file, problems.locations.of_value(path))
    if found is None:
        what = "a detector's ONNX file" if path[-1] == "detector" else "a file of boxes in COCO's form"
        problems.at_value(path, f"no file {written!r}; expected {what}")
    return str(found or written)


def _options(spec: TaskSpec, kind: str, path: tuple[str, ...], problems: Problems) -> dict[str, Any]:
    """Return the options of the kind; keys of other kinds are faults."""
    own = OPTIONS.get(kind, ())
    for other, keys in OPTIONS.items():
        for key in keys:
            if key not in own and getattr(spec, key) is not None:
                problems.at_key((*path, key), f"a key of {other}; expected for {kind}: {', '.join(own) or 'options'}")
    if spec.options and kind in TASK_KINDS:
        problems.at_value((*path, "options"), f"{kind} takes none; expected a task of another package")
    given = {key: getattr(spec, key) for key in own}
    return dict(spec.options) | {key: value for key, value in given.items() if value is not None}
