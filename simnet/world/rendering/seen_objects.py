"""Objects in a view: what can be seen of each, as a box, a distance and a share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from simnet.records.view_truth import SeenObject, ViewTruth
from simnet.world.rendering import view_geometry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.world.rendering.render_requests import ViewRequest

LEAST_SAMPLES = 12
"""Fewest samples of an object, three pixels; what is smaller is not seen."""
NEAR_M = 0.3


@dataclass(slots=True, eq=False)
class RenderedBody:
    """A car or a drone: the scene's child that carries it, and its corners in that child's axes."""

    kind: str
    child: int
    corners: list[np.ndarray] = field(default_factory=list[np.ndarray])


def seen(
    bodies_of_samples: np.ndarray,
    depth: np.ndarray,
    bodies: Sequence[RenderedBody],
    moved: Sequence[np.ndarray],
    view: ViewRequest,
) -> list[SeenObject]:
    """Return the objects of which a view shows something, nearest first.

    `bodies_of_samples` has the number of the body at each sample, from 1, at twice the picture's size; `moved` the placement
    4 x 4 of each child of the scene.
    """
    counts = np.bincount(bodies_of_samples.ravel(), minlength=len(bodies) + 1)
    made: list[SeenObject] = []
    for number in np.flatnonzero(counts[1:] >= LEAST_SAMPLES) + 1:
        body = bodies[number - 1]
        rows, columns = np.nonzero(bodies_of_samples == number)
        left, top = columns.min() / 2, rows.min() / 2
        box = (left, top, (columns.max() + 1) / 2 - left, (rows.max() + 1) / 2 - top)
        placement = moved[body.child]
        corners = np.concatenate(body.corners) @ placement[:3, :3] + placement[3, :3]
        own = depth[rows // 2, columns // 2]
        own = own[np.isfinite(own)]
        away = float(np.median(own)) if own.size else float(view_geometry.in_camera(corners, view)[:, 2].mean())
        whole = _outline_area(corners, view)
        share = min(1.0, counts[number] / 4 / whole) if whole else 1.0
        middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
        place = (float(middle[0]), float(middle[1]), float(middle[2]))
        made.append(SeenObject(body.kind, int(number), tuple(map(float, box)), away, float(share), place))  # pyright: ignore[reportArgumentType]
    return sorted(made, key=lambda each: (each.depth_m, each.number))


def truth(depth: np.ndarray, found: Sequence[SeenObject]) -> ViewTruth:
    """Return a view's truth."""
    return ViewTruth(depth, tuple(found))


def _outline_area(corners: np.ndarray, view: ViewRequest) -> float:
    """Return the area in pixels of the part of a body's outline that is within the picture."""
    in_view = view_geometry.in_camera(corners, view)
    in_view = in_view[in_view[:, 2] > NEAR_M]
    if len(in_view) < 3:
        return 0.0
    middle = np.array([view.width, view.height]) / 2
    places = in_view[:, :2] / in_view[:, 2:] * view_geometry.focal_px(view) + middle
    outline = cv2.convexHull(places.astype(np.float32))
    frame = np.array([[0, 0], [view.width, 0], [view.width, view.height], [0, view.height]], np.float32)
    area, _ = cv2.intersectConvexConvex(outline, frame)
    return float(area)
