"""Decoder attention in compact form for a page: cells are pooled into patches, numbers are quantised to integers."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from simnet.report.evaluation_examples import DecoderExplanation

SMALLEST_PATCH = 8
"""Smallest patch side in pixels. Smaller cells are pooled, so that a patch is large enough to select."""
MOST_PATCHES = 2500
MATCHES = 8
"""Matches kept for each patch, the strongest first."""
POSITION_STEPS = 4
"""Steps per pixel: positions are stored in quarter pixels."""
WEIGHT_STEPS = 10_000
"""Steps per unit weight: weights are stored in hundredths of a percent."""


def packed(explained: DecoderExplanation) -> dict[str, Any]:
    """Return one explanation, packed for the page's script.

    `matches` is base64 of little-endian int16 (rows, columns, K, 4): side picture, x and y in quarter pixels, weight in 1/10,000;
    `trust` is base64 of uint8 (rows, columns) in 1/255. `patch` and `match` are the side lengths in pixels of X's patch and of a
    match in Y.
    """
    factor = joined_cells(explained.cell, *explained.trust.shape)
    matches, trust = pooled(explained.matches, explained.trust, factor)
    scaled = matches * np.array([1, POSITION_STEPS, POSITION_STEPS, WEIGHT_STEPS], np.float32)
    limits = np.iinfo(np.int16)
    return {
        "patch": explained.cell * factor,
        "match": explained.cell,
        "rows": trust.shape[0],
        "columns": trust.shape[1],
        "most": matches.shape[2],
        "matches": _text(np.clip(np.rint(scaled), limits.min, limits.max).astype("<i2")),
        "trust": _text(np.rint(np.clip(trust, 0, 1) * 255).astype(np.uint8)),
    }


def joined_cells(cell: int, rows: int, columns: int) -> int:
    """Return the number of cells along one side of a patch."""
    factor = max(1, math.ceil(SMALLEST_PATCH / cell))
    while math.ceil(rows / factor) * math.ceil(columns / factor) > MOST_PATCHES:
        factor += 1
    return factor


def pooled(matches: np.ndarray, trust: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Pool factor x factor cells: their strongest matches, float32 (rows, columns, K, 4), and mean trust (rows, columns).

    Each weight becomes a share of the whole patch's attention. Patches at the edge may hold fewer cells.
    """
    height, width, count, _ = matches.shape
    rows, columns = math.ceil(height / factor), math.ceil(width / factor)
    kept = min(MATCHES, count * factor**2)
    out = np.zeros((rows, columns, kept, 4), np.float32)
    mean = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            part = slice(row * factor, (row + 1) * factor), slice(column * factor, (column + 1) * factor)
            mean[row, column] = trust[part].mean()
            own = matches[part].reshape(-1, 4).astype(np.float32)
            own[:, 3] /= trust[part].size
            best = own[np.argsort(-own[:, 3], kind="stable")[:kept]]
            out[row, column, : len(best)] = best
    return out, mean


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
