"""Network that finds matches along the rows of rectified pictures; see `row_matching` for what runs it.

Correlations of features at each distance, as in DispNet-C (Mayer et al., CVPR 2016), a decision at three scales, and a mean of
the distances that are likely (Kendall et al., ICCV 2017). A convex mixture of neighbours gives full size (RAFT, ECCV 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from simnet.codec.learned.lowres_parts import SLOPE, Bank, zero
from simnet.codec.learned.row_matching import CELL, FURTHEST, NEAREST, PLANES


@dataclass(frozen=True)
class RowNumbers:
    """Channels of features, descriptors, and the decision at 1/4, 1/8 and 1/16 of the size."""

    features: int = 32
    descriptors: int = 20
    fine: int = 48
    middle: int = 64
    coarse: int = 96


class RowBlock(nn.Module):
    """Depthwise block, then a gated feed-forward, each with a skip connection; both start as the identity."""

    def __init__(self, c: int, window: int = 3) -> None:
        super().__init__()
        hidden = c * 3 // 2
        self.a, self.b = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)
        self.d = nn.Conv2d(c, c, window, padding=window // 2, groups=c)
        self.f1, self.f2 = nn.Conv2d(c, 2 * hidden, 1), nn.Conv2d(hidden, c, 1)
        zero(self.b, self.f2)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, C, H, W)."""
        x = x + self.b(self.d(functional.leaky_relu(self.a(x), SLOPE)))
        u, v = self.f1(x).chunk(2, 1)
        return x + self.f2(u * torch.sigmoid(v))


class Features(nn.Module):
    """Features of a picture by cells, and descriptors of length 1; `level` adds what depends on the quality."""

    def __init__(self, numbers: RowNumbers, blocks: int, *, level: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3 * CELL**2, numbers.features, 3, padding=1)
        self.level = Bank(numbers.features) if level else None
        self.trunk = nn.Sequential(*(RowBlock(numbers.features) for _ in range(blocks)))
        self.out = nn.Conv2d(numbers.features, numbers.descriptors, 1)

    def forward(self, picture: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Picture (B, 3, H, W) in [0, 1] -> features and descriptors (B, ..., H/4, W/4)."""
        found = self.stem(functional.pixel_unshuffle(picture - 0.5, CELL))
        found = found if self.level is None else found + self.level(shares)
        found = self.trunk(functional.leaky_relu(found, SLOPE))
        out = self.out(found)
        return found, out * torch.rsqrt((out * out).sum(1, keepdim=True) + 1e-4)


class RowMatching(nn.Module):
    """Distances along the rows from a decoded picture to a side picture."""

    planes: Tensor

    def __init__(self, numbers: RowNumbers) -> None:
        super().__init__()
        self.numbers = numbers
        count, a, b, c = len(PLANES), numbers.fine, numbers.middle, numbers.coarse
        self.ex, self.ey = Features(numbers, 2, level=True), Features(numbers, 1, level=False)
        self.gain = nn.Parameter(torch.tensor(4.0))
        self.inp = nn.Conv2d(2 * count + numbers.features + 1, a, 1)
        self.t1 = nn.Sequential(RowBlock(a))
        self.d1, self.t2 = nn.Conv2d(4 * a, b, 1), nn.Sequential(RowBlock(b, 5), RowBlock(b, 5))
        self.d2, self.t3 = nn.Conv2d(4 * b, c, 1), nn.Sequential(RowBlock(c, 5), RowBlock(c, 5), RowBlock(c, 5))
        self.u2, self.t4 = nn.Conv2d(c, 4 * b, 1), nn.Sequential(RowBlock(b, 5), RowBlock(b, 5))
        self.u1, self.t5 = nn.Conv2d(b, 4 * a, 1), nn.Sequential(RowBlock(a))
        self.logits, self.delta = nn.Conv2d(a, count, 3, padding=1), nn.Conv2d(a, 1, 3, padding=1)
        self.mask = nn.Conv2d(a, 9 * CELL**2, 1)
        zero(self.delta, self.logits)
        self.register_buffer("planes", torch.tensor(PLANES)[None, :, None, None], persistent=False)

    def forward(self, decoded: Tensor, side: Tensor, start: Tensor, shares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (B, 3, H, W), start (B, 1, H/4, W/4) in cells, shares (B, KNOTS) of the quality's knots.

        Returns the horizontal flow in pixels (B, 1, H, W) and in cells (B, 1, H/4, W/4), and the planes' logits (B, P, H/4, W/4).
        """
        features, first = self.ex(decoded, shares)
        correlations = self.gain * self._correlations(first, self.ey(side, shares)[1])
        near = functional.relu(1 - (start - self.planes).abs())
        x = self.inp(torch.cat([correlations, near, features, start / 4], 1))
        x = self.t1(functional.leaky_relu(x, SLOPE))
        y = self.t2(self.d1(functional.pixel_unshuffle(x, 2)))
        z = self.t3(self.d2(functional.pixel_unshuffle(y, 2)))
        y = self.t4(y + functional.pixel_shuffle(self.u2(z), 2))
        x = self.t5(x + functional.pixel_shuffle(self.u1(y), 2))
        logits = self.logits(x) + 2 * near + correlations
        cells = (torch.softmax(logits, 1) * self.planes).sum(1, keepdim=True) + self.delta(x)
        return self._at_full_size(cells, self.mask(x)), cells, logits

    def _correlations(self, first: Tensor, second: Tensor) -> Tensor:
        """Products of descriptors (B, D, h, w) at each plane's distance (B, P, h, w); between two cells, their mean."""
        batch, _, height, width = first.shape
        left = int(-FURTHEST)
        padded = functional.pad(second, (left, int(NEAREST), 0, 0))
        products = torch.matmul(first.permute(0, 2, 3, 1), padded.permute(0, 2, 1, 3))
        # Row i of the products is wanted from its column i on: a row that is longer by one moves each by one more.
        whole = width + left + int(NEAREST)
        skewed = functional.pad(products.reshape(batch, height, width * whole), (0, width))
        skewed = skewed.reshape(batch, height, width, whole + 1)[..., : left + int(NEAREST) + 1]
        cells = skewed.permute(0, 3, 1, 2)
        between = (cells[:, :-1] + cells[:, 1:]) * 0.5
        pairs = torch.stack([cells[:, :-1], between], 2).reshape(batch, len(PLANES) - 1, height, width)
        return torch.cat([pairs, cells[:, -1:]], 1)

    def _at_full_size(self, cells: Tensor, mask: Tensor) -> Tensor:
        batch, _, height, width = cells.shape
        shares = torch.softmax(mask.reshape(batch, 9, CELL**2, height, width), 1)
        padded = functional.pad(cells, (1, 1, 1, 1), mode="replicate")
        nine = [padded[:, 0, i : i + height, j : j + width] for i in range(3) for j in range(3)]
        mixed = (shares * torch.stack(nine, 1)[:, :, None]).sum(1)
        return functional.pixel_shuffle(mixed * CELL, CELL)
