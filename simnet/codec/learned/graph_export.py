"""Export of a network to files: graphs that refer to a safetensors file, integer tables of Gaussians, and the model folder.

The module needs torch, so only training and import of networks can use it.
"""

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
from safetensors.numpy import save
from torch import nn

from simnet.codec import model
from simnet.codec.bitstream import entropy_tables
from simnet.output_files import make_folder, write_whole

Inputs = dict[str, tuple[torch.Tensor, dict[int, str]]]
"""Inputs of a graph: an example tensor and the axes of variable size."""
OPSET = 17


def gaussian_tables(scales: np.ndarray) -> dict[str, np.ndarray]:
    """Integer tables of zero-mean Gaussians, one for each standard deviation of `scales`."""
    rows, offsets = [], []
    for scale in scales.tolist():
        reach = max(1, math.ceil(scale * 4.9))
        edges = (torch.arange(-reach, reach + 2, dtype=torch.float64) - 0.5) / (scale * 2**0.5)
        mass = torch.diff(torch.special.erf(edges) / 2).numpy()
        rows.append(entropy_tables.quantised(mass))
        offsets.append(-reach)
    return {
        "cdf": np.concatenate([row[:-1] for row in rows]).astype(np.uint16),
        "lengths": np.array([len(row) for row in rows]),
        "offsets": np.array(offsets),
    }


def graph(module: nn.Module, prefix: str, inputs: Inputs, outputs: tuple[str, ...] = ("output",)) -> onnx.ModelProto:
    """Trace `module` to ONNX with variable sizes; its initialisers get the names of the state dict, under `prefix`."""
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
    # The tracer merges equal tensors (untrained zeros); give every named weight its own initialiser again.
    others = [tensor for tensor in proto.graph.initializer if tensor.name not in state]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(others)
    used = {name for node in proto.graph.node for name in node.input}
    for name, value in state.items():
        if prefix + name in used:
            proto.graph.initializer.append(onnx.numpy_helper.from_array(value.contiguous().numpy(), prefix + name))
    return proto


def write(
    folder: Path,
    codec: str,
    arrays: dict[str, np.ndarray],
    made: dict[str, onnx.ModelProto],
    facts: dict[str, Any],
    card: str,
) -> None:
    """Write a model folder: weights and tables (`arrays`, by name), graphs that read them from there, manifest and card.

    Raises:
        OutputError: The folder cannot be written.
    """
    make_folder(folder)
    # Row-major first: safetensors writes the memory layout unchanged, and weights can be in channels-last layout.
    write_whole(folder / model.WEIGHTS, save({name: np.array(array, order="C") for name, array in arrays.items()}))
    for name, proto in made.items():
        refer_to_weights(proto, folder / model.WEIGHTS)
        write_whole(folder / f"{name}.onnx", proto.SerializeToString())
    write_whole(folder / "card.md", card.encode())
    files = [model.WEIGHTS, *(f"{name}.onnx" for name in made)]
    manifest = {
        "version": model.SUPPORTED,
        "codec": codec,
        "graphs": list(made),
        "digests": {name: model.file_digest(folder / name) for name in files},
        **facts,
    }
    write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a model folder; OutputError if it cannot be written."""
    write_whole(folder / "manifest.yaml", yaml.safe_dump(manifest, sort_keys=False, width=120).encode())


def refer_to_weights(proto: onnx.ModelProto, weights: Path) -> None:
    """Replace each named initialiser's data by its location in the safetensors file, so that nothing is stored twice."""
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
