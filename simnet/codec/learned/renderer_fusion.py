"""Fusion of side pictures into what the low-resolution backbone's renderer draws."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from simnet.codec.learned.fuse_networks import Fuse, FuseNumbers
from simnet.codec.learned.lowres_parts import Bank, zero


@dataclass(frozen=True)
class RendererFuseNumbers(FuseNumbers):
    """Also the channels of the renderer's features."""

    blocks: int = 6
    renderer: int = 64


class RendererFuse(Fuse):
    """Fusion that sees the renderer's features and the quality, besides the drawn picture.

    Both work on cells of 4 x 4 pixels, so the features need no change of size. They say what the picture's errors look like, and
    the quality says how much to trust it. Both start at zero: it starts as `Fuse`.
    """

    def __init__(self, numbers: RendererFuseNumbers) -> None:
        super().__init__(numbers)
        self.numbers: RendererFuseNumbers = numbers
        self.known = nn.Conv2d(numbers.renderer, numbers.channels, 1)
        self.level = Bank(numbers.channels)
        zero(self.known)

    def forward(  # type: ignore[override]  # more inputs than Fuse
        self, x_hat: Tensor, aligned: Tensor, features: Tensor, shares: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `Fuse`; features (B, renderer, H/4, W/4) of x_hat, shares (B, KNOTS) of the quality's knots."""
        return self.fused(x_hat, aligned, self.known(features), self.level(shares))
