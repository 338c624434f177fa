"""Entropy coding of latents with the published priors: integer tables and the range coder.

    payload = range coder( 0 0 | z | escaped symbols of z | latent | escaped symbols of the latent )        z: hyperprior only

Rows of the tables: one fixed row, then one for each density, then each density's second row (`prior_tables` explains why two).
The factorised prior has one density per channel; a hyperprior adds one for each of `scale_tables.scales()`. With a hyperprior,
the factorised densities code the hyperprior's latent z, and z selects the Gaussian of each symbol of the latent. That selection
is computed in integers (`fixed_point`), so that all machines agree.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from simnet.codec import model
from simnet.codec.bitstream import fixed_point, stored_tables
from simnet.codec.bitstream.entropy_tables import PRECISION
from simnet.codec.bitstream.range_coder import RangeDecoder, RangeEncoder, RangeTables
from simnet.codec.bitstream.stored_tables import MOST_CHANNELS, StoredTables
from simnet.codec.published import scale_tables
from simnet.errors import BitstreamError, ModelError

CERTAIN = np.array([0, (1 << PRECISION) - 1])
"""Row 0: the symbol 0 has a probability close to 1."""
SENTINEL = np.zeros(2, np.int64)
"""Symbols coded first, with row 0: bitstreams have had them since the coder was CompressAI's."""
LARGEST = 1 << 20
"""Symbols are clipped to this; z is clipped further, to the range of fixed-point networks."""
HYPER_SHRINK = 4
LARGEST_KERNEL = 15
LAYERS = (4, 5, 6)
"""Layers of the hyper-synthesis, by the authors' numbers."""


@dataclass(frozen=True)
class HyperSynthesis:
    """z -> index of the Gaussian: three transposed convolutions in steps, weights (in, out, k, k), biases (out,)."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    thresholds: np.ndarray

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Map integer z (C, h, w) to indices into `scale_tables.scales()`, int64 (C, 4h, 4w)."""
        reach = fixed_point.REACH / fixed_point.ONE
        values = np.clip(z, -reach, reach) * fixed_point.ONE
        last = len(self.weights) - 1
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = fixed_point.convolve_transposed(values, weight, bias, stride=1 if k == last else 2)
            values = values if k == last else np.maximum(values, 0)
        return np.searchsorted(self.thresholds, values, side="right")


