"""Parts of the low-resolution backbone (`lowres_networks`): banks, blocks, renderer, priors of z, and bit estimates."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

KNOTS = 9
"""Number of evenly spaced qualities at which a bank has its own values."""
TABLES, SCALE_MIN, SCALE_MAX = 64, 0.11, 64.0
"""Tables of the latent's residuals: zero-mean Gaussians, standard deviations evenly spaced on a logarithmic scale."""
E_FOLDS = math.log(SCALE_MAX / SCALE_MIN) / TABLES
"""Logarithm of the ratio of successive tables' standard deviations."""
PRIORS = 64
GATED = 4.0
"""Largest product in a gate: products of products of an outlier became 1e11 in one picture of a thousand."""
MODULATION = 8.0
"""Largest factor, shift or gain that the body passes to the renderer: unbounded, one outlier became 1e20 in a picture."""
LEAST = 1e-9
"""Smallest estimated probability of a symbol, 30 bits."""
SLOPE = 0.1


def knot_shares(quality: Tensor) -> Tensor:
    """Share of each knot (B, KNOTS) at `quality` (B,) in [0, 1]: linear interpolation as weights."""
    place = quality.clamp(0, 1)[:, None] * (KNOTS - 1)
    return functional.relu(1 - (place - torch.arange(KNOTS, device=quality.device)).abs())


def zero(*convolutions: nn.Conv2d) -> None:
    """Initialise convolutions to zero output."""
    for convolution in convolutions:
        nn.init.zeros_(convolution.weight)
        if convolution.bias is not None:
            nn.init.zeros_(convolution.bias)


class Bank(nn.Module):
    """One value per channel at KNOTS qualities, interpolated linearly."""

    def __init__(self, channels: int, start: float = 0.0) -> None:
        super().__init__()
        self.t = nn.Parameter(torch.full((KNOTS, channels), float(start)))

    def forward(self, shares: Tensor) -> Tensor:
        """Shares of the knots (B, KNOTS) -> (B, C, 1, 1), float32 under autocast too."""
        return (shares[:, :, None] * self.t).sum(1)[:, :, None, None]


class Block(nn.Module):
    """Depthwise block, then a gated feed-forward, each with a skip connection; both start as the identity."""

    def __init__(self, c: int, factor: float = 1.5) -> None:
        super().__init__()
        hidden = int(c * factor)
        self.a, self.d, self.b = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 3, padding=1, groups=c), nn.Conv2d(c, c, 1)
        self.f1, self.f2 = nn.Conv2d(c, 2 * hidden, 1), nn.Conv2d(hidden, c, 1)
        zero(self.b, self.f2)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, C, H, W)."""
        x = x + self.b(self.d(functional.leaky_relu(self.a(x), SLOPE)))
        u, v = self.f1(x).chunk(2, 1)
        return x + self.f2((u * functional.silu(v)).clamp(-GATED, GATED))


class Renderer(nn.Module):
    """Generates the picture at 1/4 of the size, modulated by the body's output at 1/16."""

    def __init__(self, latent: int, body: int, width: int, layers: int = 3) -> None:
        super().__init__()
        self.layers = layers
        self.content, self.mod = nn.Conv2d(latent, width * 16, 1), nn.Conv2d(body, 3 * width * layers, 1)
        self.dw = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, groups=width) for _ in range(layers))
        m1, m2 = ([nn.Conv2d(a * width, b * width, 1) for _ in range(layers)] for a, b in ((1, 2), (2, 1)))
        self.m1, self.m2 = nn.ModuleList(m1), nn.ModuleList(m2)
        self.out = nn.Conv2d(width, 48, 3, padding=1)
        zero(*m2)
        with torch.no_grad():
            # Of each layer's factor, shift and gain, the first and the last start near one.
            self.mod.weight.mul_(0.1)
            start = torch.tensor([1.0, 0.0, 1.0] * layers).repeat_interleave(width)
            self.mod.get_parameter("bias").copy_(start)

    def forward(self, y: Tensor, body: Tensor) -> Tensor:
        """Latent y (B, C, h, w) and the body's output (B, D, h, w) -> (B, 3, 16 h, 16 w)."""
        return self.draw(self.features(y, body))

    def features(self, y: Tensor, body: Tensor) -> Tensor:
        """What the picture is drawn from: (B, width, 4 h, 4 w)."""
        x = functional.pixel_shuffle(self.content(y), 4)
        bounded = MODULATION * torch.tanh(self.mod(body) / MODULATION)
        # Enlarge the tensors one by one: views of one large tensor are slow to process.
        modulation = [self.enlarged(part) for part in bounded.chunk(3 * self.layers, 1)]
        for i in range(self.layers):
            factor, shift, gain = modulation[3 * i : 3 * i + 3]
            t = torch.addcmul(shift, self.dw[i](x), factor)
            x = x + gain * self.m2[i](functional.leaky_relu(self.m1[i](t), SLOPE))
        return x

    def draw(self, features: Tensor) -> Tensor:
        """Features (B, width, h, w) -> (B, 3, 4 h, 4 w)."""
        return functional.pixel_shuffle(self.out(features).float(), 4)

    def enlarged(self, x: Tensor) -> Tensor:
        """Bilinear interpolation to four times the size; in training by matrix products, whose gradient is faster."""
        if not self.training:
            return functional.interpolate(x, scale_factor=4, mode="bilinear", align_corners=False)
        b, c, h, w = x.shape
        rows, columns = stretch(h).to(x), stretch(w).to(x)
        x = torch.matmul(rows, x.permute(0, 2, 3, 1).reshape(b, h, w * c))
        x = torch.matmul(columns, x.reshape(b * 4 * h, w, c))
        return x.reshape(b, 4 * h, 4 * w, c).permute(0, 3, 1, 2)


