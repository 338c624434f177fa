"""A training in several sittings: the checkpoint that one leaves for the next, and whether the two have one recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydantic
import torch

from simnet.errors import InputError
from simnet.learn.recipe import Recipe, differences
from simnet.learn.training_progress import warn

CHECKPOINT = "last.pt"


def read(file: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The state in a checkpoint file; InputError if it is none."""
    try:
        return torch.load(file, map_location=device, weights_only=True)
    except Exception as error:  # torch raises nearly anything for a damaged file
        raise InputError(f"{file}: not a checkpoint of a training; move it away to start anew") from error


def refuse_changes(recipe: Recipe, folder: Path, *, allowed: bool = False) -> None:
    """See that the recipe is that of the sitting before, if there was one; with `allowed`, only say what differs.

    Raises:
        InputError: It differs in more than what may.
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
