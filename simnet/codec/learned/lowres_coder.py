"""Entropy coding of the low-resolution backbone: integer tables, the choice of a prior for z, and the four passes.

    payload: index of z's prior, 1 byte | range-coded z, then the symbols of each pass

The caller provides the networks' output, the means of a pass, as floats; they select no table. A symbol with the narrowest table
is not sent; both sides take it as 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from simnet.codec.bitstream.range_coder import RangeDecoder, RangeEncoder, RangeTables
from simnet.codec.bitstream.stored_tables import StoredTables
from simnet.codec.learned.lowres_indexes import LARGEST_Z, IndexMaps, magnitudes, places
from simnet.codec.learned.lowres_layout import PASSES, REDUCTION
from simnet.errors import BitstreamError, ModelError

PRECISION = 16
MOST_PRIORS = 256
"""Most priors of z: a byte names one."""
MOST_COSTS = 1 << 25
"""Most entries of the table of bits of z's symbols."""
LARGEST_SYMBOL = (1 << 15) - 1
"""Largest magnitude of a residual; both sides clip to it."""
ESCAPE_BITS = 24.0
"""Approximate cost of a symbol beyond its table."""

Means = Callable[[int, np.ndarray], np.ndarray]
"""Function of a pass number and the scaled latent decoded so far, float32 (C, h, w); returns means float32 (C, h, w)."""


@dataclass(frozen=True)
class IntegerTables:
    """Cumulative tables: `cdf` uint16, rows without the last count (65,536); lengths include it; `offsets` of first symbols."""

    cdf: np.ndarray
    lengths: np.ndarray
    offsets: np.ndarray

    @cached_property
    def tables(self) -> RangeTables:
        """The same tables in the coder's format."""
        return RangeTables.stored(self.cdf, self.lengths, self.offsets)

    def costs(self) -> tuple[np.ndarray, int]:
        """Cost in bits of every symbol of every table, float32 (tables, symbols), and the symbol of the first column."""
        ends = self.offsets + self.lengths - 2
        first, last = int(self.offsets.min()) - 1, int(ends.max()) + 1
        bits = np.full((len(self.lengths), last - first + 1), ESCAPE_BITS, np.float32)
        for table in range(len(self.tables)):
            sizes = np.diff(self.tables.table(table)[:-1])
            begin = int(self.offsets[table]) - first
            bits[table, begin : begin + len(sizes)] = PRECISION - np.log2(sizes)
        return bits, first


class PassTurn(NamedTuple):
    """A pass that is to be coded: its number, table indexes by `places`, means (C, h, w), and the latent so far (C, h, w)."""

    number: int
    indexes: list[np.ndarray]
    mean: np.ndarray
    y_hat: np.ndarray


