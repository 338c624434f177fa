"""Task of registration: features that the receiver finds again, and the geometry that it gets from them.

    original ──▶ features ──┐
    decoded ───▶ features ──┴──▶ found again (same place, size and descriptor)
    decoded, decoded second view ──▶ matches ──▶ homography or relative pose ──▶ inliers, error

Features are SIFT (Lowe 2004); matches pass Lowe's ratio test, and geometry comes from OpenCV's USAC with its fixed seed. The
error is against the true poses where the world knows them, else against what the originals give.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from simnet.records.task_config import TaskFigure
from simnet.tasks.camera_view import motion
from simnet.tasks.geometry import homography_error_px, pose_error_deg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.tasks.camera_view import View

Geometry = Literal["homography", "pose"]
RATIO = 0.8
"""A match counts if the second nearest descriptor is at least this much farther away."""
NEAR_PX = 2.0
"""How far from its place a feature may be found again."""
SIZES = 1.5
"""By which factor its size may differ."""
LEAST_MATCHES = 8
"""Fewest matches for a geometry."""
REACH_PX = 1.0
"""How far a match may be from the geometry to be an inlier."""
STEADY_M = 0.01
"""Shortest distance between two cameras whose direction is a truth."""
KEPT = 8
"""Pictures whose features are kept."""
SOLVED = {"homography": 3.0, "pose": 5.0}
"""Largest error at which a frame counts as registered: pixels at the corners, degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """Features of a picture: places N x 2, sizes N, descriptors N x 128."""

    places: np.ndarray
    sizes: np.ndarray
    descriptors: np.ndarray


