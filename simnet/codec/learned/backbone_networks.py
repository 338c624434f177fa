"""Networks of the codec `factorized`, as short functions of their parameters.

    x --g_a--> y --gain(q)--> round --range coder--> bytes --> / gain(q) --> y_hat --g_s--> x_hat

The paper letters are Balle's (ICLR 2017): g_a, g_s, y, y_hat. The gain vectors follow Cui et al. (CVPR 2021): one network, a
continuous range of rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from simnet.codec.bitstream.entropy_library import part

STRIDE = 16
"""Pictures are padded to multiples of this; the latent is 1/16 of the picture's size."""


@dataclass(frozen=True)
class BackboneNumbers:
    """Channels at 1/4 and 1/8 of the size, latent channels at 1/16, and number of gain vectors across the quality range."""

    wide: int = 64
    deep: int = 112
    latent: int = 192
    gains: int = 9


class GDN(nn.Module):
    """Generalised divisive normalisation (Balle et al., ICLR 2016), or its inverse; squares keep beta and gamma positive."""

    def __init__(self, channels: int, *, inverse: bool = False) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(channels))
        # Off the diagonal not zero, because the square has no gradient at zero.
        self.gamma = nn.Parameter((0.1 * torch.eye(channels) + 0.1 / channels**1.5).sqrt())
        self.inverse = inverse

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (B, C, H, W)."""
        norm = functional.conv2d(x * x, (self.gamma**2)[:, :, None, None], self.beta**2 + 1e-6)
        return x * torch.sqrt(norm) if self.inverse else x / torch.sqrt(norm)


def analysis(n: BackboneNumbers) -> nn.Sequential:
    """g_a: (B, 3, H, W) in [0, 1] -> y (B, latent, H/16, W/16)."""
    return nn.Sequential(
        nn.PixelUnshuffle(4),
        nn.Conv2d(48, n.wide, 3, padding=1),
        GDN(n.wide),
        nn.Conv2d(n.wide, n.deep, 5, stride=2, padding=2),
        GDN(n.deep),
        nn.Conv2d(n.deep, n.latent, 5, stride=2, padding=2),
    )


def synthesis(n: BackboneNumbers) -> nn.Sequential:
    """g_s: y_hat (B, latent, H/16, W/16) -> x_hat (B, 3, H, W), not clipped."""
    return nn.Sequential(
        nn.Conv2d(n.latent, 4 * n.deep, 3, padding=1),
        nn.PixelShuffle(2),
        GDN(n.deep, inverse=True),
        nn.Conv2d(n.deep, 4 * n.wide, 3, padding=1),
        nn.PixelShuffle(2),
        GDN(n.wide, inverse=True),
        nn.Conv2d(n.wide, 48, 3, padding=1),
        nn.PixelShuffle(4),
    )


class Backbone(nn.Module):
    """Analysis, gain vectors, factorised prior, synthesis.

    The prior is one density per channel of the *unscaled* latent (CompressAI's entropy bottleneck). A gain g makes the
    quantisation step 1/g, so the probability of a symbol k is cdf((k + 1/2)/g) - cdf((k - 1/2)/g): one density serves every
    quality, and the integer tables of each quality are computed from it.
    """

    def __init__(self, numbers: BackboneNumbers) -> None:
        super().__init__()
        self.numbers = numbers
        self.g_a = analysis(numbers)
        self.g_s = synthesis(numbers)
        for module in (*self.g_a, *self.g_s):
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_normal_(module.weight)
        self.prior = part("entropy_models").EntropyBottleneck(numbers.latent)
        start = torch.linspace(0.0, 2.0, numbers.gains)[:, None].repeat(1, numbers.latent)
        self.log_gain = nn.Parameter(start.clone())
        self.log_inverse = nn.Parameter(-start.clone())

    def gain(self, quality: Tensor) -> tuple[Tensor, Tensor]:
        """Gain and inverse gain (B, latent, 1, 1) at `quality` (B,) in [0, 1], interpolated geometrically."""
        place = quality.clamp(0, 1) * (self.numbers.gains - 1)
        low = place.floor().long().clamp(max=self.numbers.gains - 2)
        share = (place - low)[:, None]
        between = [table[low] * (1 - share) + table[low + 1] * share for table in (self.log_gain, self.log_inverse)]
        gain, inverse = (torch.exp(each)[:, :, None, None] for each in between)
        return gain, inverse

    def cumulative(self, values: Tensor) -> Tensor:
        """Logits of the prior's cumulative distribution at unscaled latent values (C, 1, N)."""
        return self.prior._logits_cumulative(values, stop_gradient=False)

    def bits(self, symbols: Tensor, gain: Tensor) -> Tensor:
        """Estimated bits (B,) of scaled latents `symbols` (B, C, h, w) under `gain` (B, C, 1, 1)."""
        batch, channels = symbols.shape[:2]

        def logits(scaled: Tensor) -> Tensor:
            values = (scaled / gain).transpose(0, 1).reshape(channels, 1, -1)
            return self.cumulative(values)

        lower, upper = logits(symbols - 0.5), logits(symbols + 0.5)
        sign = -torch.sign(lower + upper).detach()
        mass = torch.abs(torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower)).clamp(min=1e-9)
        return -torch.log2(mass).reshape(channels, batch, -1).sum(dim=(0, 2))

    def code(self, x: Tensor, quality: Tensor) -> tuple[Tensor, Tensor]:
        """Return the latent as the decoder receives it (B, latent, H/16, W/16), unscaled, and estimated bits (B,).

        While training, the rate uses uniform noise and the latent is rounded.
        """
        gain, inverse = self.gain(quality)
        scaled = self.g_a(x).float() * gain
        rounded = scaled + (scaled.round() - scaled).detach()
        rate = self.bits(scaled + torch.rand_like(scaled) - 0.5 if self.training else rounded, gain)
        return rounded * inverse, rate

    def forward(self, x: Tensor, quality: Tensor) -> tuple[Tensor, Tensor]:
        """Return x_hat (B, 3, H, W), not clipped, and estimated bits (B,)."""
        values, rate = self.code(x, quality)
        return self.g_s(values), rate
