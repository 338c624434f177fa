"""Fixed-point probability model, and the arithmetic coding of a volume of symbols with it.

A symbol depends on symbols before it in raster order (channel, row, column). Positions with equal 4 d + 2 y + x do not depend on
each other, so encoder and decoder process the volume in such waves, with one gather and one product per layer and wave. Both
sides compute the same integer sums (`fixed_point`), and an exponential read from a stored table turns logits into counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from simnet.codec.bitstream import fixed_point
from simnet.codec.bitstream.range_coder import RangeDecoder, RangeEncoder, RangeTables
from simnet.codec.bitstream.stored_tables import StoredTables
from simnet.errors import BitstreamError, ModelError

LAYERS = ("first", "second", "third", "last")
TOTAL = 1 << 16
EXPONENT_STEPS = 256
"""Entries of the exponential's table per unit of the logit."""
EXPONENT_REACH = 12
MOST_CENTRES = 64
SENTINEL = np.zeros(2, np.int32)
"""Symbols coded before every volume: bitstreams have had them since the coder was CompressAI's."""


def exponential() -> np.ndarray:
    """Table of round(2**20 * exp(-i / EXPONENT_STEPS)), int64: computed once, stored with the checkpoint."""
    return np.rint(np.exp(-np.arange(EXPONENT_STEPS * EXPONENT_REACH) / EXPONENT_STEPS) * (1 << 20)).astype(np.int64)


