"""The low-resolution backbone of a model folder, frozen, for the training of what stands behind it."""

from __future__ import annotations

from pathlib import Path

from simnet.codec import model
from simnet.codec.learned.lowres_networks import Lowres, LowresNumbers
from simnet.errors import InputError
from simnet.learn.lowres_export import FRONT, IN_TABLES
from simnet.learn.recipe import Recipe


def of(recipe: Recipe, exported: Path | None = None) -> tuple[model.Model, Lowres]:
    """The model that a recipe names as backbone, and its networks.

    Its tables stay out: decoding without a bitstream needs none.

    Raises:
        InputError: The recipe names none, it is no low-resolution backbone, or it will not be found from `exported`, the folder
            to export to: it is neither shipped nor beside that.
    """
    if recipe.backbone is None:
        raise InputError(f"{recipe.model}: backbone: missing; expected the model of a low-resolution backbone")
    chosen = model.load(recipe.backbone)
    if "lowres" not in chosen.manifest.get("numbers", {}):
        raise InputError(f"model {recipe.backbone}: is for codec {chosen.codec}; expected a model of stage lowres")
    if exported and chosen.name not in model.names() and chosen.folder.resolve().parent != exported.resolve().parent:
        raise InputError(
            f"{recipe.backbone}: would not be found from {exported}; expected a shipped backbone, or one in "
            f"{exported.parent}"
        )
    return chosen, networks(chosen)


def networks(chosen: model.Model) -> Lowres:
    """The networks of a model of codec `lowres`, frozen."""
    from safetensors import safe_open

    network = Lowres(LowresNumbers(**chosen.manifest["numbers"]["lowres"]))
    with safe_open(chosen.folder / model.WEIGHTS, framework="pt") as file:
        state = {
            key.removeprefix(FRONT): file.get_tensor(key).float()
            for key in file.keys()  # noqa: SIM118  # not a mapping
            if key.startswith(FRONT)
        }
    missing = network.load_state_dict(state, strict=False).missing_keys
    if lost := [key for key in missing if not key.startswith(IN_TABLES)]:
        raise InputError(f"model {chosen.name}: has no weights {lost[0]}; expected the whole backbone")
    return network.eval().requires_grad_(requires_grad=False)
