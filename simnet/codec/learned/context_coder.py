"""Coding of a latent with the checkerboard context model, in fixed point (`fixed_point`), so that all machines agree.

The model is trained as `context_networks.Context`. Every pass predicts a mean and a scale for each symbol from the values decoded
so far; the scale selects one of LEVELS integer tables of a Gaussian. A symbol with the narrowest table is not sent; both sides
take it as 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simnet.codec.bitstream import fixed_point
from simnet.codec.bitstream.framing import QUALITY_STEPS
from simnet.codec.bitstream.range_coder import RangeDecoder, RangeEncoder, RangeTables
from simnet.codec.bitstream.stored_tables import MOST_CHANNELS, StoredTables
from simnet.errors import BitstreamError, ModelError

LARGEST_SYMBOL = 1 << 24
"""Symbols are clipped to this before coding; the coder takes 32 bits."""
LEVELS = 64
STEPS = QUALITY_STEPS + 1
PER_E_FOLD = 8
"""Number of tables per factor e of scale."""
SMALLEST_SCALE = 0.11
GAIN_ONE = float(1 << 20)
"""Steps of a gain of 1: finer than other values, because gains span a factor of a hundred."""
NEGATIVE_SLOPE_SHIFT = 3
SENTINEL = np.zeros(2, np.int32)
"""Symbols coded before every latent, with table 0: bitstreams have had them since the coder was CompressAI's."""


def scales() -> np.ndarray:
    """Standard deviations of the tables, float64 (LEVELS,)."""
    return SMALLEST_SCALE * np.exp(np.arange(LEVELS) / PER_E_FOLD)