@dataclass(frozen=True)
class SymbolCoder:
    """Coder tables that both sides share.

    `cdf` is uint16: the rows' cumulative counts without the last count (always 65,536). `lengths` and `firsts` are int32 (rows,):
    the counts in a row (the last one included), and the first symbol in the row.
    """

    cdf: np.ndarray
    lengths: np.ndarray
    firsts: np.ndarray
    hyper: HyperSynthesis | None

    @cached_property
    def digest(self) -> str:
        """Hexadecimal digest of the integers that both sides must share."""
        shared = [self.cdf, self.lengths, self.firsts]
        if self.hyper:
            shared += [*self.hyper.weights, *self.hyper.biases, self.hyper.thresholds]
        whole = [np.ascontiguousarray(array, np.int64).tobytes() for array in shared]
        return hashlib.sha256(b"".join(whole)).hexdigest()[:16]

    @property
    def densities(self) -> int:
        """Number of densities; each has two rows."""
        return len(self.lengths) // 2

    @property
    def channels(self) -> int:
        """Number of latent channels."""
        return self.densities - (scale_tables.LEVELS if self.hyper else 0)

    @cached_property
    def tables(self) -> RangeTables:
        """The rows in the coder's format. Their symbols are places in the row: `firsts` is added here."""
        return RangeTables.stored(self.cdf, self.lengths, np.zeros_like(self.firsts))

    def encode(self, latent: np.ndarray, z: np.ndarray | None = None) -> bytes:
        """Round and range-code a latent float32 (C, h, w), and its z float32 (C, h/4, w/4) if there is a hyperprior."""
        whole = rounded(latent)
        if z is None:
            runs = [(SENTINEL, SENTINEL), *self._runs(whole, self._of_channels(whole.shape))]
        else:
            small = rounded(z)
            runs = [(SENTINEL, SENTINEL), *self._runs(small, self._of_channels(small.shape))]
            runs += self._runs(whole, self._of_scales(small))
        coder = RangeEncoder()
        for symbols, rows in runs:
            coder.put(symbols, rows, self.tables)
        return coder.finish()

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """Decode a latent of height and width `size`, float32 (C, h, w); the CRC of the bytes must have been checked."""
        if len(data) < 4 or len(data) % 4:
            raise BitstreamError(f"payload of {len(data)} bytes: expected a positive multiple of 4")
        coder = RangeDecoder(data)
        coder.take(SENTINEL, self.tables)
        shape = (self.channels, *size)
        if self.hyper is None:
            return self._read(coder, self._of_channels(shape)).reshape(shape).astype(np.float32)
        small = (self.channels, size[0] // HYPER_SHRINK, size[1] // HYPER_SHRINK)
        z = self._read(coder, self._of_channels(small)).reshape(small)
        return self._read(coder, self._of_scales(z)).reshape(shape).astype(np.float32)

    def _runs(self, values: np.ndarray, density: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Symbols and rows: all values with their density's first row, then the escaped ones with its second row."""
        flat = values.ravel()
        # A first row holds an escape, its likely symbols, and the coder's own escape, never used.
        places = flat - self.firsts[density] + 1
        escaped = (places < 1) | (places > self.lengths[density] - 3)
        second = density[escaped] + self.densities
        return [(np.where(escaped, 0, places), density), (flat[escaped] - self.firsts[second], second)]

    def _read(self, coder: RangeDecoder, density: np.ndarray) -> np.ndarray:
        places = coder.take(density, self.tables).astype(np.int64)
        values = places - 1 + self.firsts[density]
        if (escaped := places == 0).any():
            second = density[escaped] + self.densities
            values[escaped] = coder.take(second, self.tables).astype(np.int64) + self.firsts[second]
        return values

    def _of_channels(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.repeat(np.arange(shape[0]) + 1, shape[1] * shape[2])

    def _of_scales(self, z: np.ndarray) -> np.ndarray:
        assert self.hyper is not None
        return self.hyper(z).ravel() + 1 + self.channels


def rounded(values: np.ndarray) -> np.ndarray:
    """Round a latent to the integers that are sent, int64, without an offset (the published convention)."""
    return np.rint(np.clip(values, -LARGEST, LARGEST)).astype(np.int64)


def scale_thresholds() -> np.ndarray:
    """Thresholds between successive `scale_tables.scales()`, where the nearest changes: int32, in steps of `fixed_point`."""
    scales = scale_tables.scales()
    return np.rint(np.sqrt(scales[1:] * scales[:-1]) * fixed_point.ONE).astype(np.int32)


@lru_cache(maxsize=16)
def read(chosen: model.Model) -> SymbolCoder:
    """Read the coder from a model's tables; ModelError if its hyper-synthesis is not exact."""
    with stored_tables.reading(chosen.folder / model.WEIGHTS) as (get, names):
        stored = StoredTables(get, names)
        rows = stored.rows("tables.", (None,), "firsts")
        coder = SymbolCoder(*rows, _read_hyper(stored) if "tables.thresholds" in stored else None)
        if len(coder.lengths) % 2 == 0 or not 1 <= coder.channels <= MOST_CHANNELS:
            raise ModelError(f"tables.lengths: {len(coder.lengths)} rows; expected one, and two for each density")
        if coder.hyper and len(coder.hyper.weights[0]) != coder.channels:
            raise ModelError(
                f"tables.h{LAYERS[0]}.weight: for {len(coder.hyper.weights[0])} channels; expected {coder.channels}"
            )
        return coder


def _read_hyper(stored: StoredTables) -> HyperSynthesis:
    """Read a hyper-synthesis whose layers fit each other and end with as many channels as they begin with."""
    weights, biases, channels, first = [], [], None, None
    for k in LAYERS:
        out = first if k == LAYERS[-1] else None
        weight = stored.integers(f"tables.h{k}.weight", (channels, out, None, None)).astype(np.float64)
        size = weight.shape[2]
        if size != weight.shape[3] or size % 2 == 0 or size > LARGEST_KERNEL:
            raise ModelError(
                f"tables.h{k}.weight: kernels of {weight.shape[2:]}; expected odd squares up to {LARGEST_KERNEL}"
            )
        bias = stored.integers(f"tables.h{k}.bias", (weight.shape[1],)).astype(np.float64)
        fixed_point.check(weight.transpose(1, 0, 2, 3), bias)
        weights.append(weight)
        biases.append(bias)
        channels, first = weight.shape[1], first or len(weight)
    thresholds = stored.integers("tables.thresholds", (scale_tables.LEVELS - 1,))
    if (np.diff(thresholds) < 0).any():
        raise ModelError("tables.thresholds: expected growing numbers")
    return HyperSynthesis(tuple(weights), tuple(biases), thresholds)
