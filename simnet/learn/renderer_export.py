"""Exports what stands behind a low-resolution backbone: its own weights and graph; the backbone stays in its own model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from simnet.codec import model
from simnet.codec.learned import graph_export
from simnet.codec.learned.graph_export import Inputs
from simnet.codec.learned.lowres_parts import KNOTS
from simnet.codec.learned.renderer_common import RendererCommon
from simnet.codec.learned.renderer_fusion import RendererFuse
from simnet.codec.learned.row_matching import GRAPH
from simnet.codec.learned.row_networks import RowMatching
from simnet.learn.lowres_export import halve, stored


@torch.no_grad()
def write(
    folder: Path,
    codec: str,
    network: RendererFuse | RendererCommon,
    backbone: model.Model,
    facts: dict[str, Any],
    card: str,
    rows: RowMatching | None = None,
) -> None:
    """Write the model folder; `facts` (training, measurements, declared coding times) go into the manifest."""
    networks: dict[str, nn.Module] = {"fuse" if isinstance(network, RendererFuse) else "common": network}
    networks |= {} if rows is None else {GRAPH: rows}
    weights, made = {}, {}
    for name, each in networks.items():
        each.cpu().float().eval()
        own = {f"{name}.{key}": stored(value) for key, value in each.state_dict().items()}
        made[name] = graph(each, name)
        halve(made[name], own)
        weights |= own
    behind = {"model": backbone.folder.resolve().name, "digest": backbone.digest}
    graph_export.write(folder, codec, weights, made, {"backbone": behind, **facts}, card)


def graph(network: nn.Module, name: str) -> onnx.ModelProto:
    """The graph that decoding runs of a RendererFuse, RendererCommon or RowMatching; see `renderer_side` and `row_matching`."""
    free = {2: "height", 3: "width"}
    shares = (torch.eye(KNOTS)[:1], {})
    if isinstance(network, RowMatching):
        pictures: Inputs = {each: (torch.rand(1, 3, 64, 96), free) for each in ("decoded", "side")}
        pictures |= {"start": (torch.rand(1, 1, 16, 24), {2: "rows", 3: "columns"}), "shares": shares}
        return graph_export.graph(network, f"{name}.", pictures, ("places",))
    if isinstance(network, RendererFuse):
        picture, features = torch.rand(1, 3, 64, 96), torch.rand(1, network.numbers.renderer, 16, 24)
        inputs: Inputs = {
            "decoded": (picture, free),
            "aligned": (torch.rand(2, 3, 64, 96), {0: "sides", **free}),
            "features": (features, free),
            "shares": shares,
        }
        return graph_export.graph(network, f"{name}.", inputs, ("picture", "attention"))
    assert isinstance(network, RendererCommon)
    latent = torch.rand(1, network.din.in_channels // 2, 4, 6)
    inputs = {"latent": (latent, free), "side": (latent, free), "shares": shares}
    return graph_export.graph(network, f"{name}.", inputs)