class Matching:
    """Features of decoded pictures, alone and between two views."""

    needs_partner = False
    wants_truth = False

    def __init__(self, features: int = 500, geometry: Geometry | None = None, *, has_partner: bool = False) -> None:
        """Look for up to `features` features; `geometry` is that between two views, if the task has two."""
        self._most, self._geometry = features, (geometry or "pose") if has_partner else None
        self._kept: deque[tuple[np.ndarray, _Features]] = deque(maxlen=KEPT)

    @property
    def figures(self) -> Sequence[TaskFigure]:
        """See `Task`."""
        found = TaskFigure("found", "Features found again", "%", 1, missed=0.0)
        if self._geometry is None:
            return (found,)
        inliers = TaskFigure("inliers", "Inliers between two views", "", 1, missed=0.0)
        solved = TaskFigure("solved", "Frames registered", "%", 1, missed=0.0)
        if self._geometry == "homography":
            error = TaskFigure("error_px", "Error of the homography", "px", 2, higher_is_better=False)
        else:
            error = TaskFigure("error_deg", "Error of the relative pose", "deg", 2, higher_is_better=False)
        return (solved, error, inliers, found)

    def measure(self, view: View, other: View | None) -> Mapping[str, float]:
        """See `Task`."""
        original, decoded = self._features(view.original), self._features(view.decoded)
        made = {} if not len(original.places) else {"found": 100.0 * _found_again(original, decoded)}
        if self._geometry is None or other is None:
            return made
        return made | self._registered(view, other, original, decoded)

    def _features(self, picture: np.ndarray) -> _Features:
        """Return a picture's features; a view may be the second one of the next frame, or of several streams."""
        for known, features in self._kept:
            if known is picture:
                return features
        found = self._found(picture)
        self._kept.append((picture, found))
        return found

    def _found(self, picture: np.ndarray) -> _Features:
        import cv2

        finder = cv2.SIFT.create(nfeatures=self._most)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        points, descriptors = finder.detectAndCompute(grey, np.full_like(grey, 255))
        if descriptors is None:
            return _Features(np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros((0, 128), np.float32))
        places = np.array([point.pt for point in points], np.float32)
        return _Features(places, np.array([point.size for point in points], np.float32), descriptors)

    def _registered(self, view: View, other: View, original: _Features, decoded: _Features) -> dict[str, float]:
        """Return inliers, whether the frame was registered, and the error against the truth or the originals."""
        matched = _matched(decoded, self._features(other.decoded))
        estimate, inliers = self._estimate(matched, view, other)
        truth = (
            self._truth(view, other)
            or self._estimate(_matched(original, self._features(other.original)), view, other)[0]
        )
        made = {"inliers": float(inliers)}
        if truth is None:
            return made
        if estimate is None:
            return made | {"solved": 0.0}
        if self._geometry == "homography":
            error, key = homography_error_px(estimate[0], truth[0], view.decoded.shape[1::-1]), "error_px"
        else:
            error, key = pose_error_deg(estimate, truth), "error_deg"
        return made | {"solved": 100.0 * (error <= SOLVED[self._geometry or "pose"]), key: error}

    def _truth(self, view: View, other: View) -> tuple[np.ndarray, ...] | None:
        """Return the true motion between two views; None if it is unknown, or no pose is asked for."""
        if self._geometry != "pose" or view.pose is None or other.pose is None:
            return None
        turned, moved = motion(view.pose, other.pose)
        return (turned, moved) if np.linalg.norm(moved) >= STEADY_M else (turned,)

    def _estimate(
        self, matched: tuple[np.ndarray, np.ndarray], view: View, other: View
    ) -> tuple[tuple[np.ndarray, ...] | None, int]:
        """Return the geometry that matches give, and how many matches agree with it; None without one."""
        import cv2

        first, second = matched
        if len(first) < LEAST_MATCHES:
            return None, 0
        if self._geometry == "homography":
            found, agree = cv2.findHomography(first, second, cv2.USAC_ACCURATE, REACH_PX)
            # A degenerate set of matches gives None in place of a matrix.
            return (None, 0) if found is None else ((found,), int(agree.sum()))  # pyright: ignore[reportUnnecessaryComparison]
        if view.focal_px is None or other.focal_px is None:
            return None, 0
        one, two = view.rays(first), other.rays(second)
        reach = REACH_PX / max(view.focal_px, other.focal_px)
        essential, agree = cv2.findEssentialMat(one, two, np.eye(3), cv2.USAC_ACCURATE, 0.999, reach)
        if essential is None or essential.shape != (3, 3):  # pyright: ignore[reportUnnecessaryComparison]
            return None, 0
        _, turned, moved, _ = cv2.recoverPose(essential, one, two, np.eye(3), mask=agree.copy())
        return (turned, moved[:, 0]), int(agree.sum())


def _found_again(original: _Features, decoded: _Features) -> float:
    """Return the share of the original's features that the decoded picture has at the same place, of the same size and look."""
    if not len(decoded.places):
        return 0.0
    apart = np.linalg.norm(original.places[:, None] - decoded.places[None], axis=2)
    scaled = np.abs(np.log(original.sizes[:, None] / decoded.sizes[None]))
    near = (apart <= NEAR_PX) & (scaled <= np.log(SIZES))
    likeness = _distances(original.descriptors, decoded.descriptors)
    nearest = likeness.argmin(axis=1)
    mutual = likeness.argmin(axis=0)[nearest] == np.arange(len(nearest))
    return float(np.mean(near[np.arange(len(nearest)), nearest] & mutual))


def _matched(first: _Features, second: _Features) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of mutual matches that pass the ratio test, N x 2 each."""
    if min(len(first.places), len(second.places)) < 2:
        return first.places[:0], second.places[:0]
    far = _distances(first.descriptors, second.descriptors)
    nearest = far.argmin(axis=1)
    own = np.arange(len(nearest))
    best = far[own, nearest]
    runner_up = np.partition(far, 1, axis=1)[:, 1]
    kept = (best < RATIO * runner_up) & (far.argmin(axis=0)[nearest] == own)
    return first.places[kept], second.places[nearest[kept]]


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the distance between every two descriptors; SIFT's are whole numbers, so the products are exact."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0))
