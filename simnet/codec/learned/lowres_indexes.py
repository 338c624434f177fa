"""Table indexes of the low-resolution backbone in whole numbers, so that unlike machines agree to the last bit.

    index = round((cdf z_hat + bank(pass, quality) + own 3 x 3 of magnitudes + group means of magnitudes) / 2**FRACTION)

Weights, z_hat and the magnitudes of symbols (a table of sixteen whole numbers) are whole numbers, held in float64: products and
sums below 2**53 are exact there, in whatever order and on however many threads a library takes them. The index is rounded and
clamped once, at the end. Latents are (C, h, w); pass p codes, of each quarter g of the channels, one parity of rows and columns:
PARITIES[p] ^ g, as 2 * (row % 2) + column % 2.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simnet.codec.bitstream.fixed_point import EXACT
from simnet.codec.bitstream.framing import QUALITY_STEPS
from simnet.errors import ModelError

PARITIES = (0, 3, 1, 2)
PASSES = len(PARITIES)
REDUCTION = 4
"""z is so many times smaller than the latent."""
ACTIVITY_GROUPS = 16
"""Groups of channels whose means of magnitudes are looked at."""
LARGEST_MAGNITUDE = 15
FRACTION = 24
MAGNITUDE_FRACTION = 8
LARGEST_Z = 1023
"""z is clipped to this either way, by both sides."""
MAGNITUDES = np.rint(np.log2(1 + np.arange(LARGEST_MAGNITUDE + 1)) * (1 << MAGNITUDE_FRACTION))
"""Of symbols 0 to 15 (and beyond), float64 (16,)."""
MOST = float(MAGNITUDES[-1])

Place = tuple[slice, slice, slice]


@lru_cache(maxsize=64)
def places(number: int, channels: int) -> tuple[Place, ...]:
    """Where pass `number` codes: a slice of (C, h, w) for each quarter of the channels."""
    quarter = channels // PASSES
    found = []
    for g in range(PASSES):
        row, column = divmod(PARITIES[number] ^ g, 2)
        found.append((slice(g * quarter, (g + 1) * quarter), slice(row, None, 2), slice(column, None, 2)))
    return tuple(found)


@dataclass(frozen=True)
class IndexMaps:
    """Whole numbers in float64, all but the magnitudes in steps of 2**-FRACTION of an index.

    `hyper` (C * 16, hyper): to pixels of 4 x 4. `banks` (PASSES, knots, C). `own` (PASSES - 1, C, 3, 3) and `groups` (PASSES - 1,
    C, ACTIVITY_GROUPS): of magnitudes in their own steps; `groups` of sums over a group's channels and 3 x 3.
    """

    hyper: np.ndarray
    banks: np.ndarray
    own: np.ndarray
    groups: np.ndarray
    last: int
    """The largest index."""

    @classmethod
    def read(cls, get: Callable[[str], np.ndarray], names: Collection[str], last: int) -> IndexMaps:
        """Take the maps out of a checkpoint: integers, and of each map the power of two that they count.

        Raises:
            ModelError: Weights are missing, or too large for exact sums.
        """
        if missing := {f"tables.index.{name}" for name in ("hyper", "banks", "own", "groups", "powers")} - set(names):
            raise ModelError(f"no {', '.join(sorted(missing))}; expected the whole tables of a lowres model")
        powers = get("tables.index.powers").tolist()
        hyper, banks, own, groups = (
            get(f"tables.index.{name}").astype(np.float64) * 2.0**power
            for name, power in zip(("hyper", "banks", "own", "groups"), powers, strict=True)
        )
        maps = cls(hyper, banks, own, groups, last)
        maps.check()
        return maps

    def check(self) -> None:
        """Raise ModelError unless every sum is exact whatever is coded."""
        hyper, banks, own, groups = (np.abs(each) for each in (self.hyper, self.banks, self.own, self.groups))
        size = self.channels // ACTIVITY_GROUPS * 9 * MOST
        largest = (
            hyper.sum(axis=1).max() * LARGEST_Z + own.sum(axis=(2, 3)).max() * MOST + groups.sum(axis=2).max() * size
        )
        if largest + banks.max() * QUALITY_STEPS >= EXACT:
            raise ModelError("weights too large for the whole numbers of an index map: sums would not be exact")

    @property
    def channels(self) -> int:
        """Latent channels."""
        return self.banks.shape[2]

    def bank(self, number: int, step: int) -> np.ndarray:
        """What quality step `step` adds in pass `number`: (C,), between two knots by whole numbers."""
        knots = self.banks[number]
        low, share = divmod(step * (len(knots) - 1), QUALITY_STEPS)
        if not share:
            return knots[low]
        return np.floor((knots[low] * (QUALITY_STEPS - share) + knots[low + 1] * share) / QUALITY_STEPS)

    def first(self, z_hat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """What z_hat (hyper, h', w') says of every symbol: (C, *size), float64."""
        _, rows, columns = z_hat.shape
        sums = self.hyper @ z_hat.reshape(len(z_hat), -1).astype(np.float64)
        cells = sums.reshape(self.channels, REDUCTION, REDUCTION, rows, columns).transpose(0, 3, 1, 4, 2)
        whole = cells.reshape(self.channels, rows * REDUCTION, columns * REDUCTION)
        return whole[:, : size[0], : size[1]]

    def indexes(self, number: int, first: np.ndarray, magnitude: np.ndarray, step: int) -> Iterator[np.ndarray]:
        """Table indexes of pass `number`, int64, for each of its `places`.

        `magnitude` float64 (C, h + 2, w + 2): of the symbols so far, zero where there is none yet and around the edge.
        """
        bank = self.bank(number, step)[:, None, None]
        around = neighbours(magnitude)
        sums = magnitude.reshape(ACTIVITY_GROUPS, -1, *magnitude.shape[1:]).sum(axis=1)
        activity = neighbours(sums).sum(axis=(3, 4))
        for channels, rows, columns in places(number, self.channels):
            total = first[channels, rows, columns] + bank[channels]
            if number and total.size:
                windows = around[channels, rows, columns]
                total += np.einsum("cyxij,cij->cyx", windows, self.own[number - 1, channels])
                near = activity[:, rows, columns].reshape(ACTIVITY_GROUPS, -1)
                total += (self.groups[number - 1, channels] @ near).reshape(total.shape)
            yield self.rounded(total)

    def rounded(self, total: np.ndarray) -> np.ndarray:
        """The nearest table of an index in steps, int64."""
        return np.clip(np.floor(total / (1 << FRACTION) + 0.5), 0, self.last).astype(np.int64)


def neighbours(values: np.ndarray) -> np.ndarray:
    """The 3 x 3 around each place of (C, h + 2, w + 2) but the edge: a view (C, h, w, 3, 3)."""
    return np.lib.stride_tricks.sliding_window_view(values, (1, 3, 3))[:, :, :, 0]


def magnitudes(symbols: np.ndarray) -> np.ndarray:
    """Magnitudes of whole symbols in steps of 2**-MAGNITUDE_FRACTION: float64 of the same shape."""
    return MAGNITUDES[np.minimum(np.abs(symbols), LARGEST_MAGNITUDE).astype(np.int64)]
