"""LPIPS (Zhang et al., CVPR 2018): a distance between pictures in the features of a network, from a file of weights.

simnet ships no weights of it. A file is what `torch.save(lpips.LPIPS(net="alex").state_dict(), FILE)` writes, of AlexNet or
VGG16: convolutions `net.slice1.0.weight`, ... and one row of weights a slice, `lin0.model.1.weight`, ...

    picture ──scale──▶ slice1 ──▶ slice2 ──▶ ...      each slice: unit length along channels,
    original ─scale──▶ slice1 ──▶ slice2 ──▶ ...      squared difference, weighted by lin, mean over places; summed
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Score = Callable[[np.ndarray, np.ndarray], float]
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Normalisation of pictures in [-1, 1], as the authors have it."""
ALEX, VGG = "alex", "vgg"
_SLICES = {ALEX: ((0,), (3,), (6,), (8,), (10,)), VGG: ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))}
"""Numbers of the convolutions of each slice, in torchvision's order of layers."""
_FIRST = {11: ALEX, 3: VGG}
"""Network by the side of its first convolution's kernel."""
_LAYER = re.compile(r"(?:net\.)+slice(\d)\.(\d+)\.(weight|bias)")
_ROW = re.compile(r"lin(?:s\.)?(\d)\.model\.1\.weight")
_EPSILON = 1e-10
_LEAST_SIDE = 32


def open_lpips(weights: Path | None) -> Score:
    """Return the distance with the weights of a file; 0 for equal pictures.

    Raises:
        InputError: There is no file, or it is none of LPIPS, or torch is not installed.
    """
    if weights is None:
        raise InputError(
            "metric lpips: simnet ships no weights of it; expected --lpips-weights FILE, as "
            "torch.save(lpips.LPIPS(net='alex').state_dict(), FILE) writes"
        )
    network = _Network(_read(weights), weights)
    return network.distance


def _read(file: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError as error:
        raise InputError("metric lpips needs torch, which is not installed; expected pip install torch") from error
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; expected a file of LPIPS's weights") from error
    except Exception as error:  # torch has a class of errors for each way in which a file is none of its own
        raise InputError(
            f"{file}: no file of weights ({type(error).__name__}); expected what torch.save wrote"
        ) from error
    if not isinstance(found, Mapping):
        raise InputError(f"{file}: holds a {type(found).__name__}; expected the weights of LPIPS by name")
    return found


class _Network:
    """Features and weights of one file."""

    def __init__(self, found: Mapping[str, Any], file: Path) -> None:
        layers: dict[tuple[int, str], Tensor] = {}
        self._rows: dict[int, Tensor] = {}
        for name, value in found.items():
            if layer := _LAYER.fullmatch(str(name)):
                layers[int(layer[2]), layer[3]] = value.float()
            elif row := _ROW.fullmatch(str(name)):
                self._rows[int(row[1])] = value.float()
        first = layers.get((0, "weight"))
        self.kind = _FIRST.get(first.shape[-1], "") if first is not None and first.dim() == 4 else ""
        wanted = [number for own in _SLICES.get(self.kind, ()) for number in own]
        missing = [f"slice {n}.{part}" for n in wanted for part in ("weight", "bias") if (n, part) not in layers]
        missing += [f"lin{n}" for n in range(5) if n not in self._rows]
        if not self.kind or missing:
            what = f"no {missing[0]}" if self.kind else "no first convolution of AlexNet or VGG16"
            raise InputError(f"{file}: {what}; expected the weights of LPIPS of AlexNet or VGG16")
        self._layers, self._file = layers, file
        self._tried()

    def distance(self, picture: np.ndarray, original: np.ndarray) -> float:
        """Return the distance of two uint8 H x W x 3 pictures of at least 32 pixels a side."""
        import torch

        if min(picture.shape[:2]) < _LEAST_SIDE:
            size = f"{picture.shape[1]} x {picture.shape[0]}"
            raise InputError(f"metric lpips: a picture of {size}; expected at least {_LEAST_SIDE} pixels a side")
        with torch.inference_mode():
            own, other = (self._features(_tensor(each)) for each in (picture, original))
            total = 0.0
            for number, (a, b) in enumerate(zip(own, other, strict=True)):
                total += float(torch.nn.functional.conv2d((a - b) ** 2, self._rows[number]).mean())
        return total

    def _features(self, x: Tensor) -> list[Tensor]:
        """Return each slice's features, of unit length along channels."""
        from torch.nn import functional

        found = []
        for number, convolutions in enumerate(_SLICES[self.kind]):
            if number:
                pooled = number < 3 or self.kind == VGG
                x = functional.max_pool2d(x, 3 if self.kind == ALEX else 2, 2) if pooled else x
            for layer in convolutions:
                stride, padding = _steps(self.kind, layer)
                weight, bias = self._layers[layer, "weight"], self._layers[layer, "bias"]
                x = functional.relu(functional.conv2d(x, weight, bias, stride, padding))
            found.append(x / ((x * x).sum(dim=1, keepdim=True).sqrt() + _EPSILON))
        return found

    def _tried(self) -> None:
        """Raise InputError unless the weights' shapes fit each other."""
        try:
            self.distance(*np.zeros((2, 64, 64, 3), np.uint8))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:120]
            raise InputError(f"{self._file}: its weights do not fit each other ({reason})") from error


def _steps(kind: str, layer: int) -> tuple[int, int]:
    """Return stride and padding of a convolution."""
    if kind == ALEX:
        return {0: (4, 2), 3: (1, 2)}.get(layer, (1, 1))
    return 1, 1


def _tensor(picture: np.ndarray) -> Tensor:
    import torch

    x = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
    return (x - torch.tensor(SHIFT)[None, :, None, None]) / torch.tensor(SCALE)[None, :, None, None]
