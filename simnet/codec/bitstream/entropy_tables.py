"""Integer entropy tables: built once from the trained density, stored with the checkpoint, never recomputed.

One set of cumulative tables exists for each of `LEVELS` qualities and each latent channel, and gains and inverse gains for every
quality step of the header. The coder is CompressAI's rANS (`compressai.ans`) with 16-bit tables and an escape for rare symbols.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simnet.codec.bitstream.entropy_library import part, roomy
from simnet.codec.bitstream.framing import QUALITY_STEPS
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
    def rows(self) -> list[list[list[int]]]:
        """Level -> channel -> cumulative counts, in the coder's format."""
        ends = np.cumsum(self.lengths.ravel() - 1)
        flat = [[*row.tolist(), 1 << PRECISION] for row in np.split(self.cdf, ends[:-1])]
        channels = self.lengths.shape[1]
        return [flat[i : i + channels] for i in range(0, len(flat), channels)]

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
        coder = part("ans").RansEncoder()
        return coder.encode_with_indexes(symbols.ravel().tolist(), *self._arguments(symbols.shape, step))

    def decode(self, data: bytes, shape: tuple[int, int, int], step: int) -> np.ndarray:
        """Decode int32 symbols of `shape` (C, h, w); the CRC of the bytes must have been checked."""
        if len(data) < 4 or len(data) % 4:
            raise BitstreamError(f"payload of {len(data)} bytes: expected a positive multiple of 4")
        arguments = self._arguments(shape, step)
        decoded = part("ans").RansDecoder().decode_with_indexes(roomy(data, math.prod(shape)), *arguments)
        return np.array(decoded, dtype=np.int32).reshape(shape)

    def _arguments(self, shape: tuple[int, ...], step: int) -> tuple[list[int], list[list[int]], list[int], list[int]]:
        channels, height, width = shape
        level = level_of(step)
        indexes = np.repeat(np.arange(channels), height * width).tolist()
        return indexes, self.rows[level], self.lengths[level].tolist(), self.offsets[level].tolist()


def level_of(step: int) -> int:
    """Return the index of the table set for a quality step."""
    return round(step * (LEVELS - 1) / QUALITY_STEPS)


def quantised(mass: np.ndarray) -> np.ndarray:
    """Return cumulative counts int64 (n + 2,), 0 to 65,536, of probabilities (n,); the escape gets the remaining probability."""
    rest = max(1e-9, 1.0 - float(mass.sum()))
    return np.array(part("_CXX").pmf_to_quantized_cdf([*mass.tolist(), rest], PRECISION), dtype=np.int64)


def from_masses(
    masses: list[list[np.ndarray]], offsets: np.ndarray, gain: np.ndarray, inverse: np.ndarray
) -> EntropyTables:
    """Build tables from probabilities: masses[level][channel] float (n,) of the symbols from `offsets` up; the rest is escape."""
    rows = [quantised(mass) for level in masses for mass in level]
    lengths = np.array([len(row) for row in rows], dtype=np.int32).reshape(len(masses), -1)
    cdf = np.concatenate([row[:-1] for row in rows]).astype(np.uint16)
    return EntropyTables(cdf, lengths, offsets.astype(np.int32), gain.astype(np.float32), inverse.astype(np.float32))
