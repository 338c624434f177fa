"""Names of cells: a digest of everything that the rows depend on, so that an existing cell is not run again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import code_files, codec_names, compute_device, plugins, source_digest, world
from simnet.codec import identity, recorded_sizes, registry
from simnet.errors import InputError, PictureError
from simnet.file_digest import file_digest
from simnet.nodes import plugin_rate
from simnet.records.task_config import TASK_KINDS
from simnet.tasks import detector_file, task_registry
from simnet.version import __version__

if TYPE_CHECKING:
    from simnet.records import LinkConfig, NodeConfig, Scenario, StreamConfig, TaskConfig, WorldConfig

ROOTS = (
    "simnet.engine.preflight",
    "simnet.engine.kernel",
    "simnet.engine.local",
    "simnet.engine.cached",
    "simnet.engine.results.ledger",
    "simnet.engine.results.event_digest",
    "simnet.engine.results.scorer",
)
"""Modules and packages that compute rows. Their imports are included; modules that a scenario names are added."""
TASK_MEASURING = "simnet.engine.results.task_measuring"
"""Module that computes the columns of tasks, in a scenario that has any."""


class CellNames:
    """Names the cells of one sweep; a data set that several cells read is hashed once."""

    def __init__(self) -> None:
        self._worlds: dict[tuple[object, ...], list[tuple[str, str]]] = {}

    def name(self, scenario: Scenario) -> str:
        """Return the name of a resolved scenario's cell, 16 hexadecimal digits.

        It depends on the scenario (except its name, its purpose, the paths of its files, and the wait for hosts), on the content
        of the files that it reads, on each codec's checkpoint, on plug-ins, on the device that codecs compute on, and on simnet's
        version and code.

        Raises:
            ModelError: A codec or model does not exist.
            InputError: Recorded rows cannot be read, or the world is unknown.
        """
        kept = asdict(_without_places(scenario))
        for name in ("name", "purpose", "path", "node_loss"):
            del kept[name]
        if not kept["tasks"]:
            del kept["tasks"]  # a run without tasks keeps its name
        parts = {
            "scenario": kept,
            "codecs": [identity.codec_identity(stream.codec, stream.model) for stream in scenario.streams],
            "pictures": self._pictures(scenario),
            "plugins": _plugins(scenario),
            "version": __version__,
            "code": source_digest.digest(*roots(scenario)),
        }
        if (device := compute_device.chosen()) != compute_device.CPU:
            parts["device"] = [device, source_digest.digest(*compute_device.modules())]
        if scenario.tasks:
            parts["task files"] = [" ".join(_task_files(task)) for task in scenario.tasks]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def _pictures(self, scenario: Scenario) -> list[tuple[str, str]]:
        """Return the name and the content digest of every file that the scenario's cameras show."""
        known = scenario.world, scenario.duration_ns, *sorted(scenario.cameras.items())
        if known not in self._worlds:
            try:
                found = world.files(scenario.world, scenario.cameras, scenario.duration_ns)
                self._worlds[known] = [(name, file_digest(file)) for name, file in found]
            except (InputError, PictureError) as error:  # only the cell itself must fail with this error
                self._worlds[known] = [("", str(error))]
        return self._worlds[known]


def roots(scenario: Scenario) -> tuple[str, ...]:
    """Return the modules that compute a scenario's rows, without those that they import."""
    codecs = {module for stream in scenario.streams for module in registry.modules_of(stream.codec)}
    tasks = {TASK_MEASURING, *(task_registry.module_of(task.kind) for task in scenario.tasks)} if scenario.tasks else ()
    return *ROOTS, *sorted({*codecs, *tasks, world.module_of(scenario.world.kind)})


def _plugins(scenario: Scenario) -> list[str]:
    """Return the digests of plug-in worlds, rate controls and tasks; codecs have their own digests."""
    named = {(plugins.WORLDS, scenario.world.kind), *((plugins.RATES, stream.rate.kind) for stream in scenario.streams)}
    named |= {(plugins.TASKS, task.kind) for task in scenario.tasks}
    own = {plugins.WORLDS: world.KINDS, plugins.RATES: plugin_rate.BUILT_IN, plugins.TASKS: TASK_KINDS}
    found = [plugins.find(group, name, own[group]) for group, name in sorted(named)]
    return [plugin.identity() for plugin in found if plugin is not None]


def _task_files(task: TaskConfig) -> list[str]:
    """Return the digests of the files that a task reads; one that is missing is told when the cell runs."""
    options = task.options
    files = [Path(options["truth"])] if "truth" in options else []
    if task.kind == "detection":
        detector = detector_file.find(options.get("detector", detector_file.SHIPPED))
        files += [detector, detector.with_suffix(".yaml")]
    return [file_digest(file) if file.is_file() else "" for file in files]


def _without_places(scenario: Scenario) -> Scenario:
    """Return the scenario without the paths of files whose content is part of the name."""
    return replace(
        scenario,
        world=_without_place(scenario.world),
        nodes=tuple(_without_sources(node, scenario.world) for node in scenario.nodes),
        links=tuple(_without_trace(link) for link in scenario.links),
        streams=tuple(_without_rows(stream) for stream in scenario.streams),
        tasks=tuple(_without_files(task) for task in scenario.tasks),
    )


def _without_place(config: WorldConfig) -> WorldConfig:
    # The path stays for a plug-in, which may use it in any way.
    return replace(config, path=None) if config.kind in world.RECORDED else config


def _without_sources(node: NodeConfig, config: WorldConfig) -> NodeConfig:
    if config.kind != "pictures":
        return node
    return replace(node, cameras=tuple(replace(camera, source=None) for camera in node.cameras))


def _without_trace(link: LinkConfig) -> LinkConfig:
    return link if link.trace is None else replace(link, trace=replace(link.trace, path=""))


def _without_files(task: TaskConfig) -> TaskConfig:
    if task.kind not in TASK_KINDS:
        return task
    kept = {key: value for key, value in task.options.items() if key not in {"detector", "truth"}}
    return replace(task, options_json=json.dumps(kept, sort_keys=True))


def _without_rows(stream: StreamConfig) -> StreamConfig:
    if code_files.parse(codec_names.bare(stream.codec)) is not None:
        # The codec's identity has the digests of both files.
        return replace(stream, codec=codec_names.shown(stream.codec), model=None)
    if stream.codec != recorded_sizes.NAME or stream.model is None:
        return stream
    _, separator, pattern = stream.model.partition(recorded_sizes.SEPARATOR)
    return replace(stream, model=separator + pattern)
