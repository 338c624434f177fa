"""Exports a trained low-resolution backbone to a folder of `models/`: weights, graphs, integer tables, manifest and card."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from simnet.codec.bitstream import entropy_tables
from simnet.codec.learned import graph_export, lowres_indexes, lowres_layout
from simnet.codec.learned.graph_export import Inputs
from simnet.codec.learned.lowres_networks import ACTIVITY, Lowres
from simnet.codec.learned.lowres_parts import E_FOLDS, KNOTS, PRIORS, SCALE_MIN, TABLES

FRONT = "network."
"""Prefix of the weights' names in the safetensors file."""
IN_TABLES = ("cdf.", "cb.", "a1.", "a2.", "fz.")
"""Parameters that are exported only as integers."""
HALVED = 4096
"""Least number of elements at which a convolution's weight is stored in half precision."""
REACH = 255
"""Larger absolute values of z use the coder's escape symbol."""
TAIL = 1e-6
"""Symbols at both ends whose probabilities sum to less than this use the escape symbol."""


class _Call(nn.Module):
    """Module that wraps a function of the network, for tracing."""

    def __init__(self, network: Lowres, function: Callable[..., Any]) -> None:
        super().__init__()
        self.network, self.function = network, function

    def forward(self, *inputs: Tensor) -> Any:
        """Call the function."""
        return self.function(*inputs)


@torch.no_grad()
def write(folder: Path, codec: str, network: Lowres, facts: dict[str, Any], card: str) -> None:
    """Write the model folder; `facts` (training, measurements, declared coding times) go into the manifest."""
    network = network.cpu().float().eval()
    weights = {
        FRONT + name: stored(value) for name, value in network.state_dict().items() if not name.startswith(IN_TABLES)
    }
    made = graphs(network)
    for proto in made.values():
        halve(proto, weights)
    graph_export.write(folder, codec, weights | tables(network), made, facts, card)


def stored(value: Tensor) -> np.ndarray:
    """A parameter in its stored precision: half for large convolution weights, single for small parameters."""
    whole = value.detach().contiguous().numpy()
    return whole.astype(np.float16) if whole.ndim == 4 and whole.size >= HALVED else whole


def halve(proto: onnx.ModelProto, weights: dict[str, np.ndarray]) -> None:
    """Make a graph read those initialisers in half precision that are stored in half precision."""
    casts = []
    for tensor in proto.graph.initializer:
        value = weights.get(tensor.name)
        if value is None or value.dtype != np.float16:
            continue
        single = f"{tensor.name}.single"
        for node in proto.graph.node:
            for i, name in enumerate(node.input):
                node.input[i] = single if name == tensor.name else name
        casts.append(onnx.helper.make_node("Cast", [tensor.name], [single], to=onnx.TensorProto.FLOAT))
        tensor.CopyFrom(onnx.numpy_helper.from_array(value, tensor.name))
    others = list(proto.graph.node)
    del proto.graph.node[:]
    proto.graph.node.extend([*casts, *others])


