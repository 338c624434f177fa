"""The models that a foreign announcement may name: shipped ones, and those that the user names.

announced: name or path ──permitted──▶ a shipped folder, or what the user named      never a path or address of the stream's own
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence

from simnet import shipped
from simnet.codec.bitstream.announcements import shown
from simnet.errors import ModelError
from simnet.records import Announcement

FUSE = "+fuse"


def permitted(announcement: Announcement, models: Sequence[str]) -> Announcement:
    """Return the announcement with its models as they lie here.

    A model of the user's own is known by its name, or by its digest: it may lie elsewhere than on the sender's machine.

    Raises:
        ModelError: It names a model that is neither shipped nor in `models`.
    """
    own, fuse, stage = announcement.model.partition(FUSE)
    if own:
        own = _shipped(own) or _named(own, announcement.checkpoint_digest, models)
    if stage:
        stage = _shipped(stage) or _named(stage, None, models)
    return dataclasses.replace(announcement, model=f"{own}{fuse}{stage}")


def _shipped(name: str) -> str | None:
    """Folder of a shipped model: a folder of that name beside the user's files is not meant."""
    folder = shipped.folder("models") / name
    return (
        str(folder) if "/" not in name and not name.startswith(".") and (folder / "manifest.yaml").is_file() else None
    )


def _named(name: str, digest: str | None, models: Sequence[str]) -> str:
    if name in models:
        return name
    for each in models:
        if _is_same(name, digest, each):
            return each
    named = f" or {', '.join(map(shown, models))}" if models else ""
    raise ModelError(
        f"the stream asks for model {shown(name)}; expected a shipped one{named} (name it with --model if it is yours)"
    )


def _is_same(name: str, digest: str | None, chosen: str) -> bool:
    """Whether the user's model is the one that is asked for: by digest, by its codec (a stage), or by its place in the zoo."""
    # Reading models pulls in what codes with them.
    models = importlib.import_module("simnet.codec.model")
    if not models.is_model(chosen):
        return name.split(":")[:2] == chosen.split(":")[:2] and ":" in name
    model = models.load(chosen)
    return model.codec == "fuse" if digest is None else model.digest == digest
