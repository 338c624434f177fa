"""Networks of the learned codec, as short functions of their parameters.

    x --g_a--> y --gain(q)--> round --range coder--> bytes --> / gain(q) --> y_hat --g_s--> x_hat
                                                                                             |
    y pictures --optical flow from x_hat, warp--> aligned pictures --> fuse (local cross-attention) --> picture

`Backbone` is all of `factorized`. `Fuse` stands behind other codecs' decoders, and in `atn` behind that of `lowres`
(`renderer_fusion`). The paper letters are Balle's (ICLR 2017): g_a,
g_s, y, y_hat. The gain vectors follow Cui et al. (CVPR 2021): one network, a continuous range of rates.
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


@dataclass(frozen=True)
class FuseNumbers:
    """Channels of the fusion trunk, of queries and keys; residual blocks; `window` is the side of the attention window."""

    channels: int = 48
    key: int = 16
    blocks: int = 3
    window: int = 3


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


class Residual(nn.Module):
    """x + conv(relu(conv(x))), 3x3 each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, C, H, W)."""
        return x + self.second(functional.leaky_relu(self.first(x), 0.1))


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


def shifts(x: Tensor, window: int) -> list[Tensor]:
    """Shift x (N, C, H, W) by every offset of a square window of side `window`, zeros beyond the edge."""
    reach, height, width = window // 2, x.shape[-2], x.shape[-1]
    padded = functional.pad(x, (reach, reach, reach, reach))
    return [padded[:, :, dy : dy + height, dx : dx + width] for dy in range(window) for dx in range(window)]


class Fuse(nn.Module):
    """Correct a decoded picture with aligned side pictures.

    The network works on 4 x 4 pixel cells. Queries come from x_hat, keys from its comparison with each side picture, values are
    the side pictures' own pixels, in a local window around the flow's match. The softmax runs over all windows of all side
    pictures and one null key; the null key's share is high if the side pictures are unreliable. The attended picture replaces
    x_hat where a gate opens, and a residual corrects the rest.
    """

    def __init__(self, numbers: FuseNumbers) -> None:
        super().__init__()
        c, self.numbers = numbers.channels, numbers
        self.stem = nn.Conv2d(48, c, 3, padding=1)
        self.compare = nn.Conv2d(2 * c, c, 1)
        self.context = nn.Conv2d(c, c, 3, padding=1)
        self.query = nn.Conv2d(c, numbers.key, 1)
        self.key = nn.Conv2d(2 * c, numbers.key, 1)
        self.null = nn.Conv2d(c, 1, 1)
        # The flow's own match starts with more weight than its neighbours: a uniform start would blur every side picture.
        start = torch.zeros(numbers.window**2)
        start[numbers.window**2 // 2] = 4.0
        self.place = nn.Parameter(start)
        self.join = nn.Conv2d(c + 48 + 1, c, 3, padding=1)
        self.trunk = nn.Sequential(*(Residual(c) for _ in range(numbers.blocks)))
        self.head = nn.Conv2d(c, 2 * 48, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.bias[:48].fill_(-1.0)  # type: ignore[index]  # the bias exists: Conv2d's default

    def forward(self, x_hat: Tensor, aligned: Tensor) -> tuple[Tensor, Tensor]:
        """x_hat (B, 3, H, W) and aligned (B * S, 3, H, W), S candidates a picture -> picture, attention.

        The picture is (B, 3, H, W). The attention (B, 1 + S * window**2, H/4, W/4) sums to 1; the null key's share comes first.
        """
        return self.fused(x_hat, aligned)

    def fused(
        self, x_hat: Tensor, aligned: Tensor, known: Tensor | None = None, level: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """See `forward`; `known` (B, channels, H/4, W/4) is added to x_hat's features, `level` to the trunk's input."""
        batch, window = x_hat.shape[0], self.numbers.window
        cells_x, cells_y = functional.pixel_unshuffle(x_hat, 4), functional.pixel_unshuffle(aligned, 4)
        f_x, f_y = self.stem(cells_x), self.stem(cells_y)
        f_x = f_x if known is None else f_x + known
        channels, height, width = f_x.shape[1:]
        sides = f_y.shape[0] // batch
        per_side = f_x[:, None].expand(batch, sides, channels, height, width).reshape(f_y.shape)
        match = functional.leaky_relu(self.compare(torch.cat([per_side, f_y], dim=1)), 0.1)
        match = functional.leaky_relu(self.context(match), 0.1)

        query = self.query(per_side) * self.numbers.key**-0.5
        keys = self.key(torch.cat([match, f_y], dim=1))
        scores = torch.stack([(query * moved).sum(dim=1) for moved in shifts(keys, window)], dim=1)
        scores = scores + self.place[None, :, None, None]
        scores = scores.reshape(batch, -1, height, width)
        share = torch.softmax(torch.cat([self.null(f_x), scores], dim=1), dim=1)

        weights = share[:, 1:].reshape(-1, window**2, height, width)
        values = shifts(cells_y, window)
        attended = weights[:, :1] * values[0]
        for i, moved in enumerate(values[1:], start=1):
            attended = attended + weights[:, i : i + 1] * moved
        attended = attended.reshape(batch, sides, -1, height, width).sum(dim=1)
        matched = match.reshape(batch, sides, -1, height, width).mean(dim=1)
        # Pixels without the null key's share: zero if no side picture is used.
        news = attended - (1 - share[:, :1]) * cells_x
        joined = self.join(torch.cat([f_x + matched, news, share[:, :1]], dim=1))
        joined = functional.leaky_relu(joined if level is None else joined + level, 0.1)
        gate, correction = self.head(self.trunk(joined)).chunk(2, dim=1)
        return x_hat + functional.pixel_shuffle(torch.sigmoid(gate) * news + correction, 4), share