def graphs(network: Lowres) -> dict[str, onnx.ModelProto]:
    """The graphs that coding runs; see `lowres_codec`."""
    n, free = network.numbers, {2: "height", 3: "width"}
    shares: Inputs = {"shares": (torch.eye(KNOTS)[:1], {})}
    picture = (torch.rand(1, 3, 64, 96), free)
    z = (torch.rand(1, n.hyper, 1, 2), free)
    features, latent = (torch.rand(1, channels, 4, 6) for channels in (n.context, n.latent))

    def hyper(z_hat: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
        h = network.hyper(z_hat, shares)
        return h, network.mean(0, h, shares)

    def later(number: int) -> Callable[..., Any]:
        def mean(h: Tensor, y_hat: Tensor, shares: Tensor) -> Any:
            context = network.context(number, h, y_hat, shares)
            told = network.mean(number, context, shares)
            return (told, network.correction(context)) if number + 1 == lowres_layout.PASSES else told

        return mean

    inputs: Inputs = {"features": (features, free), "latent": (latent, free)}
    parts: dict[str, tuple[Callable[..., Any], Inputs, tuple[str, ...]]] = {
        "analysis": (network.analysis, {"picture": picture}, ("latent", "z")),
        "hyper": (hyper, {"z": z}, ("features", "mean")),
        "synthesis": (network.synthesis, {"latent": (latent, free)}, ("picture", "features")),
    }
    for number in range(1, lowres_layout.PASSES):
        last = number + 1 == lowres_layout.PASSES
        parts[f"pass{number}"] = (later(number), inputs, ("mean", "correction") if last else ("mean",))
    return {
        name: graph_export.graph(_Call(network, call), "", given | shares, told)
        for name, (call, given, told) in parts.items()
    }


@torch.no_grad()
def tables(network: Lowres) -> dict[str, np.ndarray]:
    """All integer tables, in the format of `lowres_coder.LowresCoder.read`."""
    scales = SCALE_MIN * np.exp(np.arange(TABLES) * E_FOLDS)
    found = {f"latent.{name}": array for name, array in graph_export.gaussian_tables(scales).items()}
    found |= {f"z.{name}": array for name, array in prior_tables(network).items()}
    found |= {f"index.{name}": array for name, array in index_arrays(network).items()}
    return {
        f"tables.{name}": array.astype(np.int32) if array.dtype == np.int64 else array for name, array in found.items()
    }


@torch.no_grad()
def prior_tables(network: Lowres) -> dict[str, np.ndarray]:
    """Integer tables of z for each prior and channel."""
    values = torch.arange(-REACH, REACH + 1, dtype=torch.float64)
    mass = network.double().fz.mass(values.expand(network.numbers.hyper, -1)).numpy()
    network.float()
    rows, offsets = [], []
    for each in mass.reshape(PRIORS * network.numbers.hyper, -1):
        below, above = np.cumsum(each), np.cumsum(each[::-1])
        first = min(int(np.searchsorted(below, TAIL / 2)), REACH)
        last = max(2 * REACH - int(np.searchsorted(above, TAIL / 2)), REACH)
        rows.append(entropy_tables.quantised(each[first : last + 1]))
        offsets.append(first - REACH)
    cdf = np.concatenate([row[:-1] for row in rows]).astype(np.uint16)
    return {"cdf": cdf, "lengths": np.array([len(row) for row in rows]), "offsets": np.array(offsets)}


@torch.no_grad()
def index_arrays(network: Lowres) -> dict[str, np.ndarray]:
    """The index maps in integers, each with the power of two that is its unit; see `lowres_indexes.IndexMaps`."""
    n, one = network.numbers, 2.0**lowres_indexes.FRACTION
    magnitude = one / 2.0**lowres_indexes.MAGNITUDE_FRACTION
    banks = [bank.get_parameter("t").double() for bank in network.cb]
    own, groups = (torch.stack([m.get_parameter("weight").double() for m in part]) for part in (network.a1, network.a2))
    mean = ACTIVITY / (9 * (n.latent // lowres_layout.ACTIVITY_GROUPS))
    real = {
        "hyper": (network.cdf.weight.double()[:, :, 0, 0] * one, np.int16),
        "banks": (torch.stack([banks[0], *(banks[0] + each for each in banks[1:])]) * one, np.int32),
        "own": (own[:, :, 0] * magnitude, np.int32),
        "groups": (groups[..., 0, 0] * magnitude * mean, np.int32),
    }
    found, powers = {}, []
    for name, (value, kind) in real.items():
        largest = max(float(value.abs().max()), 1.0)
        powers.append(max(0, math.ceil(math.log2(largest / np.iinfo(kind).max))))
        found[name] = np.rint(value.detach().numpy() / 2.0 ** powers[-1]).astype(kind)
    return found | {"powers": np.array(powers)}
