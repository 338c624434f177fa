"""What is known of a symbol before it is decoded with a side picture, as numbers for `side_model`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simnet.codec.binning.side_latents import Expected
from simnet.codec.learned.lowres_indexes import places

SCALE_MIN, RATIO = 0.11, (64 / 0.11) ** (1 / 64)
"""Standard deviation of the narrowest table of residuals, and the ratio of successive ones."""
LEAST_SCALE = 0.3
"""Smallest unit of a symbol: rounding alone spreads it by that much."""
CLIP = 4.0
"""Differences beyond this many units are clipped."""


@dataclass(frozen=True, eq=False)
class SymbolFeatures:
    """Of N symbols: `inputs` float32 (N, 14), `differences` of the candidates from the mean (N, 4), `scales` (N,)."""

    inputs: np.ndarray
    differences: np.ndarray
    scales: np.ndarray


def symbol_features(
    number: int, step: int, indexes: list[np.ndarray], mean: np.ndarray, expected: Expected
) -> SymbolFeatures:
    """Work out the features of the sent symbols of pass `number`, in their order.

    Args:
        number: The pass, from 1 up.
        step: Quality step.
        indexes: Table indexes by `places`; symbols under the narrowest table are not sent.
        mean: Means float32 (C, h, w).
        expected: What side pictures tell.
    """
    channels, size = mean.shape[0], mean.shape[1:]
    difference = expected.candidates - mean
    channel = np.broadcast_to(np.arange(channels)[:, None, None], mean.shape)
    misfits = np.broadcast_to(expected.misfits[:, None], (2, channels, *size))
    parts = [(where, own > 0) for where, own in zip(places(number, channels), indexes, strict=True)]
    table = np.concatenate([own[own > 0] for own in indexes]).astype(np.float32)
    found = np.concatenate([difference[(slice(None), *where)][:, sent] for where, sent in parts], axis=1)
    misfit = np.concatenate([misfits[(slice(None), *where)][:, sent] for where, sent in parts], axis=1)
    channel = np.concatenate([channel[where][sent] for where, sent in parts])
    scales = np.maximum(SCALE_MIN * RATIO**table, LEAST_SCALE)
    inputs = [
        table / 32 - 1,
        np.full(len(table), number - 2),
        np.full(len(table), step / 128 - 1),
        np.log1p(channel) / 3 - 1,
        *(np.log1p(misfit) / 3 - 1),
        *np.clip(found / scales, -CLIP, CLIP),
        *np.log1p(np.abs(found)),
    ]
    return SymbolFeatures(np.stack(inputs, axis=1).astype(np.float32), found.T, scales)
