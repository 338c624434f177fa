"""Exports a trained network to a folder of `models/`: weights, integer tables, graphs, manifest and card."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
import yaml

from simnet.codec.bitstream import entropy_tables, fixed_point
from simnet.codec.bitstream.entropy_tables import LEVELS, EntropyTables
from simnet.codec.bitstream.framing import QUALITY_STEPS
from simnet.codec.learned import context_coder, graph_export
from simnet.codec.learned.backbone_networks import Backbone, Common, Fuse
from simnet.codec.learned.context_networks import Pass
from simnet.codec.learned.graph_export import Inputs, graph

TAIL = 1e-6
"""Symbols at both ends whose probabilities sum to less than this use the coder's escape symbol."""
REACH = 512


@torch.no_grad()
def build_tables(network: Backbone) -> EntropyTables:
    """Compute integer tables for every level, and gains for every quality step, from the trained density."""
    network = network.eval().double()
    steps = torch.arange(QUALITY_STEPS + 1, dtype=torch.float64) / QUALITY_STEPS
    gain, inverse = (table[:, :, 0, 0] for table in network.gain(steps))
    masses: list[list[np.ndarray]] = []
    offsets = np.zeros((LEVELS, gain.shape[1]), dtype=np.int32)
    for level in range(LEVELS):
        step = round(level * QUALITY_STEPS / (LEVELS - 1))
        edges = torch.arange(-REACH, REACH + 2, dtype=torch.float64) - 0.5
        values = edges[None, None, :] / gain[step][:, None, None]
        cumulative = torch.sigmoid(network.cumulative(values))[:, 0].numpy()
        rows = []
        for channel, cdf in enumerate(cumulative):
            first = min(max(0, int(np.searchsorted(cdf, TAIL / 2)) - 1), REACH)
            last = max(min(2 * REACH, int(np.searchsorted(cdf, 1 - TAIL / 2))), REACH)
            rows.append(np.diff(cdf[first : last + 2]))
            offsets[level, channel] = first - REACH
        masses.append(rows)
    network.float()
    return entropy_tables.from_masses(masses, offsets, gain.numpy(), inverse.numpy())


def table_arrays(network: Backbone) -> dict[str, np.ndarray]:
    """The arrays of the network's entropy tables."""
    if network.numbers.groups:
        return context_arrays(network)
    built = build_tables(network)
    return {name: getattr(built, name) for name in ("cdf", "lengths", "offsets", "gain", "inverse")}


@torch.no_grad()
def context_arrays(network: Backbone) -> dict[str, np.ndarray]:
    """The context model in integers, in the format of `context.ContextCoder.read`."""
    steps = torch.arange(QUALITY_STEPS + 1, dtype=torch.float64) / QUALITY_STEPS
    between = network.double().between(steps)
    log_gain, log_inverse = between(network.log_gain)[:, :, 0, 0], between(network.log_inverse)[:, :, 0, 0]
    arrays = {
        "groups": np.array(network.numbers.groups),
        "gain": np.rint(torch.exp(log_gain).numpy() * context_coder.GAIN_ONE),
        "inverse": np.rint(torch.exp(log_inverse).numpy() * context_coder.GAIN_ONE),
        "log_gain": fixed_point.fixed(log_gain.numpy()),
    }
    for number, layers in enumerate(cast("Iterable[Pass]", network.context.passes)):
        front = f"pass{number}."
        if layers.first is not None:
            arrays[f"{front}first"] = fixed_point.fixed(layers.first.weight.numpy())
        arrays[f"{front}bias"] = fixed_point.fixed(between(layers.bias)[:, :, 0, 0].numpy())
        for name in ("second", "third"):
            layer = getattr(layers, name)
            arrays[front + name] = fixed_point.fixed(layer.weight[:, :, 0, 0].numpy())
            arrays[f"{front}{name}_bias"] = fixed_point.fixed(layer.bias.numpy())
    network.float()
    arrays |= graph_export.gaussian_tables(context_coder.scales())
    return {name: value if value.dtype == np.uint16 else value.astype(np.int32) for name, value in arrays.items()}


def graphs(backbone: Backbone | None, decoder: Fuse | Common | None) -> dict[str, onnx.ModelProto]:
    """The graphs that coding needs."""
    free, made = {2: "height", 3: "width"}, {}
    picture = torch.rand(1, 3, 64, 96)
    if backbone is not None:
        latent = torch.rand(1, backbone.numbers.latent, 4, 6)
        made["analysis"] = graph(backbone.g_a, "backbone.g_a.", {"picture": (picture, free)})
        made["synthesis"] = graph(backbone.g_s, "backbone.g_s.", {"latent": (latent, free)})
        if isinstance(decoder, Common):
            made["common"] = graph(decoder, "common.", {"latent": (latent, free), "side": (picture, free)})
    if isinstance(decoder, Fuse):
        inputs: Inputs = {"decoded": (picture, free), "aligned": (torch.rand(2, 3, 64, 96), {0: "sides", **free})}
        made["fuse"] = graph(decoder, "fuse.", inputs, ("picture", "attention"))
    return made


def write(
    folder: Path, codec: str, backbone: Backbone | None, decoder: Fuse | Common | None, facts: dict[str, Any], card: str
) -> None:
    """Write a model folder; `facts` (training, measurements, declared coding times) go into the manifest.

    Without a backbone the model is a side-information stage for other codecs.
    """
    parts = {"backbone": backbone, "common" if isinstance(decoder, Common) else "fuse": decoder}
    state = {f"{part}.{name}": value for part, net in parts.items() if net for name, value in net.state_dict().items()}
    arrays = {f"tables.{name}": array for name, array in table_arrays(backbone).items()} if backbone else {}
    state = {name: value.numpy() for name, value in state.items()}
    graph_export.write(folder, codec, state | arrays, graphs(backbone, decoder), facts, card)


def add_to_manifest(folder: Path, **facts: object) -> None:
    """Add facts to a written manifest."""
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text()) | facts
    graph_export.write_manifest(folder, manifest)
