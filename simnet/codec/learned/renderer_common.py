"""NDIC's use of side information behind the low-resolution backbone: latents of X and Y concatenated, without alignment."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from simnet.codec.learned.lowres_networks import Lowres

NOISE = 0.001**0.5
"""Standard deviation of the common information's noise while training, as in NDIC's published training (DCC 2022)."""


class RendererCommon(nn.Module):
    """The backbone's synthesis, which also reads the side picture's latent; it starts as the backbone's, and ignores that."""

    def __init__(self, backbone: Lowres) -> None:
        super().__init__()
        self.lg, self.db, self.dec, self.ren = (
            copy.deepcopy(each) for each in (backbone.lg, backbone.db, backbone.dec, backbone.ren)
        )
        self.lg.requires_grad_(requires_grad=False)
        self.din, self.ren.content = widened(backbone.din), widened(backbone.ren.content)
        self.register_buffer("spread", backbone.get_buffer("spread").clone())

    def forward(self, y_hat: Tensor, side: Tensor, shares: Tensor) -> Tensor:
        """Scaled latents of X and of a side picture (B, latent, h, w), shares (B, KNOTS) -> pictures as 2x - 1, not clipped."""
        gain = torch.exp(self.lg(shares))
        y, common = y_hat / gain, side / gain
        if self.training:
            common = common + NOISE * self.get_buffer("spread")[:, None, None] * torch.randn_like(common)
        both = torch.cat([y, common], 1)
        d = self.din(both)
        return self.ren(both, self.dec(d * self.db(shares).to(d)))


def widened(convolution: nn.Conv2d) -> nn.Conv2d:
    """A 1 x 1 convolution that reads as many channels again, at first without effect."""
    made = nn.Conv2d(2 * convolution.in_channels, convolution.out_channels, 1)
    with torch.no_grad():
        made.weight.copy_(torch.cat([convolution.weight, torch.zeros_like(convolution.weight)], 1))
        made.get_parameter("bias").copy_(convolution.get_parameter("bias"))
    return made