def taps(*, strict: bool) -> list[tuple[int, int, int]]:
    """Offsets (channel, row, column) that a layer reads, in the storage order of its weights."""
    before = [(-1, dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return before + [(0, -1, -1), (0, -1, 0), (0, -1, 1), (0, 0, -1)] + ([] if strict else [(0, 0, 0)])


@dataclass(frozen=True)
class Probabilities:
    """Arrays: `weights`[i] (out, taps * in), `biases`[i] (out,) of four layers, `centres` (6,), in steps; `exponents`."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    centres: np.ndarray
    exponents: np.ndarray

    @classmethod
    def read(cls, get: Callable[[str], np.ndarray], names: Collection[str]) -> Probabilities:
        """Read the arrays from a checkpoint; ModelError if weights are too large for exact sums."""
        stored = StoredTables(get, names)
        centres = stored.integers("tables.centres", (None,))
        if not 2 <= len(centres) <= MOST_CENTRES:
            raise ModelError(f"tables.centres: {len(centres)} numbers; expected 2 to {MOST_CENTRES}")
        first = stored.integers("tables.first", (None, len(taps(strict=True))))
        inner = (len(first), len(taps(strict=False)) * len(first))
        others = (
            stored.integers("tables.second", inner),
            stored.integers("tables.third", inner),
            stored.integers("tables.last", (len(centres), inner[1])),
        )
        weights = tuple(np.ascontiguousarray(each, np.float64) for each in (first, *others))
        biases = tuple(
            stored.integers(f"tables.{layer}_bias", (len(each),)).astype(np.float64)
            for layer, each in zip(LAYERS, weights, strict=True)
        )
        for weight, bias in zip(weights, biases, strict=True):
            fixed_point.check(weight, bias)
        exponents = stored.integers("tables.exponents", (EXPONENT_STEPS * EXPONENT_REACH,), 0, 1 << 32).astype(np.int64)
        if not exponents[0]:
            raise ModelError("tables.exponents: begins with 0; expected the exponential of 0 first")
        return cls(weights, biases, centres.astype(np.float64), exponents)

    @cached_property
    def digest(self) -> str:
        """Hexadecimal digest of the integers that both sides must share."""
        digest = hashlib.sha256()
        for array in (*self.weights, *self.biases, self.centres, self.exponents):
            digest.update(np.ascontiguousarray(array, np.int64).tobytes())
        return digest.hexdigest()[:16]

    def encode(self, symbols: np.ndarray) -> bytes:
        """Code a volume of symbols int64 (D, h, w), each in 0..5."""
        flat, coder = symbols.ravel(), RangeEncoder()
        coder.put(SENTINEL, SENTINEL, _even(len(self.centres)))

        def code(places: np.ndarray, cdfs: np.ndarray) -> np.ndarray:
            coder.put(flat[places], np.arange(len(places)), RangeTables.each(cdfs))
            return flat[places]

        self._walk(symbols.shape, code)
        return coder.finish()

    def decode(self, data: bytes, shape: tuple[int, int, int]) -> np.ndarray:
        """Decode symbols int64 of `shape` (D, h, w); the CRC of the bytes must have been checked."""
        if len(data) < 4 or len(data) % 4:
            raise BitstreamError(f"payload of {len(data)} bytes: expected a positive multiple of 4")
        coder = RangeDecoder(data)
        coder.take(SENTINEL, _even(len(self.centres)))
        symbols = np.zeros(shape, np.int64)

        def code(places: np.ndarray, cdfs: np.ndarray) -> np.ndarray:
            found = coder.take(np.arange(len(places)), RangeTables.each(cdfs)).astype(np.int64)
            if not ((found >= 0) & (found < len(self.centres))).all():
                raise BitstreamError("payload holds a symbol that no centre stands for")
            symbols.reshape(-1)[places] = found
            return found

        self._walk(shape, code)
        return symbols

    def values(self, symbols: np.ndarray) -> np.ndarray:
        """Return the symbols' centres, float32 of the same shape."""
        return (self.centres[symbols] / fixed_point.ONE).astype(np.float32)

    def _walk(self, shape: tuple[int, ...], code: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        """Process the waves in order; `code` turns (flat positions, counts (n, 8)) into symbols (n,)."""
        depth, height, width = shape
        padded = (depth + 1, height + 2, width + 2)
        volume = np.zeros((int(np.prod(padded)), 1))
        inner = [np.zeros((len(volume), len(bias))) for bias in self.biases[:3]]
        plane, row = padded[1] * padded[2], padded[2]
        looks = [
            np.array([d * plane + y * row + x for d, y, x in taps(strict=layer == "first")])[None] for layer in LAYERS
        ]
        for places in waves(depth, height, width):
            d, rest = np.divmod(places, height * width)
            y, x = np.divmod(rest, width)
            at = (d + 1) * plane + (y + 1) * row + x + 1

            def layer(i: int, source: np.ndarray, at: np.ndarray = at) -> np.ndarray:
                gathered = source[at[:, None] + looks[i]].reshape(len(at), -1)
                return fixed_point.matmul(gathered, self.weights[i], self.biases[i])

            inner[0][at] = np.maximum(layer(0, volume), 0)
            inner[1][at] = np.maximum(layer(1, inner[0]), 0)
            inner[2][at] = np.maximum(layer(2, inner[1]) + inner[0][at], 0)
            cdfs = self.counts(layer(3, inner[2]))
            volume[at, 0] = self.centres[code(places, cdfs)]

    def counts(self, logits: np.ndarray) -> np.ndarray:
        """Convert logits (n, 6) in steps to cumulative counts int64 (n, 8); the last symbol is the coder's escape."""
        below = (logits.max(axis=1, keepdims=True) - logits) * EXPONENT_STEPS
        places = np.minimum(below // fixed_point.ONE, len(self.exponents) - 1).astype(np.int64)
        weights = self.exponents[places]
        spare = TOTAL - 1 - logits.shape[1]
        counts = 1 + weights * spare // weights.sum(axis=1, keepdims=True)
        best = counts.argmax(axis=1)
        counts[np.arange(len(counts)), best] += TOTAL - 1 - counts.sum(axis=1)
        cumulative = np.zeros((len(counts), logits.shape[1] + 2), np.int64)
        cumulative[:, 1:-1] = np.cumsum(counts, axis=1)
        cumulative[:, -1] = TOTAL
        return cumulative


def waves(depth: int, height: int, width: int) -> Iterator[np.ndarray]:
    """Yield the flat positions (int64) of a volume, wave by wave."""
    return iter(_waves(depth, height, width))


@lru_cache(maxsize=8)
def _waves(depth: int, height: int, width: int) -> list[np.ndarray]:
    d, y, x = np.ogrid[0:depth, 0:height, 0:width]
    time = (4 * d + 2 * y + x).ravel()
    order = np.argsort(time, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(time[order])) + 1)


def _even(centres: int) -> RangeTables:
    """Table of the sentinel; its symbol has a probability close to 1."""
    return RangeTables.each(np.array([[0, *range(TOTAL - centres, TOTAL + 1)]]))
