"""Restraint of fusion: how much of the change that side pictures made to a decoded picture is kept.

The network behind other codecs sees neither their quantisers nor their rates. Behind a nearly lossless picture its own errors
outweigh what side pictures tell, and an unrelated side picture adds noise at any rate. Two things tell so: attention's share of
side pictures, and the size of the change, which cannot be trusted where it is near the network's own noise.

The kept share is that of a Wiener filter, signal / (signal + noise), for a change whose noise has the variance NOISE.
"""

from __future__ import annotations

import cv2
import numpy as np

TRUSTED = (0.5, 0.8)
"""Attention's mean share of side pictures in a window: below the first nothing is kept, above the second everything.

On 21 pairs of the training drives it was 0.84 to 0.98 for related pictures as a whole, and 0.06 to 0.32 for unrelated ones."""
WINDOW = 17
"""Side of that window, in cells of 4 x 4 pixels: smaller ones find matches in unrelated pictures by chance."""
NOISE = 0.5 / 255**2
"""Variance of a change that tells nothing, in squared units of the picture's range [0, 1]."""
STRENGTH = 1.1
"""Factor on the change. The network was trained to least error at all rates at once and changes too little where change pays."""


def restrained(alone: np.ndarray, fused: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Keep of the change from `alone` to `fused`, both float32 (1, 3, H, W), what is likely to be true; the same shape.

    `null` (H/4, W/4) is attention's share of no side picture, in [0, 1].
    """
    low, high = TRUSTED
    trust = cv2.blur(1 - null, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT)
    kept = np.clip((trust - low) / (high - low), 0, 1).astype(np.float32)
    height, width = alone.shape[2:]
    change = (fused - alone) * cv2.resize(kept, (width, height), interpolation=cv2.INTER_LINEAR)
    size = float(np.mean(np.square(change, dtype=np.float64)))
    # Not max(): what is not finite stays so, and is refused where it becomes a picture.
    strength = 0.0 if size <= NOISE else STRENGTH * (1 - NOISE / size)
    return alone + np.float32(strength) * change
