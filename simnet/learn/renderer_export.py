"""Exports what stands behind a low-resolution backbone: its own weights and graph; the backbone stays in its own model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import torch

from simnet.codec import model
from simnet.codec.learned import graph_export
from simnet.codec.learned.graph_export import Inputs
from simnet.codec.learned.lowres_parts import KNOTS
from simnet.codec.learned.renderer_common import RendererCommon
from simnet.codec.learned.renderer_fusion import RendererFuse
from simnet.learn.lowres_export import halve, stored


@torch.no_grad()
def write(
    folder: Path,
    codec: str,
    network: RendererFuse | RendererCommon,
    backbone: model.Model,
    facts: dict[str, Any],
    card: str,
) -> None:
    """Write the model folder; `facts` (training, measurements, declared coding times) go into the manifest."""
    network = network.cpu().float().eval()
    name = "fuse" if isinstance(network, RendererFuse) else "common"
    weights = {f"{name}.{key}": stored(value) for key, value in network.state_dict().items()}
    made = graph(network, name)
    halve(made, weights)
    behind = {"model": backbone.folder.resolve().name, "digest": backbone.digest}
    graph_export.write(folder, codec, weights, {name: made}, {"backbone": behind, **facts}, card)


def graph(network: RendererFuse | RendererCommon, name: str) -> onnx.ModelProto:
    """The graph that decoding runs; see `renderer_side`."""
    free = {2: "height", 3: "width"}
    shares = (torch.eye(KNOTS)[:1], {})
    if isinstance(network, RendererFuse):
        picture, features = torch.rand(1, 3, 64, 96), torch.rand(1, network.numbers.renderer, 16, 24)
        inputs: Inputs = {
            "decoded": (picture, free),
            "aligned": (torch.rand(2, 3, 64, 96), {0: "sides", **free}),
            "features": (features, free),
            "shares": shares,
        }
        return graph_export.graph(network, f"{name}.", inputs, ("picture", "attention"))
    latent = torch.rand(1, network.din.in_channels // 2, 4, 6)
    inputs = {"latent": (latent, free), "side": (latent, free), "shares": shares}
    return graph_export.graph(network, f"{name}.", inputs)
