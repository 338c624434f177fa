"""Geometry of a rendered view: rays through pixels, places in the picture, and depth from the planes of triangles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simnet.tracks.poses import axes

if TYPE_CHECKING:
    import numpy.typing as npt

    from simnet.world.rendering.render_requests import ViewRequest


def focal_px(view: ViewRequest) -> float:
    """Return the focal length in pixels."""
    return view.width / 2 / math.tan(math.radians(view.field_of_view_deg) / 2)


def in_camera(points_m: np.ndarray, view: ViewRequest) -> npt.NDArray[np.float64]:
    """Return points ... x 3 of the world in the camera's axes: x right, y down, z forward."""
    return (points_m - np.asarray(view.pose.position_m)) @ np.asarray(axes(view.pose)).T


def depth(numbers: np.ndarray, corners: np.ndarray, is_sky: np.ndarray, view: ViewRequest) -> npt.NDArray[np.float32]:
    """Return the depth of each pixel, H x W in metres: where its ray meets the plane of the triangle that it shows.

    `numbers` H x W counts triangles from 1, of which `corners` N x 3 x 3 has those in the world. No triangle, and the sky, is
    infinitely far.
    """
    shown, places = np.unique(numbers, return_inverse=True)
    places = places.reshape(numbers.shape)
    known = np.maximum(shown - 1, 0)
    in_view = in_camera(corners[known], view)
    normals = np.cross(in_view[:, 1] - in_view[:, 0], in_view[:, 2] - in_view[:, 0])
    offsets = (normals * in_view[:, 0]).sum(axis=1)
    focal = focal_px(view)
    x = (np.arange(view.width) + 0.5 - view.width / 2) / focal
    y = (np.arange(view.height) + 0.5 - view.height / 2) / focal
    n = normals[places]
    slope = n[..., 0] * x + n[..., 1] * y[:, None] + n[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = offsets[places] / slope
    nothing = (shown == 0) | is_sky[known]
    # At the rim of a triangle a pixel's own ray may miss the triangle, and at a grazing plane meet it behind the camera.
    return np.where(nothing[places] | ~(found > 0), np.inf, found).astype(np.float32)
