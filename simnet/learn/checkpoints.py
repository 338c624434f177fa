"""Checkpoints of a training, and the check that a resumed training has the same recipe."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pydantic
import torch

from simnet.errors import InputError
from simnet.learn.recipe import Recipe, differences
from simnet.learn.training_progress import warn
from simnet.output_files import write_whole

CHECKPOINT = "last.pt"


def read(file: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read the state in a checkpoint file; InputError if the file is not a checkpoint."""
    try:
        return torch.load(file, map_location=device, weights_only=True)
    except Exception as error:  # torch raises many types of exception for a damaged file
        raise InputError(f"{file}: not a checkpoint of a training; move it away to start anew") from error


def save(file: Path, state: dict[str, Any]) -> None:
    """Write the state to a checkpoint file, whole or not at all; OutputError if it cannot be written."""
    content = io.BytesIO()  # torch reports a fault of the disk as an error of its own, without a number
    torch.save(state, content)
    write_whole(file, content.getvalue())


def refuse_changes(recipe: Recipe, folder: Path, *, allowed: bool = False) -> None:
    """Check the recipe against that of the earlier session, if there is one; with `allowed`, only report the differences.

    Raises:
        InputError: The recipe differs in a key that may not change.
    """
    file = folder / CHECKPOINT
    if not file.exists():
        return
    try:
        before = Recipe.model_validate_json(read(file)["recipe"])
    except (pydantic.ValidationError, KeyError) as error:
        raise InputError(f"{file}: its recipe is not one of this version; expected another --out") from error
    changed = differences(before, recipe)
    if not changed:
        return
    said = ", ".join(f"{key}: {then} -> {now}" for key, (then, now) in changed.items())
    if not allowed:
        raise InputError(
            f"{folder}: was begun with another recipe ({said}); expected the same one, another --out, or --continue-with-changes"
        )
    warn(f"{folder}: goes on with a changed recipe ({said})")
