"""Index maps of a small low-resolution backbone, and latents to index."""

import numpy as np

from simnet.codec.learned.lowres_indexes import PASSES, IndexMaps, magnitudes, places
from simnet.learn import lowres_export
from support import small_lowres

ARRAYS = {f"tables.index.{name}": array for name, array in lowres_export.index_arrays(small_lowres.network()).items()}
MAPS = IndexMaps.read(ARRAYS.__getitem__, ARRAYS, 63)


def drawn(seed: int, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """z_hat, and symbols of all passes."""
    rng = np.random.default_rng(seed)
    z = np.rint(rng.normal(0, 3, (8, -(-rows // 4), -(-columns // 4))))
    return z.astype(np.float32), np.rint(rng.standard_cauchy((32, rows, columns)) * 2).clip(-500, 500)


def all_indexes(z: np.ndarray, symbols: np.ndarray, step: int) -> np.ndarray:
    """Table indexes int64 (C, h, w) of every symbol, pass by pass."""
    found = np.full(symbols.shape, -1)
    padded = np.zeros((len(symbols), symbols.shape[1] + 2, symbols.shape[2] + 2))
    first = MAPS.first(z, symbols.shape[1:])
    for number in range(PASSES):
        indexes = list(MAPS.indexes(number, first, padded, step))
        for where, index in zip(places(number, len(symbols)), indexes, strict=True):
            found[where] = index
            padded[:, 1:-1, 1:-1][where] = magnitudes(symbols[where])
    return found
