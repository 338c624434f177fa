"""Network that fuses aligned side pictures into a decoded picture.

    y pictures --optical flow from x_hat, warp--> aligned pictures --> fuse (local cross-attention) --> picture

It stands behind other codecs' decoders (`fuse`), and in `atn` behind that of `lowres` (`renderer_fusion`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class FuseNumbers:
    """Channels of the fusion trunk, of queries and keys; residual blocks; `window` is the side of the attention window."""

    channels: int = 48
    key: int = 16
    blocks: int = 3
    window: int = 3


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
