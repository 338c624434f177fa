"""Manifests of model folders: reading and checking of `manifest.yaml`, and of the names of a folder's files.

Nothing in a manifest names a file outside its folder, and nothing in it takes more time or memory than its size.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from simnet.codec.bitstream.announcements import shown
from simnet.errors import ModelError

NAME = "manifest.yaml"
WEIGHTS = "weights.safetensors"
SUPPORTED = 1
"""Supported version of the manifest format."""
LARGEST_BYTES = 1 << 18
MOST_VALUES = 20_000
DEEPEST = 32
MOST_FILES = 64
LONGEST_TIME_NS = 1 << 50
"""Longest declared coding time: thirteen days."""
LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's reader, ten times as fast, where PyYAML was built with it."""
_GRAPH = re.compile(r"[A-Za-z0-9_]{1,40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WHOLE_DIGEST = re.compile(r"[0-9a-f]{16}")


def read(folder: Path) -> dict[str, Any]:
    """Return the manifest in a model folder, checked; the digests of its files are not computed.

    Raises:
        ModelError: The message names the file and what is wrong in it.
    """
    file = folder / NAME
    try:
        manifest = _parsed(inside(folder, NAME).read_bytes())
        check(manifest)
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error
    except (yaml.YAMLError, ValueError, OSError, RecursionError, OverflowError, TypeError, KeyError) as error:
        raise ModelError(f"{file}: not a model's manifest ({type(error).__name__})") from error
    return manifest


def check(manifest: object) -> None:
    """Raise ModelError unless a manifest has all that loading a model relies on."""
    if not isinstance(manifest, dict):
        raise ModelError("not a model's manifest; expected a map")
    if manifest.get("version") != SUPPORTED:
        raise ModelError(f"version {shown(str(manifest.get('version')))}; expected {SUPPORTED}")
    codec, graphs, digests = (manifest.get(key) for key in ("codec", "graphs", "digests"))
    if not isinstance(codec, str) or not codec.isprintable() or not 0 < len(codec) <= 100:
        raise ModelError(f"not a model's manifest: codec {shown(str(codec))}; expected a codec's name")
    if not isinstance(graphs, list) or not all(isinstance(each, str) and _GRAPH.fullmatch(each) for each in graphs):
        raise ModelError("graphs: expected a list of names of letters, digits and underscores")
    if not isinstance(digests, dict) or len(digests) > MOST_FILES:
        raise ModelError(f"digests: expected a map of up to {MOST_FILES} files")
    for name, digest in digests.items():
        if not isinstance(name, str) or not is_plain(name):
            raise ModelError(f"digests: {shown(str(name))}; expected a plain file name in the model's folder")
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ModelError(f"digests: {name} has {shown(str(digest))}; expected 64 hexadecimal digits")
    if missing := {WEIGHTS, *(f"{graph}.onnx" for graph in graphs)} - set(digests):
        raise ModelError(f"no digest of {', '.join(sorted(missing))}; expected one of every file")
    for key in ("encode_ns", "decode_ns"):
        if type(manifest.get(key)) is not int or not 0 <= manifest[key] <= LONGEST_TIME_NS:
            raise ModelError(f"{key} {shown(str(manifest.get(key)))}; expected nanoseconds from 0 to {LONGEST_TIME_NS}")
    if not isinstance(manifest.get("numbers", {}), dict):
        raise ModelError("numbers: expected a map")
    _check_backbone(manifest.get("backbone"))


def _check_backbone(backbone: object) -> None:
    """Raise ModelError unless it is None, or names a model beside this one, or a shipped one, and its digest."""
    if backbone is None:
        return
    if not isinstance(backbone, dict) or backbone.keys() != {"model", "digest"}:
        raise ModelError(f"backbone: {shown(str(backbone))}; expected a map of model and digest")
    name, digest = backbone["model"], backbone["digest"]
    if not isinstance(name, str) or not is_plain(name):
        raise ModelError(f"backbone: model {shown(str(name))}; expected the plain name of a folder beside this one")
    if not isinstance(digest, str) or not _WHOLE_DIGEST.fullmatch(digest):
        raise ModelError(f"backbone: digest {shown(str(digest))}; expected 16 hexadecimal digits")


def is_plain(name: str) -> bool:
    """Whether a text is a plain file name: of this folder, and printable."""
    return bool(name) and name.isprintable() and len(name) <= 200 and not name.startswith(".") and "/" not in name


def inside(folder: Path, name: str) -> Path:
    """Return the path of a regular file in `folder`; ModelError if a link leads out of it, or it is no regular file."""
    path = folder / name
    if not path.exists():
        raise ModelError(f"{path}: no such file; the model is incomplete")
    if path.resolve().parent != folder.resolve():
        raise ModelError(f"{path}: a link to {path.resolve()}; expected a file in the model's folder")
    if not path.is_file():
        raise ModelError(f"{path}: not a regular file")
    return path


def _parsed(text: bytes) -> Any:
    """Parse YAML; ModelError if it is deep, or if its aliases and merges make more of it than it holds."""
    if len(text) > LARGEST_BYTES:
        raise ModelError(f"{len(text)} bytes; expected up to {LARGEST_BYTES}")
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=LOADER)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<":
            raise ModelError("a merge key (<<); expected none in a manifest")
        if depth > DEEPEST or count > MOST_VALUES:
            raise ModelError(f"more than {DEEPEST} levels or {MOST_VALUES} values")
    data = yaml.load(text, LOADER)
    _count(data, DEEPEST, [MOST_VALUES])
    return data


def _count(value: Any, levels: int, left: list[int]) -> None:
    left[0] -= 1
    if levels < 0 or left[0] < 0:
        raise ModelError(f"more than {DEEPEST} levels or {MOST_VALUES} values; expected few aliases")
    items = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        _count(item, levels - 1, left)