def stretch(n: int) -> Tensor:
    """Matrix (4 n, n) that interpolates n samples linearly to 4 n, edges repeated."""
    place = ((torch.arange(4 * n) + 0.5) / 4 - 0.5).clamp(0, n - 1)
    low = place.floor().long().clamp(max=max(0, n - 2))
    matrix = torch.zeros(4 * n, n)
    matrix[torch.arange(4 * n), low] = 1 - (place - low)
    if n > 1:
        matrix[torch.arange(4 * n), low + 1] = place - low
    return matrix


class SelectablePriors(nn.Module):
    """PRIORS factorised priors of z; each picture selects one: k logistics per channel, integrated over unit bins.

    Their initial scales are spread over a factor of 30, so that each prior suits some pictures.
    """

    def __init__(self, c: int, k: int = 3) -> None:
        super().__init__()
        spread = torch.linspace(math.log(0.15), math.log(4.5), PRIORS)[:, None, None]
        self.mu = nn.Parameter(torch.randn(PRIORS, c, k) * 0.5 * spread.exp())
        self.ls = nn.Parameter(spread.expand(PRIORS, c, k).clone())
        self.w = nn.Parameter(torch.zeros(PRIORS, c, k))

    def mass(self, z: Tensor) -> Tensor:
        """Probability (PRIORS, C, N) of the unit bins around z (C, N), or (PRIORS, C, N)."""
        inverse = torch.exp(-self.ls.clamp(min=math.log(0.05)))
        weight = torch.softmax(self.w, -1)
        mass = torch.zeros((), device=z.device)
        for k in range(self.mu.shape[2]):
            middle = (z - self.mu[:, :, k, None]) * inverse[:, :, k, None]
            half = 0.5 * inverse[:, :, k, None]
            part = torch.sigmoid(middle + half) - torch.sigmoid(middle - half)
            mass = mass + part * weight[:, :, k, None]
        return mass

    def bits(self, z: Tensor) -> Tensor:
        """Bits (B,) of z (B, C, h, w): in training, of the mixture of all priors; otherwise of the best prior and its index."""
        b, c, h, w = z.shape
        rows = z.flatten(2).permute(1, 0, 2).reshape(c, -1)  # (C, B h w): long rows
        each = -torch.log2(self.mass(rows).clamp(min=LEAST)).sum(1)
        each = each.reshape(PRIORS, b, h * w).sum(2).T
        if self.training:
            return math.log2(PRIORS) - torch.logsumexp(each * -math.log(2), 1) / math.log(2)
        return math.log2(PRIORS) + each.amin(1)


class _Clamp(torch.autograd.Function):
    """Clamp; outside the range it passes only gradients that lead back into it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (x,) = ctx.saved_tensors
        stuck = ((x < ctx.low) & (gradients[0] > 0)) | ((x > ctx.high) & (gradients[0] < 0))
        return gradients[0].masked_fill(stuck, 0), None, None


class _Bits(torch.autograd.Function):
    """Bits of each residual under a zero-mean Gaussian of a table index; one pass over memory in each direction."""

    @staticmethod
    def forward(ctx: Any, residual: Tensor, index: Tensor) -> Tensor:
        sigma = torch.exp(index * E_FOLDS + math.log(SCALE_MIN))
        size = residual.abs()
        upper, lower = (0.5 - size) / sigma, (-0.5 - size) / sigma
        p = (torch.special.ndtr(upper) - torch.special.ndtr(lower)).clamp_(min=LEAST)
        ctx.save_for_backward(residual, sigma, upper, lower, p)
        return -torch.log2(p)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        residual, sigma, upper, lower, p = ctx.saved_tensors
        share = gradients[0] / p * (1 / (math.log(2) * math.sqrt(2 * math.pi)))
        f_upper, f_lower = torch.exp(upper * upper * -0.5), torch.exp(lower * lower * -0.5)
        d_residual = share * (f_upper - f_lower) / sigma * torch.sign(residual)
        return d_residual, share * (upper * f_upper - lower * f_lower) * E_FOLDS


def gaussian_bits(residual: Tensor, index: Tensor) -> Tensor:
    """Bits (B,) of residuals (B, C, h, w) under Gaussians of table indexes, clamped to the valid range."""
    return _Bits.apply(residual, _Clamp.apply(index, 0.0, TABLES - 1.0)).sum((1, 2, 3))  # type: ignore[union-attr]  # torch's stub


def rounded(x: Tensor) -> Tensor:
    """Round, and pass the gradient straight through."""
    return x + (x.round() - x).detach()


def noisy(x: Tensor) -> Tensor:
    """Add uniform noise of one bin."""
    return x + torch.rand_like(x) - 0.5