@dataclass(frozen=True)
class Layers:
    """Layers of a pass in steps: `first` (hidden, 3, 3, seen) or None, `bias` (256, hidden), 1x1 layers (out, in) and (out,)."""

    first: np.ndarray | None
    bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    third: np.ndarray
    third_bias: np.ndarray

    def __call__(self, seen: np.ndarray, mask: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Seen values (h, w, C) -> mean and log scale (n, group) at the n squares of `mask` (h, w), all in steps."""
        if self.first is None:
            rows = np.repeat(self.bias[step][None].astype(np.float64), int(mask.sum()), axis=0)
        else:
            rows = fixed_point.convolve_at(seen, self.first, self.bias[step], mask)
        rows = fixed_point.leaky(rows, NEGATIVE_SLOPE_SHIFT)
        rows = fixed_point.leaky(fixed_point.matmul(rows, self.second, self.second_bias), NEGATIVE_SLOPE_SHIFT)
        mean, scale = np.split(fixed_point.matmul(rows, self.third, self.third_bias), 2, axis=1)
        return mean, scale


@dataclass(frozen=True)
class ContextCoder:
    """Data that both sides share. Arrays as stored with the checkpoint; `gain`, `inverse`, `log_gain` (256, C)."""

    groups: tuple[int, ...]
    passes: tuple[Layers, ...]
    gain: np.ndarray
    inverse: np.ndarray
    log_gain: np.ndarray
    cdf: np.ndarray
    lengths: np.ndarray
    offsets: np.ndarray

    @classmethod
    def read(cls, get: Callable[[str], np.ndarray], names: Collection[str]) -> ContextCoder:
        """Read the arrays that `arrays` made from a checkpoint; ModelError if weights are too large for exact sums."""
        stored = StoredTables(get, names)

        def layers(index: int) -> Layers:
            front, group = f"tables.pass{index}.", groups[index // 2]
            seen = sum(groups[: (index + 1) // 2])
            bias = stored.integers(f"{front}bias", (STEPS, None))
            first = None
            if seen:
                first = stored.integers(f"{front}first", (bias.shape[1], seen, 3, 3)).transpose(0, 2, 3, 1)
            second = stored.integers(f"{front}second", (None, bias.shape[1]))
            third = stored.integers(f"{front}third", (2 * group, len(second)))
            biases = (
                stored.integers(f"{front}{name}_bias", (len(each),))
                for name, each in (("second", second), ("third", third))
            )
            rest = [each for pair in zip((second, third), biases, strict=True) for each in pair]
            for weight, offset in ((first, bias.max(axis=0)), (rest[0], rest[1]), (rest[2], rest[3])):
                if weight is not None:
                    fixed_point.check(weight, offset)
            whole = [
                array if array is None else np.ascontiguousarray(array, np.float64) for array in (first, bias, *rest)
            ]
            return Layers(whole[0], *whole[1:])  # type: ignore[arg-type]  # only the first can be None

        groups = tuple(stored.integers("tables.groups", (None,), 1, MOST_CHANNELS).tolist())
        if sum(groups) > MOST_CHANNELS:
            raise ModelError(f"tables of {sum(groups)} channels; expected up to {MOST_CHANNELS}")
        size, reach = (STEPS, sum(groups)), 1 << 31
        gain, inverse, log_gain = (
            stored.integers(f"tables.{name}", size, -reach, reach) for name in ("gain", "inverse", "log_gain")
        )
        passes = tuple(layers(i) for i in range(2 * len(groups)))
        return cls(groups, passes, gain, inverse, log_gain, *stored.rows("tables.", (LEVELS,)))

    @property
    def channels(self) -> int:
        """Number of latent channels."""
        return sum(self.groups)

    @cached_property
    def digest(self) -> str:
        """Hexadecimal digest of the integers that both sides must share."""
        digest = hashlib.sha256(repr(self.groups).encode())
        for layers in self.passes:
            for array in vars(layers).values():
                digest.update(b"" if array is None else np.ascontiguousarray(array, np.int64).tobytes())
        for array in (self.gain, self.inverse, self.log_gain, self.cdf, self.lengths, self.offsets):
            digest.update(np.ascontiguousarray(array, np.int64).tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def tables(self) -> RangeTables:
        """The coder's tables, one for each of `scales()`."""
        return RangeTables.stored(self.cdf, self.lengths, self.offsets)

    def encode_latent(self, latent: np.ndarray, step: int) -> bytes:
        """Range-code a latent float32 (C, h, w), unscaled, at quality step `step`."""
        scaled = latent.transpose(1, 2, 0) * (self.gain[step] / GAIN_ONE)
        coder = RangeEncoder()
        coder.put(SENTINEL, SENTINEL, self.tables)

        def code(mask: np.ndarray, own: slice, centre: np.ndarray, index: np.ndarray) -> np.ndarray:
            rest = np.rint(scaled[mask, own] - centre / fixed_point.ONE)
            rounded = np.where(index > 0, np.clip(rest, -LARGEST_SYMBOL, LARGEST_SYMBOL), 0.0)
            sent = index > 0
            coder.put(rounded[sent], index[sent], self.tables)
            return rounded

        self._walk(latent.shape[1:], step, code)
        return coder.finish()

    def decode_latent(self, data: bytes, size: tuple[int, int], step: int) -> np.ndarray:
        """Decode the latent in the synthesis's input format, float32 (C, h, w); the CRC of the bytes must have been checked."""
        if len(data) < 4 or len(data) % 4:
            raise BitstreamError(f"payload of {len(data)} bytes: expected a positive multiple of 4")
        coder = RangeDecoder(data)
        coder.take(SENTINEL, self.tables)

        def code(mask: np.ndarray, own: slice, centre: np.ndarray, index: np.ndarray) -> np.ndarray:
            del mask, own, centre
            symbols = np.zeros(index.shape)
            sent = index > 0
            symbols[sent] = coder.take(index[sent], self.tables)
            return symbols

        return self._walk(size, step, code)

    def _walk(
        self,
        size: tuple[int, ...],
        step: int,
        code: Callable[[np.ndarray, slice, np.ndarray, np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Run the passes in order; `code` turns (squares, channels, means, tables) into symbols (n, group)."""
        height, width = size
        even = np.add.outer(np.arange(height), np.arange(width)) % 2 == 0
        values = np.zeros((height, width, self.channels))
        start = 0
        for number, layers in enumerate(self.passes):
            group = self.groups[number // 2]
            own, mask = slice(start, start + group), ~even if number % 2 else even
            if mask.any():
                seen = values[..., : start + group] if number % 2 else values[..., :start]
                mean, log_scale = layers(seen, mask, step)
                centre = np.floor(mean * self.gain[step, own] / GAIN_ONE)
                index = table_of(log_scale + self.log_gain[step, own])
                scaled = code(mask, own, centre, index) * fixed_point.ONE + centre
                unscaled = np.floor(scaled * self.inverse[step, own] / GAIN_ONE)
                values[mask, own] = np.clip(unscaled, -fixed_point.REACH, fixed_point.REACH)
            start += group if number % 2 else 0
        return np.ascontiguousarray((values / fixed_point.ONE).transpose(2, 0, 1), dtype=np.float32)


def table_of(log_scale: np.ndarray) -> np.ndarray:
    """Index of the nearest table for a log scale in steps; int64 in [0, LEVELS)."""
    width = fixed_point.ONE // PER_E_FOLD
    lowest = round(float(np.log(SMALLEST_SCALE)) * fixed_point.ONE)
    return np.clip(np.floor((log_scale - lowest + width // 2) / width), 0, LEVELS - 1).astype(np.int64)
