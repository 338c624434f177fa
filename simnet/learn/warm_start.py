"""Warm start from an earlier model, whose latent may have fewer channels and whose quality range may be narrower."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from simnet.codec import model
from simnet.codec.learned.backbone_networks import Backbone
from simnet.learn.recipe import Recipe


@torch.no_grad()
def start_backbone(network: Backbone, recipe: Recipe, pictures: Tensor) -> None:
    """Load into `network` the weights of the model that the recipe names as `start`.

    The earlier model's latent channels are sorted by their energy on `pictures` (B, 3, H, W), largest first. Gains are read at
    equal lambda and extrapolated beyond the earlier range with the slope at its end.
    """
    from safetensors import safe_open

    earlier = model.load(recipe.start or "")
    with safe_open(earlier.folder / model.WEIGHTS, framework="pt") as file:
        state = {
            name.removeprefix("backbone."): file.get_tensor(name)
            for name in file.keys()  # noqa: SIM118  # not a mapping
            if name.startswith("backbone.")
        }
    first, last = (
        [name for name, value in state.items() if name.startswith("g_a.") and value.ndim == 4][-1],
        "g_s.0.weight",
    )
    for name, value in network.state_dict().items():
        if name in state and value.shape == state[name].shape:
            value.copy_(state[name])
    count = state[first].shape[0]
    bias = first.replace("weight", "bias")
    for row, name in ((0, first), (0, bias), (1, last)):
        place = network.state_dict()[name]
        place.narrow(row, 0, count).copy_(state[name])
        if row == 0:
            place.narrow(row, count, place.shape[row] - count).mul_(0.3)
    energy = network.g_a(pictures).var(dim=(0, 2, 3))
    order = torch.cat([energy[:count].argsort(descending=True), torch.arange(count, len(energy))])
    network.state_dict()[first].copy_(network.state_dict()[first][order])
    network.state_dict()[bias].copy_(network.state_dict()[bias][order])
    network.state_dict()[last].copy_(network.state_dict()[last][:, order])
    for name, table in (("log_gain", network.log_gain), ("log_inverse", network.log_inverse)):
        table[:, :count] = regrid(state[name], earlier.manifest["recipe"], recipe, len(table))
        table[:, count:] = table[:, :count].mean(dim=1, keepdim=True)
        table.copy_(table[:, order])


def regrid(table: Tensor, earlier: dict[str, Any], recipe: Recipe, count: int) -> Tensor:
    """Resample a table (gains, C) from the earlier recipe's lambdas at `count` lambdas of the new recipe."""
    low, high = math.log(earlier["lambda_low"]), math.log(earlier["lambda_high"])
    new = torch.linspace(math.log(recipe.lambda_low), math.log(recipe.lambda_high), count)
    place = (new - low) / (high - low) * (len(table) - 1)
    base = place.floor().long().clamp(0, len(table) - 2)
    share = (place - base)[:, None]
    return table[base] * (1 - share) + table[base + 1] * share
