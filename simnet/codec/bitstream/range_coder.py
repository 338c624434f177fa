"""Range coder of learned codecs: rANS on arrays, outside the interpreter's lock.

    symbols, indexes ──RangeEncoder──▶ bytes ──RangeDecoder──▶ symbols        indexes: which table codes each symbol

The bytes are those of CompressAI's `ans`: a 64-bit state, 32-bit words, 16-bit tables whose last entry is an escape, and after
an escape the number of nibbles of the rest and the nibbles, four bits each. The loops are `rans_program`, run by wasmtime:
start-up takes 40 ms and 8 MB (numba, the usual choice, takes 300 ms and 65 MB, needs a cache that can be written, and admits a
new numpy or Python months late), and the program cannot touch memory that is not its own, whatever a payload holds.
"""

from __future__ import annotations

import itertools
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
import wasmtime

from simnet.codec.bitstream.rans_program import HEADER, PROGRAM
from simnet.errors import ModelError

TOTAL = 1 << 16
"""Last cumulative count of every table."""
LOWEST = 1 << 31
"""First state of an encoder."""
WORDS = 2
"""Most words a symbol takes: 16 bits of its table, 4 of its number of nibbles, 32 of nibbles."""
PAGE = 1 << 16
"""Bytes by which the program's memory grows."""
LAYOUT = struct.Struct("<QIIIIIIII")
"""The program's header."""


@dataclass(frozen=True, eq=False)
class RangeTables:
    """Cumulative tables: `counts` int32, table by table: 0, the end of each symbol, and 65,536, the end of the escape.

    `places` int32 (tables, 3): a table's first count, number of symbols without the escape, first symbol.
    """

    counts: np.ndarray
    places: np.ndarray

    @classmethod
    def stored(cls, cdf: np.ndarray, lengths: np.ndarray, offsets: np.ndarray) -> RangeTables:
        """Build tables from the counts of a checkpoint, which has no last ones; `lengths` (any shape) includes them."""
        ends = np.cumsum(lengths.ravel(), dtype=np.int64)
        counts = np.full(int(ends[-1]), TOTAL, np.int32)
        kept = np.ones(len(counts), np.bool_)
        kept[ends - 1] = False
        counts[kept] = cdf
        places = np.stack([ends - lengths.ravel(), lengths.ravel() - 2, offsets.ravel()], axis=1)
        return cls(counts, places.astype(np.int32))

    @classmethod
    def each(cls, counts: np.ndarray) -> RangeTables:
        """Build a table from every row of counts (n, length); its first symbol is 0."""
        tables, length = counts.shape
        first = np.arange(tables) * length
        places = np.stack([first, np.full(tables, length - 2), np.zeros(tables, np.int64)], axis=1)
        return cls(_int32(counts).ravel(), places.astype(np.int32))

    def __len__(self) -> int:
        return len(self.places)

    def table(self, number: int) -> np.ndarray:
        """Return the counts of one table."""
        first, known, _ = self.places[number]
        return self.counts[first : first + known + 2]

    def between(self, start: int, stop: int) -> RangeTables:
        """Return the tables of these numbers; they are counted from 0 then."""
        first = self.places[start, 0]
        end = self.places[stop - 1, :2].sum() + 2
        return RangeTables(self.counts[first:end], self.places[start:stop] - np.array([first, 0, 0], np.int32))


class RangeEncoder:
    """Takes symbols in the order in which they are decoded, and codes them at the end: the coder works backwards."""

    def __init__(self) -> None:
        self._runs: list[tuple[np.ndarray, np.ndarray, RangeTables]] = []

    def put(self, symbols: np.ndarray, indexes: np.ndarray, tables: RangeTables) -> None:
        """Add integer symbols (n,), each with the number of its table."""
        self._runs.append((_int32(symbols), _int32(indexes), tables))

    def finish(self) -> bytes:
        """Return the bitstream of all symbols."""
        state, words = LOWEST, b""
        with _program() as program:
            for symbols, indexes, tables in reversed(self._runs):
                room = np.empty(WORDS * len(symbols) + WORDS, np.uint32)
                start, *_ = program.place(room, symbols, indexes, tables)
                state, begin = program.run("encode", state, start + room.nbytes)
                words = program.copy(begin, start + room.nbytes) + words
        return state.to_bytes(8, "little") + words


