"""Task of a stereo rig: how much of the disparity map the receiver still finds in decoded pictures.

    decoded left, decoded right ──▶ SGBM ──▶ disparity ──┐
    original left, original right ─▶ SGBM ──▶ reference ─┼──▶ bad pixels, error
    true depth of a rendered world ──────────▶ truth ────┘

Semi-global matching: Hirschmueller, "Stereo processing by semi-global matching and mutual information" (2008), as OpenCV has it.
A pixel is bad if the decoded pictures give no disparity for it, or one that is off by more than the threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simnet.errors import PictureError
from simnet.records.task_config import TaskFigure
from simnet.tasks.camera_view import motion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from simnet.tasks.camera_view import View

    Disparity = npt.NDArray[np.float32]

BLOCK = 5
STEPS = 16
"""OpenCV counts disparities in steps of 16 pixels, and gives them in sixteenths of a pixel."""
NEAREST = 4
"""Share of a picture's width over which disparities are looked for if the scenario says nothing: a quarter."""


class StereoDepth:
    """Disparity of a decoded pair against that of the original pair."""

    needs_partner = True
    wants_truth = True

    def __init__(self, disparities: int | None = None, threshold: float = 1.0) -> None:
        """Look for `disparities` pixels; a disparity that is off by more than `threshold` pixels is bad."""
        self._disparities, self._threshold = disparities, threshold

    @property
    def figures(self) -> Sequence[TaskFigure]:
        """See `Task`."""
        return (
            TaskFigure("bad", "Bad pixels of the disparity", "%", 1, higher_is_better=False, missed=100.0),
            TaskFigure("error_px", "Error of the disparity", "px", 2, higher_is_better=False),
            TaskFigure("true_bad", "Bad pixels against the true depth", "%", 1, higher_is_better=False),
            TaskFigure("true_error_px", "Error against the true depth", "px", 2, higher_is_better=False),
            TaskFigure("true_bad_original", "Bad pixels of the originals", "%", 1, higher_is_better=False),
        )

    def measure(self, view: View, other: View | None) -> Mapping[str, float]:
        """See `Task`; `view` is the left one."""
        assert other is not None, "a task with a second view is never measured without it"
        if view.original.shape != other.original.shape:
            sizes = " and ".join(f"{each.shape[1]} x {each.shape[0]}" for each in (view.original, other.original))
            raise PictureError(
                f"stereo_depth: pictures of {view.camera} and {other.camera} are {sizes}; expected equal sizes"
            )
        reference = self.disparity(view.original, other.original)
        found = self.disparity(view.decoded, other.decoded)
        made = compared(found, reference, self._threshold)
        truth = true_disparity(view, other)
        if truth is None:
            return made
        against = compared(found, truth, self._threshold)
        made |= {f"true_{key}": value for key, value in against.items()}
        return made | {"true_bad_original": compared(reference, truth, self._threshold)["bad"]} if against else made

    def disparity(self, left: np.ndarray, right: np.ndarray) -> Disparity:
        """Return the left picture's disparity in pixels, H x W; NaN where there is none."""
        import cv2

        wide = self._disparities or max(STEPS, left.shape[1] // NEAREST)
        count = STEPS * -(-wide // STEPS)
        grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (left, right)]
        matcher = cv2.StereoSGBM.create(
            minDisparity=0,
            numDisparities=count,
            blockSize=BLOCK,
            P1=8 * BLOCK**2,
            P2=32 * BLOCK**2,
            disp12MaxDiff=1,
            uniquenessRatio=10,
            speckleWindowSize=50,
            speckleRange=2,
        )
        # Without a border the leftmost `count` columns have no partner to be looked for.
        padded = [cv2.copyMakeBorder(each, 0, 0, count, 0, cv2.BORDER_REPLICATE) for each in grey]
        raw = matcher.compute(*padded)[:, count:]
        return np.where(raw >= 0, raw / np.float32(STEPS), np.float32(np.nan)).astype(np.float32)


def compared(found: Disparity, reference: Disparity, threshold: float) -> dict[str, float]:
    """Return the share of bad pixels in percent, and the mean error in pixels where both have a disparity.

    Only pixels where the reference has a disparity count; without any there are no figures.
    """
    known = np.isfinite(reference)
    if not known.any():
        return {}
    error = np.abs(found[known] - reference[known])
    there = np.isfinite(error)
    bad = {"bad": 100.0 * float(1.0 - np.mean(there & (error <= threshold)))}
    return bad | {"error_px": float(error[there].mean(dtype=np.float64))} if there.any() else bad


def true_disparity(view: View, other: View) -> Disparity | None:
    """Return the true disparity of the left picture; NaN in the sky, and where the right camera does not look.

    None if depth or poses are unknown, or the cameras do not look the same way side by side.
    """
    if view.truth is None or view.pose is None or other.pose is None or view.focal_px is None:
        return None
    turned, moved = motion(view.pose, other.pose)
    is_rig = np.allclose(turned, np.eye(3), atol=1e-6) and np.allclose(moved[1:], 0, atol=1e-6) and moved[0] < 0
    if not is_rig or other.focal_px != view.focal_px:
        return None
    with np.errstate(divide="ignore"):
        disparity = view.focal_px * -moved[0] / view.truth.depth_m
    columns = np.arange(disparity.shape[1], dtype=np.float32)
    seen = np.isfinite(view.truth.depth_m) & (columns - disparity >= 0)
    return np.where(seen, disparity, np.nan).astype(np.float32)
