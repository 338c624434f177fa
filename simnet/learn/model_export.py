"""Exports a trained network to a folder of `models/`: weights, integer tables, graphs, manifest and card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml

from simnet.codec.bitstream import entropy_tables
from simnet.codec.bitstream.entropy_tables import LEVELS, EntropyTables
from simnet.codec.bitstream.framing import QUALITY_STEPS
from simnet.codec.learned import graph_export
from simnet.codec.learned.backbone_networks import Backbone
from simnet.codec.learned.fuse_networks import Fuse
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
    built = build_tables(network)
    return {name: getattr(built, name) for name in ("cdf", "lengths", "offsets", "gain", "inverse")}


def graphs(network: Backbone | Fuse) -> dict[str, onnx.ModelProto]:
    """The graphs that coding needs."""
    free = {2: "height", 3: "width"}
    picture = torch.rand(1, 3, 64, 96)
    if isinstance(network, Fuse):
        inputs: Inputs = {"decoded": (picture, free), "aligned": (torch.rand(2, 3, 64, 96), {0: "sides", **free})}
        return {"fuse": graph(network, "fuse.", inputs, ("picture", "attention"))}
    latent = torch.rand(1, network.numbers.latent, 4, 6)
    return {
        "analysis": graph(network.g_a, "backbone.g_a.", {"picture": (picture, free)}),
        "synthesis": graph(network.g_s, "backbone.g_s.", {"latent": (latent, free)}),
    }


def write(folder: Path, codec: str, network: Backbone | Fuse, facts: dict[str, Any], card: str) -> None:
    """Write a model folder; `facts` (training, measurements, declared coding times) go into the manifest.

    A fusion network is a side-information stage for other codecs.
    """
    front = "fuse" if isinstance(network, Fuse) else "backbone"
    state = {f"{front}.{name}": value.numpy() for name, value in network.state_dict().items()}
    if isinstance(network, Backbone):
        state |= {f"tables.{name}": array for name, array in table_arrays(network).items()}
    graph_export.write(folder, codec, state, graphs(network), facts, card)


def add_to_manifest(folder: Path, **facts: object) -> None:
    """Add facts to a written manifest."""
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text()) | facts
    graph_export.write_manifest(folder, manifest)
