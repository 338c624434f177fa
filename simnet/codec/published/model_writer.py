"""Conversion of a checkpoint to a model folder: integer tables, graphs for OpenVINO, manifest and card."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml
from torch import Tensor, nn

from simnet.codec import model
from simnet.codec.learned import graph_export
from simnet.codec.published import (
    authors_checkpoint,
    entries,
    prior_tables,
    published_codec,
)
from simnet.codec.published.published_kinds import PublishedKind
from simnet.codec.published.published_networks import PublishedNetwork
from simnet.errors import BitstreamError, InputError, ModelError
from simnet.records import SideInformation

USUAL_SIZE = (256, 128)
MEASUREMENTS = 3
MILLISECOND_NS = 1_000_000
CARD = """# {kind}

The network that its authors call `{authors}` ({count:,} parameters, {channels} filters), imported from `{file}`.

- **Weights**: the checkpoint's, unchanged; the file's SHA-256 is in `manifest.yaml`.
- **Training data and terms of use**: those of the checkpoint. simnet knows nothing of them but the file.
- **Rate**: fixed. Rate and quality are what the checkpoint was trained for; the quality knob changes nothing.
- **Pictures**: {pictures}.
- **Declared coding times**: measured on the machine that imported it.
"""


def import_checkpoint(
    path: Path, kind: str | None, out: Path | None, size: tuple[int, int] | None = None
) -> model.Model:
    """Convert a checkpoint to a model folder and return the folder; only `atn-paper` uses `size` (width, height).

    Raises:
        ModelError: The file is not a checkpoint, or not of that kind or size.
        InputError: The folder is not empty.
        OutputError: It cannot be written.
    """
    network = authors_checkpoint.load(path, kind)
    if size and not network.kind.attention:
        raise InputError(f"--size: {network.kind.name} takes pictures of any size; expected it with atn-paper alone")
    count = sum(value.numel() for value in learned(network).values())
    numbers: dict[str, Any] = {"channels": network.numbers.channels, "parameters": count}
    if network.kind.attention:
        numbers["size"] = list(tied_size(network, size or USUAL_SIZE))
    folder = _empty(out or Path("imported") / network.kind.name)
    arrays = {f"network.{name}": value.numpy() for name, value in learned(network).items()}
    arrays |= {f"tables.{name}": value for name, value in prior_tables.arrays(network).items()}
    source = {"file": path.name, "sha256": model.file_digest(path), "kind": network.kind.authors}
    facts = {"encode_ns": 0, "decode_ns": 0, "numbers": numbers, "source": source}
    made = graphs(network, tuple(numbers.get("size", USUAL_SIZE)))
    try:
        graph_export.write(folder, network.kind.name, arrays, made, facts, _card(network.kind, path, numbers))
        encode_ns, decode_ns = measured(folder)
        manifest = yaml.safe_load((folder / "manifest.yaml").read_text()) | {
            "encode_ns": encode_ns,
            "decode_ns": decode_ns,
        }
        graph_export.write_manifest(folder, manifest)
    except BaseException:
        # Remove an incomplete model; the folder was new or empty.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return model.load(str(folder))


def tied_size(network: PublishedNetwork, size: tuple[int, int]) -> tuple[int, int]:
    """Check `size` (width, height) against the weights of cross-attention, which fix the number of pixels but not the shape."""
    pixels, stride = entries.area(network.numbers), network.kind.stride
    width, height = size
    if width % stride or height % stride or width * height != pixels:
        raise ModelError(
            f"size {width}x{height}: the weights of its attention are for {pixels} pixels; expected --size with the width and "
            f"height that it was trained for, multiples of {stride} that make {pixels} pixels"
        )
    return size


def learned(network: PublishedNetwork) -> dict[str, Tensor]:
    """Return the network's parameters that come from a checkpoint, by name."""
    named = network.state_dict()
    expected = entries.entries(network.kind, network.numbers).values()
    return {name: named[name] for entry in expected for name in entry.parameters}


