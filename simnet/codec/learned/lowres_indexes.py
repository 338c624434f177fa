"""Table indexes of the low-resolution backbone in integers, bit-exact on all machines.

    index = round((cdf z_hat + bank(pass, quality) + own 3 x 3 of magnitudes + group means of magnitudes) / 2**FRACTION)

Weights, z_hat and the magnitudes of symbols (a table of sixteen integers) are integers held in float64: products and sums below
2**53 are exact there, in any order of evaluation and with any number of threads. The index is rounded and clamped once, at the
end. Latents are (C, h, w).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simnet.codec.bitstream.fixed_point import EXACT
from simnet.codec.bitstream.framing import QUALITY_STEPS
from simnet.codec.bitstream.stored_tables import MOST_CHANNELS, StoredTables
from simnet.codec.learned.lowres_layout import ACTIVITY_GROUPS, LARGEST_MAGNITUDE, PARITIES, PASSES, REDUCTION
from simnet.errors import ModelError

FRACTION = 24
MAGNITUDE_FRACTION = 8
LARGEST_POWER = 40
"""Largest power of two of a map's unit."""
LARGEST_Z = 1023
"""Largest magnitude of z; both sides clip to it."""
MAGNITUDES = np.rint(np.log2(1 + np.arange(LARGEST_MAGNITUDE + 1)) * (1 << MAGNITUDE_FRACTION))
"""Magnitudes of symbols 0 to 15 (15 also for larger ones), float64 (16,)."""
MOST = float(MAGNITUDES[-1])

Place = tuple[slice, slice, slice]


@lru_cache(maxsize=64)
def places(number: int, channels: int) -> tuple[Place, ...]:
    """Positions that pass `number` codes: a slice of (C, h, w) for each quarter of the channels."""
    quarter = channels // PASSES
    found = []
    for g in range(PASSES):
        row, column = divmod(PARITIES[number] ^ g, 2)
        found.append((slice(g * quarter, (g + 1) * quarter), slice(row, None, 2), slice(column, None, 2)))
    return tuple(found)


