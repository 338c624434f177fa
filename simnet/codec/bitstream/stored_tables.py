"""Arrays of a checkpoint of strangers: the one place that takes them, each checked for kind, shape and range.

weights.safetensors ──reading──▶ StoredTables ──integers, reals, rows──▶ coders

The range coder trusts its tables: a count that does not grow divides by zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from simnet.errors import ModelError

TOTAL = 1 << 16
"""Last cumulative count of every row; it is not stored."""
MOST_COUNTS = 6 << 20
"""Most counts of all rows together."""
MOST_CHANNELS = 4096
LARGEST_OFFSET = 1 << 20
"""Largest magnitude of a row's first symbol."""
LEAST_COUNTS = 3
"""Counts of a row with one symbol: 0, its end, the end of the escape."""

Get = Callable[[str], np.ndarray]
Shape = tuple[int | None, ...]
"""Expected shape; None for a side that may have any length of at least one."""


@contextmanager
def reading(weights: Path) -> Iterator[tuple[Get, set[str]]]:
    """Open a safetensors file: a function that returns an array by name, and the names.

    Raises:
        ModelError: The file is damaged, or the body found that its arrays do not fit; the message names the file.
    """
    from safetensors import safe_open

    try:
        with safe_open(weights, framework="numpy") as file:
            yield file.get_tensor, set(file.keys())
    except ModelError as error:
        raise ModelError(f"{weights}: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # the library raises its own class, and almost any other for damaged content
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"{weights}: not a file of weights ({type(error).__name__}: {reason})") from error


class StoredTables:
    """Arrays by name; every one that is taken has the expected kind and shape."""

    def __init__(self, get: Get, names: Collection[str]) -> None:
        self._get, self._names = get, names

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def integers(self, name: str, shape: Shape, least: int = -(1 << 40), most: int = 1 << 40) -> np.ndarray:
        """Return whole numbers from `least` to `most`."""
        array = self._shaped(name, shape)
        if array.dtype.kind not in "iu":
            raise ModelError(f"{name}: numbers of type {array.dtype}; expected whole numbers")
        if int(array.min()) < least or int(array.max()) > most:
            raise ModelError(f"{name}: numbers from {array.min()} to {array.max()}; expected {least} to {most}")
        return array

    def reals(self, name: str, shape: Shape) -> np.ndarray:
        """Return finite floats."""
        array = self._shaped(name, shape)
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ModelError(f"{name}: expected finite floating-point numbers")
        return array

    def rows(self, front: str, shape: Shape, offsets: str = "offsets") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return cumulative counts, the rows' lengths and their first symbols, the last two of `shape`; see `check_rows`."""
        lengths = self.integers(f"{front}lengths", shape, LEAST_COUNTS, TOTAL + 1)
        firsts = self.integers(f"{front}{offsets}", lengths.shape, -LARGEST_OFFSET, LARGEST_OFFSET)
        cdf = self.integers(f"{front}cdf", (None,), 0, TOTAL - 1)
        check_rows(f"{front}cdf", cdf, lengths)
        return cdf, lengths, firsts

    def _shaped(self, name: str, shape: Shape) -> np.ndarray:
        if name not in self._names:
            raise ModelError(f"no {name}; expected the tables of this codec")
        array = np.asarray(self._get(name))
        fits = len(array.shape) == len(shape) and all(
            side >= 1 and wanted in {None, side} for side, wanted in zip(array.shape, shape, strict=True)
        )
        if not fits:
            wanted = " x ".join("any" if side is None else str(side) for side in shape)
            raise ModelError(f"{name}: {' x '.join(map(str, array.shape)) or 'one number'}; expected {wanted}")
        return array


def check_rows(name: str, cdf: np.ndarray, lengths: np.ndarray) -> None:
    """Raise ModelError unless `cdf` is the cumulative counts of rows of these lengths, without the rows' last counts.

    A row begins at 0 and grows with every count; its last one, 65,536, is counted in its length.
    """
    stored = lengths.ravel().astype(np.int64) - 1
    if len(cdf) != stored.sum() or len(cdf) > MOST_COUNTS:
        raise ModelError(
            f"{name}: {len(cdf)} counts; expected {stored.sum()}, as the lengths say, and at most {MOST_COUNTS}"
        )
    starts = np.concatenate([[0], np.cumsum(stored)[:-1]])
    grows = np.diff(cdf.astype(np.int64)) > 0
    grows[starts[1:] - 1] = True  # from one row to the next
    if cdf[starts].any() or not grows.all():
        raise ModelError(f"{name}: counts that do not grow from 0; expected cumulative counts")
