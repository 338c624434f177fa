"""Network of the small detector: a few convolutions down to a sixteenth, back up to a quarter, a score and a box for each cell.

    picture ─ 1/2 ─ 1/4 ──────────────────────────▶ + ─▶ head: score, distances to the box's four sides
                     └─ 1/8 ──────────▶ + ─ up ─────┘
                         └─ 1/16 ─ up ──┘

After CenterNet (Zhou et al. 2019) and FCOS (Tian et al. 2019): no anchors, one class.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 4
"""Pixels of a cell."""
PRIOR = -4.0
"""Score of a cell at first: cars are rare."""


class _Block(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = _convolution(channels, channels), _convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return x, refined: N x C x H x W."""
        return x + self.second(self.first(x))


class CarDetector(nn.Module):
    """Detector of one class; `widths` are the channels at 1/2, 1/4, 1/8 and 1/16."""

    def __init__(self, widths: tuple[int, int, int, int] = (16, 24, 48, 64)) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = widths
        self.stem = _convolution(3, half, stride=2)
        self.quarter = _convolution(half, quarter, stride=2)
        self.eighth = nn.Sequential(_convolution(quarter, eighth, stride=2), _Block(eighth))
        self.sixteenth = nn.Sequential(_convolution(eighth, sixteenth, stride=2), _Block(sixteenth))
        self.up_eighth, self.up_quarter = nn.Conv2d(sixteenth, eighth, 1), nn.Conv2d(eighth, quarter, 1)
        self.join_eighth, self.join_quarter = _convolution(eighth, eighth), _convolution(quarter, quarter + 8)
        self.head = nn.Conv2d(quarter + 8, 5, 1)
        nn.init.constant_(self.head.bias[:1], PRIOR)  # pyright: ignore[reportOptionalSubscript]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores N x H/4 x W/4 before the sigmoid, and distances N x 4 x H/4 x W/4 in pixels: left, top, right, bottom."""
        quarter = self.quarter(self.stem(pictures))
        eighth = self.eighth(quarter)
        eighth = self.join_eighth(eighth + _doubled(self.up_eighth(self.sixteenth(eighth))))
        found = self.head(self.join_quarter(quarter + _doubled(self.up_quarter(eighth))))
        return found[:, 0], torch.exp(found[:, 1:].clamp(-4, 5)) * STRIDE


class WholeDetector(nn.Module):
    """The detector as it is exported: N x 5 x cells, each with middle, width and height in pixels, and score."""

    def __init__(self, network: CarDetector, width: int, height: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("middles", middles(width, height))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the boxes of pictures N x 3 x H x W."""
        scores, sides = self.network(pictures)
        left, top, right, bottom = sides.flatten(2).unbind(1)
        x, y = self.middles[0].flatten(), self.middles[1].flatten()  # pyright: ignore[reportIndexIssue]
        box = (x + (right - left) / 2, y + (bottom - top) / 2, left + right, top + bottom)
        return torch.stack([*box, torch.sigmoid(scores.flatten(1))], 1)


def middles(width: int, height: int) -> Tensor:
    """Return the middles of cells in pixels: 2 x H/4 x W/4, x then y."""
    x = (torch.arange(width // STRIDE) + 0.5) * STRIDE
    y = (torch.arange(height // STRIDE) + 0.5) * STRIDE
    return torch.stack(torch.meshgrid(x, y, indexing="xy"))


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
