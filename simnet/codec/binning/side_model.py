"""Probabilities of symbols given an aligned side picture: a mixture of logistics, its numbers from a small network.

    features (14) ──32──32──▶ for each of three logistics: weight, scale, and factors on four differences that add up to its mean

The network is the decoder's alone. It was trained on `kitti_drive_0005` and `kitti_gray_odometry_a` for the fewest bits; its
weights are whole numbers in `side_model.json`. Another network changes how many syndromes are needed, and no symbol.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

import numpy as np

from simnet.codec.binning.side_features import SymbolFeatures

UNIT = 4096.0
"""The weights' whole numbers are in steps of 1 / UNIT."""
PARTS = 3
SPREAD = 0.55
"""Scale of a logistic whose standard deviation is about 1."""
WIDEST = 4.0
"""Largest magnitude of the logarithm of a scale, in units of the symbol's own."""

Layers = tuple[tuple[np.ndarray, np.ndarray], ...]


@cache
def _layers() -> Layers:
    text = resources.files("simnet.codec.binning").joinpath("side_model.json").read_text("utf-8")
    return tuple((np.array(w, np.float32) / UNIT, np.array(b, np.float32) / UNIT) for w, b in json.loads(text))


class SideTails:
    """Tails of N symbols given what side pictures tell; see `symbol_planes.Tails`."""

    def __init__(self, features: SymbolFeatures) -> None:
        (w1, b1), (w2, b2), (w3, b3) = _layers()
        hidden = _silu(features.inputs @ w1.T + b1)
        found = (_silu(hidden @ w2.T + b2) @ w3.T + b3).astype(np.float64)
        weights = np.exp(found[:, :PARTS] - found[:, :PARTS].max(axis=1, keepdims=True))
        self._weights = weights / weights.sum(axis=1, keepdims=True)
        widths = np.exp(np.clip(found[:, PARTS : 2 * PARTS], -WIDEST, WIDEST))
        self._scales = widths * features.scales[:, None] * SPREAD
        factors = found[:, 2 * PARTS :].reshape(len(found), PARTS, features.differences.shape[1])
        self._means = (factors * features.differences[:, None]).sum(axis=2)

    def above(self, level: int) -> np.ndarray:
        """See `Tails`."""
        return self._tail(self._means - (level + 0.5))

    def below(self, level: int) -> np.ndarray:
        """See `Tails`."""
        return self._tail(-self._means - (level + 0.5))

    def _tail(self, distance: np.ndarray) -> np.ndarray:
        return (self._weights / (1 + np.exp(np.clip(-distance / self._scales, -500, 500)))).sum(axis=1)


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))
