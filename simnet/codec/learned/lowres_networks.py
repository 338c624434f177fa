"""Low-resolution backbone: a transform coder at 1/16 of the size, refined by networks, coded in four passes.

    x --analysis--> u = y gain(q) --round(u - mean)--> r --range coder--> bytes
                    |                        ^         |
                    z --round--> z_hat --> h --> mean of a pass <-- y_hat so far
                                  |
                                  +--> table indexes (with |r| so far), in integers: `lowres_indexes`
    y_hat, quality --synthesis: body at 1/16, renderer at 1/4--> x_hat

It is initialised as the transform coder of a Karhunen-Loeve basis (`start`). Means select no table, so they can be floats and
differ in their last digits between two machines; table indexes are linear maps of integers, exact on all machines. The structure
follows PULSE (Jia et al., 2026); the four passes over channels and parities of rows and columns are our addition.

x (B, 3, H, W) in [0, 1], H and W multiples of 16; y (B, latent, H/16, W/16); z at a quarter of that, rounded up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from simnet.codec.learned.lowres_layout import ACTIVITY_GROUPS, LARGEST_MAGNITUDE, PARITIES, PASSES, REDUCTION
from simnet.codec.learned.lowres_parts import (
    KNOTS,
    SCALE_MAX,
    SCALE_MIN,
    TABLES,
    Bank,
    Block,
    Renderer,
    SelectablePriors,
    gaussian_bits,
    knot_shares,
    noisy,
    rounded,
    zero,
)

GAIN_MAX = 40.0
UNIT = 5.0
"""Size of the latent's unit in units of an orthonormal transform of 2x - 1: the step at gain 40 suits lambda 0.1."""
ACTIVITY = 10.0
"""Factor on the weights of group means: at their own size they learn too slowly."""


@dataclass(frozen=True)
class LowresNumbers:
    """Channels: of the latent; of the encoder, the context and the body at 1/16; of z at 1/64; of the renderer at 1/4."""

    latent: int = 384
    encoder: int = 288
    hyper: int = 64
    context: int = 192
    body: int = 256
    renderer: int = 64


@dataclass(frozen=True)
class Estimate:
    """Output of `Lowres` for a batch: x_hat (B, 3, H, W), not clipped; bits (B,) of latent and z; table indexes, not rounded.

    `y_hat` (B, latent, H/16, W/16) is the scaled latent as synthesis takes it, `features` (B, renderer, H/4, W/4) are what x_hat
    is drawn from.
    """

    y_hat: Tensor
    x_hat: Tensor
    features: Tensor
    bits_y: Tensor
    bits_z: Tensor
    index: Tensor


