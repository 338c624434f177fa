"""True boxes of objects in a view, for detectors: those that count, and those that a detector may find or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from simnet.records.view_truth import ViewTruth

LEAST_VISIBLE = 0.3
"""Share of an object that must be seen for it to count."""
LEAST_PX = 5.0
"""Least width and height of a box that counts."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueBoxes:
    """Boxes N x 4 (left, top, width, height in pixels), the class of each, and which may be found or not."""

    boxes_px: npt.NDArray[np.float64]
    kinds: tuple[str, ...]
    ignored: npt.NDArray[np.bool_]


def boxes_of(truth: ViewTruth) -> TrueBoxes:
    """Return the boxes of a rendered view; what is small or mostly hidden may be found or not."""
    boxes = np.array([each.box_px for each in truth.objects], np.float64).reshape(-1, 4)
    visible = np.array([each.visible for each in truth.objects]).reshape(-1)
    ignored = (visible < LEAST_VISIBLE) | (boxes[:, 2:].min(axis=1, initial=np.inf) < LEAST_PX)
    return TrueBoxes(boxes, tuple(each.kind for each in truth.objects), ignored)
