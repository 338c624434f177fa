"""Integer entropy tables: built once from the trained density, stored with the checkpoint, never recomputed.

One set of cumulative tables exists for each of `LEVELS` qualities and each latent channel, and gains and inverse gains for every
quality step of the header. `range_coder` codes symbols with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simnet.codec.bitstream.framing import QUALITY_STEPS
from simnet.codec.bitstream.range_coder import RangeDecoder, RangeEncoder, RangeTables
from simnet.codec.bitstream.stored_tables import MOST_CHANNELS, Get, StoredTables
from simnet.errors import BitstreamError, ModelError

LEVELS = 32
PRECISION = 16
LARGEST_SYMBOL = 1 << 24
"""Symbols are clipped to this before coding; the coder takes 32 bits."""


@dataclass(frozen=True)
class EntropyTables:
    """Tables of a factorised prior. `cdf` is uint16 (sum of lengths,): the rows' cumulative counts without the last count.

    The last count of a row is always 65,536. Rows are ordered level by level.
    `lengths` and `offsets` are int32 (LEVELS, C): the counts in a row (the last one included), and the symbol of its first entry.
    `gain` and `inverse` are float32 (256, C): the factors of latents before rounding and after decoding.
    """

    cdf: np.ndarray
    lengths: np.ndarray
    offsets: np.ndarray
    gain: np.ndarray
    inverse: np.ndarray

    @classmethod
    def read(cls, get: Get, names: Collection[str]) -> EntropyTables:
        """Read the tables from a checkpoint; ModelError if they are not whole."""
        stored = StoredTables(get, names)
        cdf, lengths, offsets = stored.rows("tables.", (LEVELS, None))
        channels = lengths.shape[1]
        if channels > MOST_CHANNELS:
            raise ModelError(f"tables of {channels} channels; expected up to {MOST_CHANNELS}")
        gains = (stored.reals(f"tables.{name}", (QUALITY_STEPS + 1, channels)) for name in ("gain", "inverse"))
        return cls(cdf, lengths, offsets, *gains)

    @cached_property
    def digest(self) -> str:
        """Hexadecimal digest of the integers that both sides must share."""
        content = b"".join(np.ascontiguousarray(a).tobytes() for a in (self.cdf, self.lengths, self.offsets))
        return hashlib.sha256(content).hexdigest()[:16]

    @cached_property
    def tables(self) -> RangeTables:
        """The coder's tables, level by level."""
        return RangeTables.stored(self.cdf, self.lengths, self.offsets)

    @property
    def channels(self) -> int:
        """Number of latent channels."""
        return self.gain.shape[1]

    def encode_latent(self, latent: np.ndarray, step: int) -> bytes:
        """Round and range-code a latent float32 (C, h, w), unscaled, at quality step `step`."""
        scaled = np.clip(np.rint(latent * self.gain[step][:, None, None]), -LARGEST_SYMBOL, LARGEST_SYMBOL)
        return self.encode(scaled.astype(np.int32), step)

    def decode_latent(self, data: bytes, size: tuple[int, int], step: int) -> np.ndarray:
        """Decode the latent in the synthesis's input format, float32 (C, h, w); the CRC of the bytes must have been checked."""
        symbols = self.decode(data, (self.channels, *size), step)
        return (symbols * self.inverse[step][:, None, None]).astype(np.float32)

    def encode(self, symbols: np.ndarray, step: int) -> bytes:
        """Range-code int32 symbols (C, h, w) at quality step `step`."""
        coder = RangeEncoder()
        coder.put(symbols.ravel(), *self._of_channels(symbols.shape, step))
        return coder.finish()

    def decode(self, data: bytes, shape: tuple[int, int, int], step: int) -> np.ndarray:
        """Decode int32 symbols of `shape` (C, h, w); the CRC of the bytes must have been checked."""
        if len(data) < 4 or len(data) % 4:
            raise BitstreamError(f"payload of {len(data)} bytes: expected a positive multiple of 4")
        return RangeDecoder(data).take(*self._of_channels(shape, step)).reshape(shape)

    def _of_channels(self, shape: tuple[int, ...], step: int) -> tuple[np.ndarray, RangeTables]:
        """Return each symbol's table, and the tables of a step's level, one a channel."""
        channels, height, width = shape
        first = level_of(step) * self.channels
        return np.repeat(np.arange(channels), height * width), self.tables.between(first, first + self.channels)


def level_of(step: int) -> int:
    """Return the index of the table set for a quality step."""
    return round(step * (LEVELS - 1) / QUALITY_STEPS)


def quantised(mass: np.ndarray) -> np.ndarray:
    """Return cumulative counts int64 (n + 2,), 0 to 65,536, of probabilities (n,); the escape gets the remaining probability."""
    rest = max(1e-9, 1.0 - float(mass.sum()))
    counts = np.floor(np.append(mass, rest).astype(np.float32) * np.float64(1 << PRECISION) + 0.5).astype(np.int64)
    sizes = (counts << PRECISION) // counts.sum()
    sizes[-1] += (1 << PRECISION) - sizes.sum()
    # Every symbol must have a count: the rarest of those with several give all but one of theirs, until there are enough.
    empty = np.flatnonzero(sizes == 0)
    givers = np.flatnonzero(sizes > 1)
    givers = givers[np.argsort(sizes[givers], kind="stable")]
    spare = sizes[givers] - 1
    sizes[givers] -= np.clip(len(empty) - (np.cumsum(spare) - spare), 0, spare)
    sizes[empty] = 1
    cumulative = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=cumulative[1:])
    return cumulative


def from_masses(
    masses: list[list[np.ndarray]], offsets: np.ndarray, gain: np.ndarray, inverse: np.ndarray
) -> EntropyTables:
    """Build tables from probabilities: masses[level][channel] float (n,) of the symbols from `offsets` up; the rest is escape."""
    rows = [quantised(mass) for level in masses for mass in level]
    lengths = np.array([len(row) for row in rows], dtype=np.int32).reshape(len(masses), -1)
    cdf = np.concatenate([row[:-1] for row in rows]).astype(np.uint16)
    return EntropyTables(cdf, lengths, offsets.astype(np.int32), gain.astype(np.float32), inverse.astype(np.float32))
