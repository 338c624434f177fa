"""From a trained network to a folder of `models/`: weights, integer tables, graphs, manifest and card."""

from __future__ import annotations

import json
import math
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml
from safetensors.numpy import save_file
from torch import nn

from simnet.codec import context, integers, model, tables
from simnet.codec.bitstream import QUALITY_STEPS
from simnet.codec.networks import Backbone, Common, Fuse
from simnet.codec.tables import LEVELS, Tables

Inputs = dict[str, tuple[torch.Tensor, dict[int, str]]]
"""A graph's inputs: an example and which of its axes are free."""
TAIL = 1e-6
"""Symbols at both ends whose probabilities sum to less than this are left to the coder's escape."""
REACH = 512
OPSET = 17


@torch.no_grad()
def build_tables(network: Backbone) -> Tables:
    """Read integer tables for every level, and gains for every quality step, off the trained density."""
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
    return tables.from_masses(masses, offsets, gain.numpy(), inverse.numpy())


def table_arrays(network: Backbone) -> dict[str, np.ndarray]:
    """The arrays of the network's entropy tables."""
    if network.numbers.groups:
        return context_arrays(network)
    built = build_tables(network)
    return {name: getattr(built, name) for name in ("cdf", "lengths", "offsets", "gain", "inverse")}


@torch.no_grad()
def context_arrays(network: Backbone) -> dict[str, np.ndarray]:
    """The context model in whole numbers, as `context.ContextCoder.read` takes it."""
    steps = torch.arange(QUALITY_STEPS + 1, dtype=torch.float64) / QUALITY_STEPS
    between = network.double().between(steps)
    log_gain, log_inverse = between(network.log_gain)[:, :, 0, 0], between(network.log_inverse)[:, :, 0, 0]
    arrays = {
        "groups": np.array(network.numbers.groups),
        "gain": np.rint(torch.exp(log_gain).numpy() * context.GAIN_ONE),
        "inverse": np.rint(torch.exp(log_inverse).numpy() * context.GAIN_ONE),
        "log_gain": integers.fixed(log_gain.numpy()),
    }
    for number, layers in enumerate(network.context.passes):
        front = f"pass{number}."
        if layers.first is not None:
            arrays[f"{front}first"] = integers.fixed(layers.first.weight.numpy())
        arrays[f"{front}bias"] = integers.fixed(between(layers.bias)[:, :, 0, 0].numpy())
        for name in ("second", "third"):
            layer = getattr(layers, name)
            arrays[front + name] = integers.fixed(layer.weight[:, :, 0, 0].numpy())
            arrays[f"{front}{name}_bias"] = integers.fixed(layer.bias.numpy())
    network.float()
    arrays |= gaussian_tables()
    return {name: value if value.dtype == np.uint16 else value.astype(np.int32) for name, value in arrays.items()}


def gaussian_tables() -> dict[str, np.ndarray]:
    """Integer tables of zero-mean Gaussians, one for each of `context.scales()`."""
    rows, offsets = [], []
    for scale in context.scales():
        reach = max(1, math.ceil(scale * 4.9))
        edges = (torch.arange(-reach, reach + 2, dtype=torch.float64) - 0.5) / (scale * 2**0.5)
        mass = torch.diff(torch.special.erf(edges) / 2).numpy()
        rows.append(tables.quantised(mass))
        offsets.append(-reach)
    return {
        "cdf": np.concatenate([row[:-1] for row in rows]).astype(np.uint16),
        "lengths": np.array([len(row) for row in rows]),
        "offsets": np.array(offsets),
    }


def graph(module: nn.Module, prefix: str, inputs: Inputs, outputs: tuple[str, ...] = ("output",)) -> onnx.ModelProto:
    """Trace `module` to ONNX with free sizes; its initialisers get the names of the state dict, under `prefix`."""
    with warnings.catch_warnings(), tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(tensor for tensor, _ in inputs.values()),
            file.name,
            dynamo=False,
            opset_version=OPSET,
            do_constant_folding=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: axes for name, (_, axes) in inputs.items()},
        )
        proto = onnx.load(file.name)
    state = module.state_dict()
    for node in proto.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = prefix + name if name in state else name
    # The tracer merges equal tensors (untrained zeros); every named weight gets an initialiser of its own again.
    others = [tensor for tensor in proto.graph.initializer if tensor.name not in state]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(others)
    used = {name for node in proto.graph.node for name in node.input}
    for name, value in state.items():
        if prefix + name in used:
            proto.graph.initializer.append(onnx.numpy_helper.from_array(value.contiguous().numpy(), prefix + name))
    return proto


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

    Without a backbone it is a side-information stage for other codecs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"backbone": backbone, "common" if isinstance(decoder, Common) else "fuse": decoder}
    state = {f"{part}.{name}": value for part, net in parts.items() if net for name, value in net.state_dict().items()}
    arrays = {f"tables.{name}": array for name, array in table_arrays(backbone).items()} if backbone else {}
    # Rows first: safetensors writes memory as it lies, and weights may lie channels last.
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file({name: value.contiguous().numpy() for name, value in state.items()} | arrays, folder / model.WEIGHTS)
    (folder / model.WEIGHTS).chmod(0o644)
    made = graphs(backbone, decoder)
    for name, proto in made.items():
        refer_to_weights(proto, folder / model.WEIGHTS)
        (folder / f"{name}.onnx").write_bytes(proto.SerializeToString())
    (folder / "card.md").write_text(card)
    files = [model.WEIGHTS, *(f"{name}.onnx" for name in made)]
    manifest = {
        "version": model.SUPPORTED,
        "codec": codec,
        "graphs": list(made),
        "digests": {name: model.file_digest(folder / name) for name in files},
        **facts,
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False, width=120))


def add_to_manifest(folder: Path, **facts: object) -> None:
    """Put further facts into a written manifest."""
    file = folder / "manifest.yaml"
    manifest = yaml.safe_load(file.read_text()) | facts
    file.write_text(yaml.safe_dump(manifest, sort_keys=False, width=120))


def refer_to_weights(proto: onnx.ModelProto, weights: Path) -> None:
    """Replace each named initialiser's data by its place in the safetensors file, so that nothing is stored twice."""
    places = safetensors_places(weights)
    for tensor in proto.graph.initializer:
        if tensor.name not in places:
            continue
        offset, length = places[tensor.name]
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        del tensor.external_data[:]
        for key, value in (("location", weights.name), ("offset", str(offset)), ("length", str(length))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value


def safetensors_places(file: Path) -> dict[str, tuple[int, int]]:
    """Byte offset and length of every tensor in a safetensors file."""
    with file.open("rb") as content:
        size = int.from_bytes(content.read(8), "little")
        header = json.loads(content.read(size))
    header.pop("__metadata__", None)
    start = 8 + size
    return {name: (start + a, b - a) for name, entry in header.items() for a, b in [entry["data_offsets"]]}
