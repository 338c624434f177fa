"""DSIN's probability model: masked 3-D convolutions over the volume of quantised latents, in raster order.

A symbol's distribution depends on earlier symbols within 5 channels x 9 rows x 9 columns: four layers of 2 x 3 x 3 kernels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class CausalConv3d(nn.Conv3d):
    """Causal 2 x 3 x 3 kernel: the previous channel, and earlier positions of this channel (and this one, unless `strict`)."""

    def __init__(self, inputs: int, outputs: int, *, strict: bool) -> None:
        super().__init__(inputs, outputs, (2, 3, 3))
        mask = torch.ones(2, 3, 3)
        mask[1, 1, 1 if strict else 2 :] = 0
        mask[1, 2:] = 0
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, input: Tensor) -> Tensor:  # Conv3d's parameter name
        """X (B, inputs, D, H, W) -> (B, outputs, D, H, W); zeros outside the volume."""
        padded = functional.pad(input, (1, 1, 1, 1, 1, 0))
        return functional.conv3d(padded, self.weight * self.get_buffer("mask"), self.bias)


class ContextNetwork(nn.Module):
    """One strict layer, one residual block, and logits of the centres."""

    def __init__(self, channels: int, centres: int) -> None:
        super().__init__()
        self.first = CausalConv3d(1, channels, strict=True)
        self.second = CausalConv3d(channels, channels, strict=False)
        self.third = CausalConv3d(channels, channels, strict=False)
        self.last = CausalConv3d(channels, centres, strict=False)

    def forward(self, q: Tensor) -> Tensor:
        """Quantised volume (B, 32, h, w) -> logits (B, centres, 32, h, w)."""
        inner = functional.relu(self.first(q[:, None]))
        inner = functional.relu(inner + self.third(functional.relu(self.second(inner))))
        return self.last(inner)
