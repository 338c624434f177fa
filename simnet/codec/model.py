"""Model folders of `models/`: each holds all files of a learned codec, verified by digest.

manifest.yaml        codec and network parameters, training, digests, measured rate and quality, declared coding times
weights.safetensors  weights and entropy tables
*.onnx               graphs; they read their weights from weights.safetensors, so no weight is stored twice
card.md              training data and permitted use
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from simnet import shipped
from simnet.codec import manifest as manifests
from simnet.codec import replaced
from simnet.codec.bitstream import announcements, stored_tables
from simnet.codec.bitstream.entropy_tables import EntropyTables
from simnet.codec.learned.lowres_coder import LowresCoder
from simnet.errors import ModelError
from simnet.suggestions import near

WEIGHTS = manifests.WEIGHTS
SUPPORTED = manifests.SUPPORTED


@dataclass(frozen=True, eq=False)
class Model:
    """Verified model folder; `name` is the requested name: a shipped model's name, or a path."""

    name: str
    folder: Path
    manifest: dict[str, Any]
    digest: str
    """Digest of weights and graphs together, its backbone's included."""
    backbone: Model | None = None
    """Model whose encoder and first decoding this one uses; None: its own."""

    @property
    def coding(self) -> Model:
        """The model that encodes: the backbone, or this one."""
        return self.backbone or self

    @property
    def codec(self) -> str:
        """The codec that uses this model: `atn`, `factorized`."""
        return self.manifest["codec"]

    @property
    def times(self) -> tuple[int, int]:
        """Declared virtual coding times of a 256 x 128 frame: encode, decode (ns)."""
        return self.manifest["encode_ns"], self.manifest["decode_ns"]


def names() -> list[str]:
    """Names of all shipped models."""
    return shipped.models()


def is_model(name: str) -> bool:
    """Whether a model folder of this name exists, shipped or not."""
    return name in names() or is_folder(name)


def is_folder(name: str) -> bool:
    """Whether a path is that of a model folder."""
    try:
        return (Path(name) / manifests.NAME).is_file()
    except (OSError, ValueError):  # too long, or no path
        return False


def refuse(codec: str, name: str | None) -> None:
    """Raise ModelError if a model is named for a codec that has no models."""
    if name is not None:
        raise ModelError(f"codec {codec} has no models; found model {name}")


def load(name: str) -> Model:
    """Read a model's manifest and check every file's digest; ModelError names the wrong file.

    The result is cached until the manifest changes, because a model can be retrained while a script or worker is running.
    """
    announcements.check_name("model", name)
    folder = _folder(name)
    try:
        about = (folder / manifests.NAME).stat()
    except OSError as error:
        replaced.refuse("model", name)
        known = ", ".join(names()) or "none shipped"
        raise ModelError(
            f"{name}: unknown model{near(name, names())}; expected one of {known}, or a model folder"
        ) from error
    loaded = _load(name, folder, (about.st_ino, about.st_size, about.st_mtime_ns))
    if loaded.backbone and load(loaded.backbone.name).digest != loaded.backbone.digest:
        raise ModelError(
            f"model {name}: its backbone {loaded.backbone.name} changed; expected to be read anew: start again"
        )
    return loaded


def load_for(codec: str, name: str | None) -> Model:
    """Load the named model, or the one that has the codec's name; ModelError if it is for another codec."""
    chosen = load(name or codec)
    if chosen.codec != codec:
        raise ModelError(f"model {chosen.name} is for codec {chosen.codec}; expected {shipped.expected_for(codec)}")
    return chosen


def _folder(name: str) -> Path:
    """Folder of a model, which may not exist: the path itself, or a shipped model's."""
    if is_folder(name):
        return Path(name)
    try:
        return shipped.folder("models") / name if name in names() else Path(name)
    except FileNotFoundError as error:
        raise ModelError(f"{name}: {error}") from error


@lru_cache(maxsize=16)
def _load(name: str, folder: Path, _stamp: tuple[int, ...]) -> Model:
    """Read the model in a folder; `_stamp` identifies the version of its manifest and is part of the cache key."""
    manifest = manifests.read(folder)
    for part, expected in manifest["digests"].items():
        found = file_digest(manifests.inside(folder, part))
        if found != expected:
            raise ModelError(f"{folder / part}: digest {found[:16]}; the manifest says {expected[:16]}")
    return Model(name, folder, manifest, whole_digest(manifest), _backbone(folder, manifest))


def _backbone(folder: Path, manifest: dict[str, Any]) -> Model | None:
    """The backbone that a manifest names: a folder beside this one, else a shipped model."""
    named = manifest.get("backbone")
    if named is None:
        return None
    beside = folder.parent / named["model"]
    if not is_folder(str(beside)) and named["model"] not in names():
        raise ModelError(f"{folder}: its backbone {beside} is no model folder; expected it there, or a shipped model")
    name = str(beside) if is_folder(str(beside)) else named["model"]
    if manifests.read(_folder(name)).get("backbone"):
        raise ModelError(f"{folder}: its backbone {name} has a backbone itself; expected one that encodes")
    found = load(name)
    if found.digest != named["digest"]:
        raise ModelError(
            f"{folder}: trained behind backbone {named['model']} of digest {named['digest']}; found {found.digest} in "
            f"{found.folder}"
        )
    return found


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; the model is incomplete") from error


def whole_digest(manifest: dict[str, Any]) -> str:
    """Digest of a model's codec, graphs and files, 16 hexadecimal digits."""
    files = [f"{name}={digest}" for name, digest in sorted(manifest["digests"].items())]
    if manifest.get("backbone"):
        files.append(f"backbone={manifest['backbone']['digest']}")
    return hashlib.sha256("\n".join([manifest["codec"], *manifest["graphs"], *files]).encode()).hexdigest()[:16]


@lru_cache(maxsize=16)
def tables(model: Model) -> EntropyTables | LowresCoder:
    """Integer entropy tables of the model: of a factorised prior, or of the backbone at 1/16."""
    with stored_tables.reading(model.coding.folder / WEIGHTS) as (get, names):
        kind = LowresCoder if "tables.index.powers" in names else EntropyTables
        return kind.read(get, names)