class RangeDecoder:
    """Decodes a bitstream run by run. Behind the end of a payload there are zeros, so any payload gives symbols."""

    def __init__(self, data: bytes) -> None:
        whole = data.ljust(8, b"\0") + bytes(-len(data) % 4)
        self._state, self._words = int.from_bytes(whole[:8], "little"), np.frombuffer(whole, "<u4", offset=8)

    def take(self, indexes: np.ndarray, tables: RangeTables) -> np.ndarray:
        """Decode the next symbols, int32 (n,), from the number of each one's table."""
        symbols = np.empty(len(indexes), np.int32)
        with _program() as program:
            start, place = program.place(self._words, symbols, _int32(indexes), tables)
            self._state, reached = program.run("decode", self._state, start)
            symbols = np.frombuffer(program.copy(place, place + symbols.nbytes), "<i4")
        self._words = self._words[(reached - start) // 4 :]
        return symbols


class _Program:
    """One instance of `rans_program`, with memory of its own; one thread uses it at a time."""

    def __init__(self) -> None:
        engine, module = _compiled()
        self._store = wasmtime.Store(engine)
        exports = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._memory = cast("wasmtime.Memory", exports["memory"])
        self._functions = {name: cast("wasmtime.Func", exports[name]) for name in ("encode", "decode")}
        self._bytes = self._view()
        self._tables: RangeTables | None = None
        """The tables in the program's memory."""
        self._rest: list[int] = []
        """The header behind the address of the next word."""

    def place(
        self, words: np.ndarray, symbols: np.ndarray, indexes: np.ndarray, tables: RangeTables
    ) -> tuple[int, int]:
        """Copy arrays into the program's memory, which grows if need be; return the addresses of words and symbols."""
        arrays = (tables.counts, tables.places, words, symbols, indexes)
        *at, end = itertools.accumulate((array.nbytes + -array.nbytes % 8 for array in arrays), initial=HEADER)
        if end > len(self._bytes):
            self._memory.grow(self._store, -(-(end - len(self._bytes)) // PAGE))
            self._bytes = self._view()
        # Tables lie in front: those of the run before are still there.
        kept = 2 if tables is self._tables else 0
        self._tables = tables
        for address, array in zip(at[kept:], arrays[kept:], strict=True):
            self._bytes[address : address + array.nbytes] = array.reshape(-1).view(np.uint8)
        self._rest = [at[2] + words.nbytes, at[3], at[4], len(symbols), at[0], at[1], len(tables)]
        return at[2], at[3]

    def run(self, name: str, state: int, at: int) -> tuple[int, int]:
        """Run `encode` or `decode` from a state and the address of its next word, and return what they are then.

        The interpreter's lock is free meanwhile.
        """
        self._bytes[:HEADER] = np.frombuffer(LAYOUT.pack(state, at, *self._rest), np.uint8)
        if self._functions[name](self._store):
            raise IndexError("the range coder was given the number of a table that is not there")
        state, at, *_ = LAYOUT.unpack(self.copy(0, HEADER))
        return state, at

    def copy(self, start: int, stop: int) -> bytes:
        """Return a copy of a part of the program's memory."""
        return self._bytes[start:stop].tobytes()

    def _view(self) -> np.ndarray:
        return np.ctypeslib.as_array(self._memory.get_buffer_ptr(self._store))


_IDLE: list[_Program] = []
"""Programs that nobody uses: as many as threads have coded at the same time. Each reserves 4 GiB of addresses, not of memory."""
_COMPILING = threading.Lock()


@contextmanager
def _program() -> Iterator[_Program]:
    try:
        program = _IDLE.pop()
    except IndexError:
        program = None
    try:
        program = program or _Program()
        yield program
    except wasmtime.WasmtimeError as error:
        raise ModelError("the range coder gets no memory; expected 4 GiB of free addresses (ulimit -v)") from error
    _IDLE.append(program)


def _compiled() -> tuple[wasmtime.Engine, wasmtime.Module]:
    with _COMPILING:
        return _compiled_once()


@cache
def _compiled_once() -> tuple[wasmtime.Engine, wasmtime.Module]:
    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, PROGRAM)


def _int32(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, "<i4")
