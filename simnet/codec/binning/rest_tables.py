"""Tables of planes, and of what planes leave open of symbols, made from the tables of whole symbols in integers alone.

after plane 0        the symbol, which is not 0
after plane k >= 1   its magnitude above the least that it can have, max(1, k)
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simnet.codec.bitstream.range_coder import RangeTables

TOTAL = 1 << 16


@lru_cache(maxsize=64)
def rest_tables(tables: RangeTables, plane: int) -> RangeTables:
    """Tables of the rest behind `plane` planes, from 1 up; each has the number of the whole symbol's table."""
    rows, firsts = [], []
    for number in range(len(tables)):
        sizes = np.diff(np.asarray(tables.table(number), np.int64))
        counts, escape, first = sizes[:-1], sizes[-1], int(tables.places[number, 2])
        if plane == 1:
            rest = np.where(np.arange(len(counts)) + first == 0, 0, counts)
            firsts.append(first)
        else:
            least = max(1, plane - 1)
            rest = _folded(counts, first)[least:]
            firsts.append(0)
        rows.append(_cumulative(np.append(rest if len(rest) else [0], escape)))
    lengths = np.array([len(row) for row in rows])
    cdf = np.concatenate([row[:-1] for row in rows]).astype(np.uint16)
    return RangeTables.stored(cdf, lengths, np.array(firsts))


@lru_cache(maxsize=64)
def plane_tables(tables: RangeTables, plane: int) -> RangeTables:
    """Tables of the bits of a plane, for planes that are coded plainly; each has the number of the symbol's table."""
    rows = []
    for number in range(len(tables)):
        sizes = np.diff(np.asarray(tables.table(number), np.int64))
        counts, escape, first = sizes[:-1], sizes[-1], int(tables.places[number, 2])
        if plane == 1:
            symbols = np.arange(len(counts)) + first
            rows.append(_cumulative(np.array([counts[symbols > 0].sum(), counts[symbols < 0].sum(), 0])))
        else:
            folded, least = _folded(counts, first), max(1, plane)
            rows.append(_cumulative(np.array([folded[least - 1 : least].sum(), folded[least:].sum() + escape, 0])))
    return RangeTables.each(np.array(rows))


def _folded(counts: np.ndarray, first: int) -> np.ndarray:
    """Counts of magnitudes 0, 1, ... from those of symbols `first` and up."""
    folded = np.zeros(max(abs(first), abs(first + len(counts) - 1)) + 1, np.int64)
    np.add.at(folded, np.abs(np.arange(len(counts)) + first), counts)
    return folded


def _cumulative(counts: np.ndarray) -> np.ndarray:
    """Cumulative counts from 0 to TOTAL in proportion to counts; every entry has at least one."""
    room = TOTAL - len(counts)
    sizes = 1 + counts * room // max(1, int(counts.sum()))
    sizes[np.argmax(sizes)] += TOTAL - sizes.sum()
    return np.concatenate([[0], np.cumsum(sizes)])


class PriorTails:
    """Tails of symbols under their tables alone, as without a side picture; see `symbol_planes.Tails`."""

    def __init__(self, tables: RangeTables, indexes: np.ndarray) -> None:
        self._tables, self._indexes = tables, indexes

    def above(self, level: int) -> np.ndarray:
        """See `Tails`."""
        return _tails(self._tables, level)[0][self._indexes]

    def below(self, level: int) -> np.ndarray:
        """See `Tails`."""
        return _tails(self._tables, level)[1][self._indexes]


@lru_cache(maxsize=64)
def _tails(tables: RangeTables, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities above `level` and below -`level` of every table; half of the escape belongs to either."""
    above, below = [], []
    for number in range(len(tables)):
        cumulative = np.asarray(tables.table(number), np.int64)
        sizes, escape = np.diff(cumulative)[:-1], cumulative[-1] - cumulative[-2]
        symbols = np.arange(len(sizes)) + int(tables.places[number, 2])
        above.append(sizes[symbols > level].sum() + escape / 2)
        below.append(sizes[symbols < -level].sum() + escape / 2)
    return np.array(above) / TOTAL, np.array(below) / TOTAL
