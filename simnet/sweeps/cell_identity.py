"""A cell's name: a digest of everything that its rows depend on, so that what has a name need never be run again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import plugins, world
from simnet.nodes import plugin_rate
from simnet.version import __version__

if TYPE_CHECKING:
    from simnet.records import Scenario

_ROOMS = ("records", "world", "codec", "net", "nodes", "engine", "tracks")
_FILES = ("traces.py", "quality.py", "pixels.py", "seeds.py")
"""What rows depend on; scenario files are resolved before, and pages come after."""


def cell(scenario: Scenario) -> str:
    """Return the name of a resolved scenario's cell, 16 hexadecimal digits.

    In it: the scenario (but for what it is called, where its file is, and how long hosts are waited for), each codec's
    checkpoint, the recorded pictures and rows that it reads, what other packages bring to it, and simnet's version and code.

    Raises:
        ModelError: A codec or model that there is not.
        InputError: Files of the scenario that cannot be read.
    """
    from simnet.codec.identity import codec_identity

    plain = asdict(scenario)
    for name in ("name", "purpose", "path", "node_loss"):
        del plain[name]
    said = {
        "scenario": plain,
        "codecs": [codec_identity(stream.codec, stream.model) for stream in scenario.streams],
        "world": _world(scenario),
        "brought": _brought(scenario),
        "version": __version__,
        "code": code(),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def code() -> str:
    """Return a digest of the source that rows depend on."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    files = [file for room in _ROOMS for file in sorted((root / room).rglob("*.py"))]
    for file in (*files, *(root / name for name in _FILES)):
        digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _brought(scenario: Scenario) -> list[str]:
    """Return the digests of the world and the rate controls that other packages bring; codecs have their own."""
    asked = {(plugins.WORLDS, scenario.world.kind), *((plugins.RATES, stream.rate.kind) for stream in scenario.streams)}
    own = {plugins.WORLDS: world.KINDS, plugins.RATES: plugin_rate.BUILT_IN}
    found = [plugins.find(group, name, own[group]) for group, name in sorted(asked)]
    return [plugin.identity() for plugin in found if plugin is not None]


def _world(scenario: Scenario) -> list[tuple[str, int, int]]:
    """Return name, size and time of every recorded file that the scenario's cameras may see."""
    roots = {scenario.world.path, *(camera.source for camera in scenario.cameras.values())} - {None}
    if scenario.world.kind == "rendered":
        return []
    found = []
    for root in sorted(Path(str(each)) for each in roots):
        files = [root] if root.is_file() else sorted(file for file in root.rglob("*") if file.is_file())
        for file in files:
            status = file.stat()
            found.append((str(file.relative_to(root)), status.st_size, status.st_mtime_ns))
    return found
