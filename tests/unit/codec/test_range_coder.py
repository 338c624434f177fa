"""simnet's range coder: the bytes of CompressAI's, symbols back, zeros behind the end, several threads at once."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec.bitstream import entropy_library, entropy_tables
from simnet.codec.bitstream.range_coder import RangeDecoder, RangeEncoder, RangeTables
from simnet.errors import ModelError

FAR = 1 << 25
"""CompressAI's coder takes no symbols whose rest has more than seven groups of bits."""


def library(name: str) -> ModuleType:
    """A module of CompressAI; skips the test where it is not installed."""
    try:
        return entropy_library.part(name)
    except ModelError as error:
        pytest.skip(str(error))


@dataclass
class Sample:
    """Symbols, the table of each, and the tables as lists."""

    symbols: np.ndarray
    indexes: np.ndarray
    lists: list[list[int]]
    offsets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        return np.array([len(table) for table in self.lists])

    @property
    def tables(self) -> RangeTables:
        cdf = np.concatenate([table[:-1] for table in self.lists]).astype(np.uint16)
        return RangeTables.stored(cdf, self.lengths, self.offsets)

    def arguments(self) -> tuple[list[int], list[list[int]], list[int], list[int]]:
        return self.indexes.tolist(), self.lists, self.lengths.tolist(), self.offsets.tolist()


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    inner = [rng.choice(np.arange(1, 1 << 16), rng.integers(1, 60), replace=False) for _ in range(rng.integers(1, 6))]
    lists = [[0, *sorted(each.tolist()), 1 << 16] for each in inner]
    count, spread = draw(st.integers(2, 300)), 10.0 ** draw(st.integers(0, 7))
    symbols = np.clip(rng.normal(0, spread, count), -FAR, FAR).astype(np.int64)
    return Sample(symbols, rng.integers(0, len(lists), count), lists, rng.integers(-30, 10, len(lists)))


def coded(sample: Sample, cut: int) -> bytes:
    coder = RangeEncoder()
    coder.put(sample.symbols[:cut], sample.indexes[:cut], sample.tables)
    coder.put(sample.symbols[cut:], sample.indexes[cut:], sample.tables)
    return coder.finish()


def decoded(data: bytes, sample: Sample, cut: int) -> np.ndarray:
    coder = RangeDecoder(data)
    first = coder.take(sample.indexes[:cut], sample.tables)
    return np.concatenate([first, coder.take(sample.indexes[cut:], sample.tables)])


@settings(max_examples=100, deadline=None)
@given(samples(), st.integers(0, 300))
def test_bytes_are_those_of_compressai(sample: Sample, cut: int) -> None:
    expected = library("ans").RansEncoder().encode_with_indexes(sample.symbols.tolist(), *sample.arguments())
    assert coded(sample, cut) == expected


@settings(max_examples=100, deadline=None)
@given(samples(), st.integers(0, 300))
def test_symbols_come_back(sample: Sample, cut: int) -> None:
    np.testing.assert_array_equal(decoded(coded(sample, cut), sample, cut), sample.symbols)


@settings(max_examples=100, deadline=None)
@given(samples(), st.binary(min_size=4, max_size=200) | st.integers(1, 50).map(lambda words: b"\xff" * (4 * words)))
def test_any_payload_gives_the_symbols_of_compressai_with_zeros_behind(sample: Sample, data: bytes) -> None:
    data = data[: len(data) // 4 * 4]
    coder = library("ans").RansDecoder()
    coder.set_stream(data + bytes(16 * (len(data) + len(sample.symbols))))
    assert decoded(data, sample, 100).tolist() == coder.decode_stream(*sample.arguments())


def test_bytes_stay_what_they_are() -> None:
    """The same check where CompressAI is not installed."""
    lists = [[0, 1, 30_000, 65_535, 1 << 16], [0, 65_535, 1 << 16], [0, *range(100, 60_000, 200), 1 << 16]]
    symbols = np.array([((7 * i * i) % 2003 - 900) * 17 ** (i % 5) for i in range(600)])
    sample = Sample(symbols, np.arange(600) % 3, lists, np.array([-1, 0, -150]))
    data = coded(sample, 77)
    assert (len(data), hashlib.sha256(data).hexdigest()[:16]) == (2644, "44a3d984035a0abb")
    np.testing.assert_array_equal(decoded(data, sample, 500), symbols)


@pytest.mark.parametrize("symbol", [-(1 << 30), 1 << 30, -(1 << 28), (1 << 28) + 1])
def test_farthest_symbols_come_back(symbol: int) -> None:
    sample = Sample(np.array([symbol, 0, symbol]), np.zeros(3, np.int64), [[0, 9, 1 << 16]], np.zeros(1, np.int64))
    assert decoded(coded(sample, 1), sample, 2).tolist() == [symbol, 0, symbol]


def test_stream_of_nothing_is_its_state() -> None:
    data = RangeEncoder().finish()
    assert data == (1 << 31).to_bytes(8, "little")
    assert len(RangeDecoder(data).take(np.zeros(0, np.int64), RangeTables.each(np.array([[0, 9, 1 << 16]])))) == 0


def test_table_that_is_not_there_is_refused() -> None:
    tables = RangeTables.each(np.array([[0, 9, 1 << 16]]))
    for index in (-1, 1):
        with pytest.raises(IndexError, match="not there"):
            RangeDecoder(bytes(8)).take(np.array([index]), tables)
        coder = RangeEncoder()
        coder.put(np.array([0]), np.array([index]), tables)
        with pytest.raises(IndexError, match="not there"):
            coder.finish()


def test_tables_between_are_the_same_tables() -> None:
    sample = Sample(
        np.arange(4), np.array([0, 1, 1, 0]), [[0, 5, 1 << 16], [0, 2, 9, 1 << 16], [0, 7, 1 << 16]], np.arange(3)
    )
    part = sample.tables.between(1, 3)
    assert [part.table(each).tolist() for each in range(len(part))] == sample.lists[1:]
    coder = RangeEncoder()
    coder.put(sample.symbols, sample.indexes, part)
    moved = Sample(sample.symbols, sample.indexes + 1, sample.lists, sample.offsets)
    assert coder.finish() == coded(moved, 2)


def test_threads_do_not_disturb_each_other() -> None:
    rng = np.random.default_rng(5)
    table = [0, *range(1000, 61_000, 500), 1 << 16]
    many = [
        Sample(rng.integers(-50, 200, 3000), np.zeros(3000, np.int64), [table], np.zeros(1, np.int64)) for _ in range(8)
    ]
    alone = [coded(sample, 1000) for sample in many]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(coded, many * 5, [1000] * 40))
        back = list(pool.map(decoded, together, many * 5, [7] * 40))
    assert together == alone * 5
    assert all((found == sample.symbols).all() for found, sample in zip(back, many * 5, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 400), st.floats(0.01, 600))
def test_counts_of_probabilities_are_those_of_compressai(seed: int, count: int, spread: float) -> None:
    mass = np.random.default_rng(seed).exponential(1, count) ** (spread / 10)
    mass *= np.random.default_rng(seed).uniform(0.5, 1) / mass.sum()
    rest = max(1e-9, 1.0 - float(mass.sum()))
    expected = library("_CXX").pmf_to_quantized_cdf([*mass.tolist(), rest], entropy_tables.PRECISION)
    assert entropy_tables.quantised(mass).tolist() == expected