@dataclass(frozen=True)
class IndexMaps:
    """Index maps: integers in float64, in steps of 2**-FRACTION of an index (magnitudes have their own steps).

    `hyper` (C * 16, hyper) maps to pixels of 4 x 4. `banks` is (PASSES, knots, C). `own` (PASSES - 1, C, 3, 3) and `groups`
    (PASSES - 1, C, ACTIVITY_GROUPS) apply to magnitudes in their own steps; `groups` applies to sums over a group's channels and
    3 x 3.
    """

    hyper: np.ndarray
    banks: np.ndarray
    own: np.ndarray
    groups: np.ndarray
    last: int
    """Largest index."""

    @classmethod
    def read(cls, get: Callable[[str], np.ndarray], names: Collection[str], last: int) -> IndexMaps:
        """Read the maps from a checkpoint: integers, and for each map the power of two of its unit.

        Raises:
            ModelError: Weights are missing, or too large for exact sums.
        """
        if missing := {f"tables.index.{name}" for name in ("hyper", "banks", "own", "groups", "powers")} - set(names):
            raise ModelError(f"no {', '.join(sorted(missing))}; expected the whole tables of a lowres model")
        stored = StoredTables(get, names)
        powers = stored.integers("tables.index.powers", (4,), -LARGEST_POWER, LARGEST_POWER).tolist()
        banks = stored.integers("tables.index.banks", (PASSES, None, None))
        knots, channels = banks.shape[1:]
        if knots < 2 or channels % ACTIVITY_GROUPS or channels > MOST_CHANNELS:
            raise ModelError(
                f"tables.index.banks: {knots} qualities, {channels} channels; expected 2 or more, and a multiple of "
                f"{ACTIVITY_GROUPS} up to {MOST_CHANNELS}"
            )
        arrays = (
            stored.integers("tables.index.hyper", (channels * REDUCTION**2, None)),
            banks,
            stored.integers("tables.index.own", (PASSES - 1, channels, 3, 3)),
            stored.integers("tables.index.groups", (PASSES - 1, channels, ACTIVITY_GROUPS)),
        )
        hyper, banks, own, groups = (
            array.astype(np.float64) * 2.0**power for array, power in zip(arrays, powers, strict=True)
        )
        maps = cls(hyper, banks, own, groups, last)
        maps.check()
        return maps

    def check(self) -> None:
        """Raise ModelError unless every sum is exact for all inputs."""
        hyper, banks, own, groups = (np.abs(each) for each in (self.hyper, self.banks, self.own, self.groups))
        size = self.channels // ACTIVITY_GROUPS * 9 * MOST
        largest = (
            hyper.sum(axis=1).max() * LARGEST_Z + own.sum(axis=(2, 3)).max() * MOST + groups.sum(axis=2).max() * size
        )
        if largest + banks.max() * QUALITY_STEPS >= EXACT:
            raise ModelError("weights too large for the whole numbers of an index map: sums would not be exact")

    @property
    def channels(self) -> int:
        """Number of latent channels."""
        return self.banks.shape[2]

    def bank(self, number: int, step: int) -> np.ndarray:
        """Contribution of quality step `step` to pass `number`: (C,), interpolated between two knots in integers."""
        knots = self.banks[number]
        low, share = divmod(step * (len(knots) - 1), QUALITY_STEPS)
        if not share:
            return knots[low]
        return np.floor((knots[low] * (QUALITY_STEPS - share) + knots[low + 1] * share) / QUALITY_STEPS)

    def first(self, z_hat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Contribution of z_hat (hyper, h', w') to every symbol's index: (C, *size), float64."""
        _, rows, columns = z_hat.shape
        sums = self.hyper @ z_hat.reshape(len(z_hat), -1).astype(np.float64)
        cells = sums.reshape(self.channels, REDUCTION, REDUCTION, rows, columns).transpose(0, 3, 1, 4, 2)
        whole = cells.reshape(self.channels, rows * REDUCTION, columns * REDUCTION)
        return whole[:, : size[0], : size[1]]

    def indexes(self, number: int, first: np.ndarray, magnitude: np.ndarray, step: int) -> Iterator[np.ndarray]:
        """Table indexes of pass `number`, int64, for each of its `places`.

        `magnitude` float64 (C, h + 2, w + 2): of the symbols so far; zero for later symbols and on the border.
        """
        bank = self.bank(number, step)[:, None, None]
        activity = _activity(magnitude) if number else None
        for channels, rows, columns in places(number, self.channels):
            total = first[channels, rows, columns] + bank[channels]
            if activity is not None and total.size:
                around = _neighbours(magnitude[channels], rows, columns, total.shape)
                total += np.einsum("kcyx,ck->cyx", around, self.own[number - 1, channels].reshape(len(total), 9))
                near = activity[:, rows, columns].reshape(ACTIVITY_GROUPS, -1)
                total += (self.groups[number - 1, channels] @ near).reshape(total.shape)
            yield self.rounded(total)

    def rounded(self, total: np.ndarray) -> np.ndarray:
        """Round an index in steps to the nearest table, int64."""
        return np.clip(np.floor(total / (1 << FRACTION) + 0.5), 0, self.last).astype(np.int64)


def _activity(magnitude: np.ndarray) -> np.ndarray:
    """Sums (ACTIVITY_GROUPS, h, w) over a group's channels and the 3 x 3 around each place of (C, h + 2, w + 2)."""
    sums = magnitude.reshape(ACTIVITY_GROUPS, -1, *magnitude.shape[1:]).sum(axis=1)
    lines = sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]
    return lines[:, :, :-2] + lines[:, :, 1:-1] + lines[:, :, 2:]


def _neighbours(values: np.ndarray, rows: slice, columns: slice, shape: tuple[int, ...]) -> np.ndarray:
    """The 3 x 3 around every second row and column of (c, h + 2, w + 2), border apart: (9, *shape), shape (c, h', w').

    Copies of nine shifts, since sums over a view of windows take twice the time.
    """
    found = np.empty((9, *shape))
    _, height, width = shape
    for place, shift in enumerate(found):
        top, left = rows.start + place // 3, columns.start + place % 3
        shift[...] = values[:, top : top + 2 * height - 1 : 2, left : left + 2 * width - 1 : 2]
    return found


def magnitudes(symbols: np.ndarray) -> np.ndarray:
    """Magnitudes of integer symbols in steps of 2**-MAGNITUDE_FRACTION: float64 of the same shape."""
    return MAGNITUDES[np.minimum(np.abs(symbols), LARGEST_MAGNITUDE).astype(np.int64)]