class _CheckpointCall(nn.Module):
    """Traceable module that calls one of a network's functions."""

    def __init__(self, network: PublishedNetwork, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.network, self.function = network, function

    def forward(self, *inputs: Tensor) -> Tensor:
        """Call the function."""
        return self.function(*inputs)


@torch.no_grad()
def graphs(network: PublishedNetwork, size: tuple[int, int]) -> dict[str, onnx.ModelProto]:
    """Trace the coding graphs at `size` (width, height); only attention keeps the traced size.

    Side pictures are passed as `features`: the side picture's own latent (for attention), then w.
    """
    kind, n = network.kind, network.numbers.channels
    free = {} if kind.attention else {2: "height", 3: "width"}
    picture = (torch.rand(1, 3, size[1], size[0]), free)
    small = size[1] // kind.latent_stride, size[0] // kind.latent_stride
    latent = (torch.rand(1, n, *small), free)
    features = (torch.rand(1, 2 * n if kind.attention else n, *small), free)

    def side(y: Tensor) -> Tensor:
        return torch.cat(network.side(y), dim=1) if kind.attention else network.analysis["w"](y)

    def synthesis(latent: Tensor, features: Tensor) -> Tensor:
        return network.decode(latent, *(features.chunk(2, dim=1) if kind.attention else (None, features)))

    def hyper(latent: Tensor) -> Tensor:
        return network.hyper_analysis["x"](torch.abs(latent))

    def looks(latent: Tensor, features: Tensor) -> Tensor:
        return network.looks(latent, *features.chunk(2, dim=1))

    both = {"latent": latent, "features": features}
    made: dict[str, tuple[Callable[..., Tensor], graph_export.Inputs]] = {
        "analysis": (network.analysis["x"].forward, {"picture": picture}),
        "alone": (network.decode, {"latent": latent}),
    }
    made |= {"hyper": (hyper, {"latent": latent})} if kind.hyper else {}
    made |= {"side": (side, {"picture": picture}), "synthesis": (synthesis, both)} if kind.side else {}
    made |= {"looks": (looks, both)} if kind.attention else {}
    return {
        name: graph_export.graph(_CheckpointCall(network, call), "", inputs) for name, (call, inputs) in made.items()
    }


def measured(folder: Path) -> tuple[int, int]:
    """Measure encode and decode times of a 256 x 128 picture (or of the model's own size), in whole milliseconds, as ns.

    Raises:
        ModelError, BitstreamError: The weights cannot code a picture: their output is not finite.
    """
    chosen = model.load(str(folder))
    width, height = chosen.manifest["numbers"].get("size", USUAL_SIZE)
    encoder = published_codec.PublishedEncoder(chosen, width, height)
    decoder = published_codec.PublishedDecoder(encoder.announcement, chosen)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x % 256, y % 256, (x + y) % 256], axis=2).astype(np.uint8)
    times: list[tuple[int, int]] = []
    for _ in range(MEASUREMENTS):
        began = time.perf_counter_ns()
        data = encoder.encode(picture, 0.5)
        encoded = time.perf_counter_ns()
        try:
            decoder.decode(data, [SideInformation(picture, "side", 0)])
        except BitstreamError as error:  # from its own encoder, so the weights are wrong
            raise ModelError(f"model {chosen.name}: {error}") from error
        times.append((encoded - began, time.perf_counter_ns() - encoded))
    encode_ns, decode_ns = (int(statistics.median(each)) for each in zip(*times, strict=True))
    return tuple(max(1, round(each / MILLISECOND_NS)) * MILLISECOND_NS for each in (encode_ns, decode_ns))  # type: ignore[return-value]  # two


def _empty(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not empty; expected a new or empty folder for the model")
    return folder


def _card(kind: PublishedKind, path: Path, numbers: dict[str, Any]) -> str:
    pictures = f"any size, padded to multiples of {kind.stride}"
    if kind.attention:
        pictures = "up to {} x {}, padded to that: its attention has weights for that many pixels".format(
            *numbers["size"]
        )
    count, channels = numbers["parameters"], numbers["channels"]
    return CARD.format(
        kind=kind.name, authors=kind.authors, count=count, channels=channels, file=path.name, pictures=pictures
    )
