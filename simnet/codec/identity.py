"""Digests of everything except frames that a codec's bytes and pictures depend on: checkpoint, code and libraries.

No encoder is opened to compute them: models provide their digests, packages their versions.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import codec_names, source_digest
from simnet.codec import recorded_sizes, registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simnet.codec.model import Model

REFERRING = ("simnet.codec.video.video_codec",)
"""Families whose frames can refer to earlier frames."""
WITHOUT_MODELS = ("simnet.codec.still.pillow_codecs", "simnet.codec.video.video_codec", "simnet.codec.still.hevc_intra")
_ZOO = "simnet.codec.compressai.compressai_models"
LIBRARIES = {_ZOO: ("compressai",)}
"""Packages of families whose imports `source_digest` does not detect: see `bitstream.entropy_library`."""


def codec_identity(name: str, model: str | None = None) -> str:
    """Return a hexadecimal digest of codec `name`'s checkpoint and libraries, including those of a `+fuse` stage.

    Raises:
        ModelError: The codec or model does not exist.
        InputError: The recorded rows do not exist.
    """
    return _digest(plain_identity(name, model), *_stage(name, model))


def plain_identity(name: str, model: str | None = None) -> str:
    """Return the identity of the bitstream of codec `name`: the identity of the codec without its `+fuse` stage."""
    if name == recorded_sizes.NAME:
        return _digest(name, recorded_sizes.opened(model or "").digest)
    own, _ = registry.parted(name, model)
    plain = name.removesuffix(registry.FUSE)
    code = source_digest.digest(*registry.modules_of(plain))
    if (plugin := registry.plugin_of(name)) is not None:
        options = plain.removeprefix(codec_names.bare(plain))
        own_parts = registry.plugin_family(name, own).identity(own)
        return _digest(f"{plugin.name}{options}", plugin.identity(), *own_parts, code)
    family = registry.family_of(name)
    registry.check_options(name)
    checkpoint = _zoo_checkpoint(own) if family == _ZOO else _checkpoint(codec_names.bare(plain), own)
    return _digest(
        plain, family, *checkpoint, code, *(source_digest.version(name) for name in LIBRARIES.get(family, ()))
    )


def refers(name: str, model: str | None = None) -> bool:
    """Return whether frames of a codec can refer to earlier frames."""
    if registry.plugin_of(name) is not None:
        return registry.plugin_family(name, registry.parted(name, model)[0]).refers
    return registry.family_of(name) in REFERRING


def _stage(name: str, model: str | None) -> Iterable[str]:
    if name == recorded_sizes.NAME or not (stage := registry.parted(name, model)[1]):
        return ()
    from simnet.codec import model as models

    return *_said(models.load(stage)), source_digest.digest(registry.STAGE_MODULE)


def _checkpoint(plain: str, name: str | None) -> Iterable[str]:
    """Return the identifiers of a codec's model folder; nothing for codecs without models."""
    from simnet.codec import model as models

    if name is None and plain not in models.names():
        # A family without models needs no name; a family that needs one raises its own error.
        if registry.family_of(plain) not in WITHOUT_MODELS:
            registry.declared_times(plain)
        return ()
    chosen = models.load(name or plain)
    if chosen.codec != plain:
        registry.declared_times(plain, name)
    return _said(chosen)


def _said(model: Model) -> tuple[str, str]:
    """Return a model's digest and the manifest's numbers, which the digest does not cover."""
    return model.digest, json.dumps(model.manifest.get("numbers"), sort_keys=True, default=str)


def _zoo_checkpoint(spec: str | None) -> tuple[str, str]:
    """Return a zoo model's name and the digest of its file; the zoo's own weights are checked on download."""
    from simnet.codec import model as models

    registry.declared_times("compressai", spec)
    _, _, file = importlib.import_module(_ZOO).split(spec)
    return str(spec), "" if file is None else models.file_digest(Path(file))


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
