"""Errors of geometries between two views: of homographies at the corners, of relative poses in degrees."""

from __future__ import annotations

import math

import numpy as np

WORST_DEG = 180.0


def homography_error_px(found: np.ndarray, truth: np.ndarray, size: tuple[int, ...]) -> float:
    """Return the mean distance in pixels between the picture's corners under both homographies, at most its diagonal."""
    width, height = size
    corners = np.array([[0, 0, 1], [width - 1, 0, 1], [width - 1, height - 1, 1], [0, height - 1, 1]], np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        places = [(projected := corners @ each.T)[:, :2] / projected[:, 2:] for each in (found, truth)]
    apart = float(np.linalg.norm(places[0] - places[1], axis=1).mean())
    most = math.hypot(width, height)
    return min(apart, most) if math.isfinite(apart) else most


def pose_error_deg(found: tuple[np.ndarray, ...], truth: tuple[np.ndarray, ...]) -> float:
    """Return the larger of the errors of rotation and of the direction of translation, in degrees.

    Each is (rotation 3 x 3, translation), where a truth without a translation says that the cameras are at one place: only the
    rotation counts then. Two views do not tell how far apart they are, so the translation's length does not count.
    """
    turned = _angle_deg((float(np.trace(found[0].T @ truth[0])) - 1) / 2)
    if len(truth) < 2:
        return turned
    lengths = float(np.linalg.norm(found[1]) * np.linalg.norm(truth[1]))
    return max(turned, _angle_deg(float(found[1] @ truth[1]) / lengths) if lengths else WORST_DEG)


def _angle_deg(cosine: float) -> float:
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