class Lowres(nn.Module):
    """Complete codec; `forward` estimates bits and writes none."""

    def __init__(self, numbers: LowresNumbers) -> None:
        super().__init__()
        n, self.numbers = numbers, numbers
        cy, ctx, cells = n.latent, n.context, REDUCTION**2
        self.register_buffer("spread", torch.ones(cy))
        self.patch, self.ein, self.eb = nn.Conv2d(3, cy, 16, stride=16), nn.Conv2d(cy, n.encoder, 1), Bank(n.encoder, 1)
        self.enc = nn.Sequential(*(Block(n.encoder) for _ in range(4)))
        self.ey = nn.Conv2d(n.encoder, cy, 1)
        self.lg, self.hb, self.qb, self.db = Bank(cy), Bank(cy, 1), Bank(ctx), Bank(n.body, 1)
        down = nn.Conv2d(ctx, n.hyper, 2 * REDUCTION - 1, stride=REDUCTION, padding=REDUCTION - 1)
        self.he = nn.Sequential(nn.Conv2d(cy, ctx, 1), Block(ctx, 1.0), down)
        self.fz = SelectablePriors(n.hyper)
        self.hd = nn.Sequential(nn.Conv2d(n.hyper, ctx * cells, 1), nn.PixelShuffle(REDUCTION), Block(ctx, 1.0))
        self.cdf = nn.Conv2d(n.hyper, cy * cells, 1, bias=False)
        self.cb = nn.ModuleList(Bank(cy) for _ in range(PASSES))
        later = range(1, PASSES)
        a1 = [nn.Conv2d(cy, cy, 3, padding=1, groups=cy, bias=False) for _ in later]
        a2 = [nn.Conv2d(ACTIVITY_GROUPS, cy, 1, bias=False) for _ in later]
        means = [nn.Conv2d(ctx, cy, 1) for _ in range(PASSES)]
        self.a1, self.a2, self.m = nn.ModuleList(a1), nn.ModuleList(a2), nn.ModuleList(means)
        self.c = nn.ModuleList(nn.Sequential(nn.Conv2d(ctx + cy, ctx, 1), Block(ctx, 1.0)) for _ in later)
        self.lrp = nn.Conv2d(ctx, cy, 1)
        self.din, self.dec = nn.Conv2d(cy, n.body, 1), nn.Sequential(*(Block(n.body) for _ in range(3)))
        self.ren = Renderer(cy, n.body, n.renderer)
        zero(self.ey, self.lrp, *means, *a1, *a2)

    def gain(self, shares: Tensor) -> Tensor:
        """Factor on the latent before rounding: (B, latent, 1, 1)."""
        return torch.exp(self.lg(shares))

    def unit(self, shares: Tensor) -> Tensor:
        """Unit of predicted means: (B, latent, 1, 1)."""
        return self.get_buffer("spread").clamp(0.02, 1)[:, None, None] * self.gain(shares)

    def analysis(self, x: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the scaled latent u and z, neither rounded, from pictures and shares of the knots (B, KNOTS)."""
        t = self.patch(x * 2 - 1).float()
        # New latent directions get steps that match their channel's size.
        e = self.ein(t)
        step = (0.1 * self.get_buffer("spread").sqrt())[:, None, None]
        y = t + self.ey(self.enc(e * self.eb(shares).to(e))).float() * step
        return y * self.gain(shares), self.he(y * self.hb(shares)).float()

    def hyper(self, z_hat: Tensor, shares: Tensor) -> Tensor:
        """Features (B, context, 4 h, 4 w) of z_hat (B, hyper, h, w)."""
        h = self.hd(z_hat)
        return h + self.qb(shares).to(h)

    def context(self, number: int, h: Tensor, y_hat: Tensor, shares: Tensor) -> Tensor:
        """Input of the means of pass `number`, from 1 up: features, and the scaled latent decoded so far."""
        return self.c[number - 1](torch.cat([h, (y_hat / self.gain(shares)).to(h)], 1))

    def mean(self, number: int, context: Tensor, shares: Tensor) -> Tensor:
        """Means (B, latent, h, w) of the scaled latent in pass `number`."""
        return self.m[number](context) * self.unit(shares)

    def correction(self, context: Tensor) -> Tensor:
        """Rounding correction predicted from the last pass's context: half a step at most."""
        return 0.5 * torch.tanh(self.lrp(context).float())

    def synthesis(self, y_hat: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Decode a scaled latent to pictures as 2x - 1, not clipped, and to the renderer's features, from which they are drawn.

        Half precision rounds least around zero.
        """
        y_hat = y_hat / self.gain(shares)
        d = self.din(y_hat)
        features = self.ren.features(y_hat, self.dec(d * self.db(shares).to(d)))
        return self.ren.draw(features), features

    def first_index(self, z_hat: Tensor, size: tuple[int, ...], shares: Tensor) -> Tensor:
        """Table indexes, not rounded, before any symbol is known; `lowres_indexes` computes them in integers."""
        base = cut(functional.pixel_shuffle(self.cdf(z_hat), REDUCTION), size).float()
        return base + self.cb[0](shares)

    def later_index(self, number: int, first: Tensor, magnitude: Tensor, shares: Tensor) -> Tensor:
        """Table indexes of pass `number`, from 1 up, given the magnitudes of the symbols so far."""
        b, c, h, w = magnitude.shape
        means = magnitude.reshape(b, ACTIVITY_GROUPS, c // ACTIVITY_GROUPS, h, w).mean(2)
        activity = self.a2[number - 1](functional.avg_pool2d(means, 3, 1, 1))
        return first + self.a1[number - 1](magnitude) + ACTIVITY * activity + self.cb[number](shares)

    def forward(self, x: Tensor, quality: Tensor) -> tuple[Tensor, Tensor]:
        """Return x_hat (B, 3, H, W), not clipped, and estimated bits (B,)."""
        estimate = self.estimate(x, quality)
        return estimate.x_hat, estimate.bits_y + estimate.bits_z

    def estimate(self, x: Tensor, quality: Tensor) -> Estimate:
        """Code pictures at qualities (B,) in [0, 1]; while training, the rate uses noise and the latent is rounded."""
        shares = knot_shares(quality)
        u, z = self.analysis(x, shares)
        z_hat, size = rounded(z), u.shape[2:]
        h = cut(self.hyper(z_hat, shares), size)
        first = own = self.first_index(z_hat, size, shares)
        y_hat = index = residual = magnitude = torch.zeros_like(u)
        context = h
        for number, mask in enumerate(masks(self.numbers.latent, *size, like=u)):
            if number:
                own = self.later_index(number, first, magnitude, shares)
                context = self.context(number, h, y_hat, shares)
            mean = self.mean(number, context, shares)
            rest = u - mean
            r = rounded(rest)
            y_hat = torch.where(mask, r + mean, y_hat)
            index = torch.where(mask, own, index)
            residual = torch.where(mask, rest if self.training else r, residual)
            magnitude = torch.where(mask, torch.log2(1 + r.detach().abs().clamp(max=LARGEST_MAGNITUDE)), magnitude)
        y_hat = y_hat + self.correction(context)
        x_hat, features = self.synthesis(y_hat, shares)
        bits = gaussian_bits(noisy(residual) if self.training else residual, index)
        bits_z = self.fz.bits(noisy(z) if self.training else z_hat)
        return Estimate(y_hat, x_hat * 0.5 + 0.5, features, bits, bits_z, index)

    @torch.no_grad()
    def start(self, basis: Tensor, spread: Tensor, mean: Tensor) -> None:
        """Initialise as the transform coder of a Karhunen-Loeve basis.

        Args:
            basis: (latent, 3, 16, 16), orthonormal rows, of 2x - 1.
            spread: (latent,) standard deviations along them.
            mean: (3,), the mean colour of 2x - 1.
        """
        cy, spread = self.numbers.latent, spread / UNIT
        self.get_buffer("spread").copy_(spread)
        self.patch.weight.copy_(basis / UNIT)
        self.patch.get_parameter("bias").copy_(-(basis.sum((2, 3)) @ mean) / UNIT)
        # Row order: pixel_shuffle(4) to cells of 4 x 4, then out's channels (colour, row, column) of 4 x 4.
        inverse = (basis * UNIT).reshape(cy, 3, 4, 4, 4, 4).permute(1, 3, 5, 2, 4, 0).reshape(48 * 16, cy)
        self.ren.content.weight[: 48 * 16] = inverse[..., None, None]
        self.ren.content.get_parameter("bias").zero_()
        self.ren.out.weight.zero_()
        self.ren.out.weight[range(48), range(48), 1, 1] = 1
        self.ren.out.get_parameter("bias").copy_(mean.repeat_interleave(16))
        self.lg.t.copy_(torch.linspace(0, math.log(GAIN_MAX), KNOTS)[:, None].expand(KNOTS, cy))
        sigma = (self.lg.t.exp() * spread).clamp(min=SCALE_MIN)
        index = torch.log(sigma / SCALE_MIN) * (TABLES / math.log(SCALE_MAX / SCALE_MIN))
        self.cb[0].get_parameter("t").copy_(index.clamp(max=TABLES - 1))
        self.cdf.weight.mul_(0.1)
        # Layers that read latents get half-whitened inputs.
        half = spread.clamp(min=0.005) ** -0.5
        half = half / (half * spread).square().mean().sqrt()
        self.hb.t.copy_(half.expand(KNOTS, cy))
        self.he[2].get_parameter("weight").mul_(8)
        for convolution in (self.ein, self.din):
            convolution.weight.mul_(half[None, :, None, None])
        for context in self.c:
            context.get_submodule("0").get_parameter("weight")[:, -cy:].mul_(half[None, :, None, None])


def masks(latent: int, rows: int, columns: int, like: Tensor) -> Tensor:
    """Mask of the symbols that each pass codes: bool (PASSES, 1, latent, rows, columns); each symbol is in exactly one pass."""
    parity = 2 * (torch.arange(rows)[:, None] % 2) + torch.arange(columns)[None] % 2
    quarter = torch.arange(latent) // (latent // PASSES)
    whole = torch.stack([parity[None] == (first ^ quarter)[:, None, None] for first in PARITIES])
    return whole[:, None].to(like.device)


def cut(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Crop x to its first rows and columns; no effect if x already has that size."""
    return x if x.shape[2:] == tuple(size) else x[:, :, : size[0], : size[1]]