@dataclass(frozen=True)
class LowresCoder:
    """Data that both sides share: tables of the residuals, of z (prior by prior, channel by channel), index maps."""

    gaussians: IntegerTables
    priors: IntegerTables
    hyper: int
    """Number of channels of z."""
    maps: IndexMaps

    @classmethod
    def read(cls, get: Callable[[str], np.ndarray], names: Collection[str]) -> LowresCoder:
        """Read the tables from a checkpoint; ModelError if weights are too large for exact sums."""
        stored = StoredTables(get, names)
        gaussians = IntegerTables(*stored.rows("tables.latent.", (None,)))
        maps = IndexMaps.read(get, names, len(gaussians.lengths) - 1)
        priors, hyper = IntegerTables(*stored.rows("tables.z.", (None,))), maps.hyper.shape[1]
        count, rest = divmod(len(priors.lengths), hyper)
        if rest or count > MOST_PRIORS:
            raise ModelError(
                f"tables.z.lengths: {len(priors.lengths)} rows; expected up to {MOST_PRIORS} for each of {hyper} channels"
            )
        ends = priors.offsets.astype(np.int64) + priors.lengths
        if (symbols := int(ends.max() - priors.offsets.min())) * len(priors.lengths) > MOST_COSTS:
            raise ModelError(f"tables.z: {symbols} symbols in {len(priors.lengths)} rows; expected symbols around 0")
        return cls(gaussians, priors, hyper, maps)

    @cached_property
    def digest(self) -> str:
        """Hexadecimal digest of the integers that both sides must share."""
        digest = hashlib.sha256()
        for tables in (self.gaussians, self.priors):
            for array in (tables.cdf, tables.lengths, tables.offsets):
                digest.update(np.ascontiguousarray(array, np.int64).tobytes())
        for array in (self.maps.hyper, self.maps.banks, self.maps.own, self.maps.groups):
            digest.update(np.ascontiguousarray(array, np.int64).tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def _costs(self) -> tuple[np.ndarray, int]:
        bits, first = self.priors.costs()
        return bits.reshape(-1, self.hyper, bits.shape[1]), first

    def choose_prior(self, z: np.ndarray) -> int:
        """Choose the prior that codes integer z (hyper, h', w') in the fewest bits."""
        bits, first = self._costs
        columns = np.clip(z.reshape(self.hyper, -1).astype(np.int64) - first, 0, bits.shape[2] - 1)
        return int(bits[:, np.arange(self.hyper)[:, None], columns].sum(axis=(1, 2)).argmin())

    def encode(self, u: np.ndarray, z: np.ndarray, step: int, means: Means) -> bytes:
        """Code a scaled latent float32 (C, h, w) given z (hyper, h', w') from `whole_z`, at a quality step."""
        prior = self.choose_prior(z)
        coder = RangeEncoder()
        coder.put(z.ravel(), *self.tables_of_z(z.shape, prior))

        def code(number: int, indexes: list[np.ndarray], mean: np.ndarray) -> list[np.ndarray]:
            symbols = []
            for where, index in zip(places(number, len(u)), indexes, strict=True):
                rest = np.clip(np.rint(u[where] - mean[where]), -LARGEST_SYMBOL, LARGEST_SYMBOL)
                symbols.append(np.where(index > 0, rest, 0.0).astype(np.int64))
            tables = np.concatenate([index.ravel() for index in indexes])
            sent = np.concatenate([each.ravel() for each in symbols])[tables > 0]
            coder.put(sent, tables[tables > 0], self.gaussians.tables)
            return symbols

        self._walk(z, u.shape[1:], step, means, code)
        return bytes([prior]) + coder.finish()

    def open(self, data: bytes, size: tuple[int, int]) -> tuple[np.ndarray, Callable[[int, Means], np.ndarray]]:
        """Start to decode a payload with a valid CRC: integer z float32 (hyper, h', w'), and a function that decodes the rest.

        The function takes quality step and means, and returns the scaled latent float32 (C, *size).

        Raises:
            BitstreamError: It is not a payload of this codec.
        """
        if len(data) < 5 or len(data) % 4 != 1:
            raise BitstreamError(f"payload of {len(data)} bytes: expected one more than a positive multiple of 4")
        prior, count = data[0], len(self.priors.lengths) // self.hyper
        if prior >= count:
            raise BitstreamError(f"payload names prior {prior}; expected one below {count}")
        shape = (self.hyper, *(-(-side // REDUCTION) for side in size))
        coder = RangeDecoder(data[1:])
        z = whole_z(coder.take(*self.tables_of_z(shape, prior)).astype(np.float64).reshape(shape))

        def code(number: int, indexes: list[np.ndarray], mean: np.ndarray) -> list[np.ndarray]:
            del number, mean
            tables = np.concatenate([index.ravel() for index in indexes])
            whole = np.zeros(len(tables), np.int64)
            sent = tables > 0
            whole[sent] = np.clip(coder.take(tables[sent], self.gaussians.tables), -LARGEST_SYMBOL, LARGEST_SYMBOL)
            parts = np.split(whole, np.cumsum([index.size for index in indexes])[:-1])
            return [each.reshape(index.shape) for each, index in zip(parts, indexes, strict=True)]

        return z, lambda step, means: self._walk(z, size, step, means, code)

    def passes(
        self, z: np.ndarray, size: tuple[int, ...], step: int, means: Means
    ) -> Generator[PassTurn, list[np.ndarray], np.ndarray]:
        """Yield the passes in order, take each one's integer symbols by `places`, return the scaled latent (C, *size)."""
        channels, (height, width) = self.maps.channels, size
        first = self.maps.first(z, (height, width))
        y_hat = np.zeros((channels, height, width), np.float32)
        magnitude = np.zeros((channels, height + 2, width + 2))
        inner = magnitude[:, 1:-1, 1:-1]
        for number in range(PASSES):
            mean = means(number, y_hat)
            indexes = list(self.maps.indexes(number, first, magnitude, step))
            coded = yield PassTurn(number, indexes, mean, y_hat)
            for where, symbols in zip(places(number, channels), coded, strict=True):
                y_hat[where] = symbols + mean[where]
                if number + 1 < PASSES:
                    inner[where] = magnitudes(symbols)
        return y_hat

    def _walk(
        self,
        z: np.ndarray,
        size: tuple[int, ...],
        step: int,
        means: Means,
        code: Callable[[int, list[np.ndarray], np.ndarray], list[np.ndarray]],
    ) -> np.ndarray:
        """Run the passes in order; `code` turns (pass, table indexes, means) into integer symbols, by `places`."""
        turns = self.passes(z, size, step, means)
        try:
            turn = next(turns)
            while True:
                turn = turns.send(code(turn.number, turn.indexes, turn.mean))
        except StopIteration as end:
            return end.value

    def tables_of_z(self, shape: tuple[int, ...], prior: int) -> tuple[np.ndarray, RangeTables]:
        """Return each symbol's table, and the tables of a prior, one a channel."""
        first = prior * self.hyper
        return np.repeat(np.arange(self.hyper), shape[1] * shape[2]), self.priors.tables.between(
            first, first + self.hyper
        )


def whole_z(z: np.ndarray) -> np.ndarray:
    """Round and clip z, float32; both sides use the result."""
    return np.clip(np.rint(z), -LARGEST_Z, LARGEST_Z).astype(np.float32)
