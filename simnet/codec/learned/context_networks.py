"""Checkerboard context model: predicts each symbol's distribution from the latents decoded before it.

Channels are coded in groups and each group in two passes, first the anchors (even squares of a checkerboard), then the others
(He et al., CVPR 2021; groups of unequal size as in ELIC, CVPR 2022). Every pass predicts mean and scale of a Gaussian for each
symbol. No hyperprior is sent: the first groups have that role. The networks are plain convolutions and leaky ReLUs, so that
`context_coder` can repeat them in integers with the same result on all machines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.125
"""Slope of the leaky ReLUs: a power of two, exact in integers."""
SMALLEST_SCALE = 0.11


@dataclass(frozen=True)
class ContextNumbers:
    """Channels of the groups in coding order, and of the hidden layers."""

    groups: tuple[int, ...] = (32, 64, 96)
    hidden: int = 64


Between = Callable[[Tensor], Tensor]
"""Interpolates a table (gains, C) at the batch's qualities: (B, C, 1, 1)."""


class Pass(nn.Module):
    """One pass: values decoded so far -> mean and log scale of its group. The quality is added as a bias."""

    def __init__(self, seen: int, group: int, hidden: int, gains: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(seen, hidden, 3, padding=1, bias=False) if seen else None
        self.bias = nn.Parameter(torch.zeros(gains, hidden))
        self.second = nn.Conv2d(hidden, hidden, 1)
        self.third = nn.Conv2d(hidden, 2 * group, 1)
        nn.init.normal_(self.bias, std=0.1)
        nn.init.zeros_(self.third.bias)  # type: ignore[arg-type]  # the bias exists: Conv2d's default

    def forward(self, seen: Tensor, between: Between) -> tuple[Tensor, Tensor]:
        """Seen (B, C, h, w), unscaled -> mean and log scale (B, group, h, w), unscaled."""
        hidden = between(self.bias)
        if self.first is not None:
            hidden = hidden + self.first(seen)
        hidden = functional.leaky_relu(self.second(functional.leaky_relu(hidden, SLOPE)), SLOPE)
        mean, scale = self.third(hidden).chunk(2, dim=1)
        return mean, scale


class Context(nn.Module):
    """All passes, in order."""

    def __init__(self, numbers: ContextNumbers, gains: int) -> None:
        super().__init__()
        self.numbers = numbers
        self.passes = nn.ModuleList()
        before = 0
        for group in numbers.groups:
            self.passes.append(Pass(before, group, numbers.hidden, gains))
            before += group
            self.passes.append(Pass(before, group, numbers.hidden, gains))

    def forward(self, scaled: Tensor, gain: Tensor, inverse: Tensor, between: Between) -> tuple[Tensor, Tensor]:
        """Code `scaled` = y * gain (B, C, h, w): the decoder's unscaled values, and estimated bits (B,).

        Values are rounded (straight through); while training, the rate uses uniform noise instead.
        """
        bits = scaled.new_zeros(len(scaled))
        done: list[Tensor] = []
        squares = checkerboard(*scaled.shape[2:], like=scaled)
        start = 0
        for index, group in enumerate(self.numbers.groups):
            own = slice(start, start + group)
            anchors = torch.zeros_like(scaled[:, own])
            for odd, mask in enumerate((squares, 1 - squares)):
                seen = torch.cat([*done, anchors], dim=1) if odd else torch.cat([*done, scaled[:, :0]], dim=1)
                mean, log_scale = self.passes[2 * index + odd](seen, between)
                centre = mean * gain[:, own]
                scale = (torch.exp(log_scale) * gain[:, own]).clamp(min=SMALLEST_SCALE)
                rest = scaled[:, own] - centre
                rounded = rest + (rest.round() - rest).detach()
                noisy = rest + torch.rand_like(rest) - 0.5 if self.training else rounded
                bits = bits + (gaussian_bits(noisy, scale) * mask).sum(dim=(1, 2, 3))
                anchors = anchors + (rounded + centre) * inverse[:, own] * mask
            done.append(anchors)
            start += group
        return torch.cat(done, dim=1), bits


def checkerboard(height: int, width: int, like: Tensor) -> Tensor:
    """Mask (height, width): 1 on the even squares, 0 on the others."""
    rows, columns = torch.arange(height, device=like.device), torch.arange(width, device=like.device)
    return ((rows[:, None] + columns[None, :] + 1) % 2).to(like.dtype)


def gaussian_bits(residual: Tensor, scale: Tensor) -> Tensor:
    """Bits of a zero-mean Gaussian, integrated over a unit interval around `residual`."""
    distance = residual.abs()
    upper = torch.special.erfc((distance - 0.5) / (scale * 2**0.5))
    lower = torch.special.erfc((distance + 0.5) / (scale * 2**0.5))
    return -torch.log2((0.5 * (upper - lower)).clamp(min=1e-9))
