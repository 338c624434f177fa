"""Safe reader of the authors' checkpoints: a torch file with `model_state_dict`, weights only, entries checked by name."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from simnet.codec import checkpoint_names
from simnet.codec.published import entries, published_kinds
from simnet.codec.published.published_kinds import PublishedKind
from simnet.codec.published.published_networks import PublishedNetwork
from simnet.errors import ModelError

STATE = "model_state_dict"
CODE = re.compile("GLOBAL|Unsupported (?!operand)")
"""Matches torch's error for a file with more than weights; "Unsupported operand" (a byte invalid in pickles) is excluded."""
SHOWN = 4
"""Number of names that an error lists before it only counts the rest."""


def load(path: Path, kind: str | None = None) -> PublishedNetwork:
    """See `published.load_checkpoint`."""
    state = read(path)
    try:
        return build(state, published_kinds.find(kind) if kind else None)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def read(path: Path) -> dict[str, Tensor]:
    """Read the entries of a checkpoint file by name, on the CPU; ModelError if it is not a checkpoint."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except pickle.UnpicklingError as error:
        if CODE.search(str(error)):
            raise ModelError(f"{path}: holds more than weights, and loading that could run code; refused") from error
        raise ModelError(f"{path}: not a torch file; expected a checkpoint with {STATE}") from error
    except Exception as error:  # torch raises almost any exception for a damaged file
        raise ModelError(f"{path}: not a torch file, or a damaged one; expected a checkpoint with {STATE}") from error
    state = checkpoint_names.weights_in(content)
    if not any(isinstance(value, Tensor) for value in state.values()):
        raise ModelError(f"{path}: no {STATE} in it; expected a checkpoint as the authors of NDIC and ATN publish them")
    return state


def build(state: Mapping[str, Tensor], kind: PublishedKind | None = None) -> PublishedNetwork:
    """Build the network from a checkpoint's entries, in evaluation mode; ModelError names the wrong entries."""
    found = {entries.renamed(name): value for name, value in state.items()}
    for name, value in found.items():
        if not isinstance(value, Tensor) or not value.is_floating_point() or value.layout != torch.strided:
            raise ModelError(
                f"entry {name}: {getattr(value, 'dtype', type(value).__name__)}; expected a dense float tensor"
            )
    shapes = {name: tuple(value.shape) for name, value in found.items()}
    kind = kind or entries.told_kind(shapes)
    numbers = entries.read_numbers(kind, shapes) if "conv1.weight" in shapes else entries.Numbers(1, (1, 4, 16))
    expected = entries.entries(kind, numbers)
    _compare(kind, expected, shapes)
    network = PublishedNetwork(kind, numbers)
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for name, entry in expected.items():
            value = found[name].to(torch.float32)
            if not torch.isfinite(value).all():
                raise ModelError(f"entry {name}: not all of its values are finite numbers")
            value = value.t() if entry.transposed else value
            values = value if len(entry.parameters) > 1 else [value]
            for target, each in zip(entry.parameters, values, strict=True):
                parameters[target].copy_(each)
    return network.eval()


def _compare(kind: PublishedKind, expected: Mapping[str, entries.Entry], shapes: Mapping[str, entries.Shape]) -> None:
    faults = {
        "missing": [name for name in expected if name not in shapes],
        "unknown": [name for name in shapes if name not in expected],
        "misshaped": [
            f"{name} {list(shapes[name])}, expected {list(entry.shape)}"
            for name, entry in expected.items()
            if name in shapes and shapes[name] != entry.shape
        ],
    }
    said = [f"{fault}: {_some(names)}" for fault, names in faults.items() if names]
    if said:
        raise ModelError(f"not a checkpoint of {kind.name} ({'; '.join(said)})")


def _some(names: list[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
