"""Alignment that knows rectified cameras: their matches differ along rows alone.

A flow between a coarsely decoded picture and a side picture is noisy along both axes. Where the two pictures look as if they came
from rectified cameras, the flow's vertical part is replaced by what rectification leaves of it: a linear function of place and
disparity, near zero. That is affine epipolar geometry (Hartley and Zisserman, Multiple View Geometry, chapter 14) with a prior.
Other pairs keep their flows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from simnet.codec.learned.alignment import CANDIDATES, Aligner, Views, quality_of
from simnet.codec.learned.row_matching import RowMatcher

UNIT = 1 / 128
"""Unit of the numbers below, in heights of the picture: larger pictures have larger flows and larger errors."""
PRIOR = (0.25, 0.15, 0.15, 0.1)
"""Expected sizes: of the vertical offset, of its change from the middle to an edge in x and in y, and with 16 of disparity."""
INDEPENDENT = 4.0
"""Number of independent matches that a flow counts for: its errors are alike in whole regions."""
FURTHEST, LEAST_REST = 1.2, 0.65
"""Largest median distance from the fit; least share of it that remains when the fit has no prior.

From a moving camera, the vertical part may be small too, but a fit without a prior explains most of it.
"""
NEGLIGIBLE = 0.15
"""Median distance below which that share says nothing: it is the flow's own precision."""
SPREAD = 6.0
"""Largest ratio of four fifths' distance to the median: more is a scene that stands still but for a part.

With these four, 200 of 212 flows between rectified pictures of the training drives pass, at all qualities, and 8 of 254 others.
"""
ROWS_ALONE = 0.25
"""Quality below which a flow at full size finds nothing that the matcher has not: 0.07 dB less below 0.2, nothing up to 0.3."""
LEAST_PRIOR = 1e-6
"""What stands for no prior, and keeps the equations solvable."""
SAMPLED_ROWS, ROUNDS = 16, 6
"""Rows of the flow that are sampled, and rounds of reweighting."""


class RectifiedAligner(Aligner):
    """Aligner whose flows keep to the rows if the one at half size does, as between rectified cameras.

    Behind an unchanged fusion network, rectified pairs of training drives gain 0.1 to 0.75 dB below quality 0.65, 0.05 dB above.
    With a `matcher`, the place along the row is what its network finds.
    """

    def __init__(self, matcher: RowMatcher | None = None, *, refined: bool | None = None) -> None:
        super().__init__(refined=refined)
        self._matcher = matcher

    def _chosen(self, views: Views, half: np.ndarray, full: cv2.DISOpticalFlow) -> list[np.ndarray]:
        rows = fitted(half)
        if rows is None:
            return super()._chosen(views, half, full)
        half = rows.kept(half)
        if self._matcher is not None and views.shares is not None:
            half[..., 0] = self._matcher.places(views.decoded, views.side, half[..., 0], views.shares)
            half = rows.kept(half)
            if quality_of(views.shares) < ROWS_ALONE:
                return [half] * CANDIDATES
        return [rows.kept(full.calc(views.first, views.second, half.copy())), half]


@dataclass(frozen=True)
class RowMatches:
    """Vertical part of a flow between nearly rectified pictures.

    `offset` in pixels; `across` and `down` in pixels from the middle to an edge; `slope` is the change with horizontal flow.
    """

    offset: float
    across: float
    down: float
    slope: float

    def kept(self, flow: np.ndarray) -> np.ndarray:
        """Return a flow (float32 H x W x 2) with its vertical part replaced."""
        height, width = flow.shape[:2]
        x, y = (np.linspace(-1, 1, size, dtype=np.float32) for size in (width, height))
        vertical = np.float32(self.offset) + np.float32(self.across) * x + (np.float32(self.down) * y)[:, None]
        return cv2.merge([flow[..., 0], vertical + np.float32(self.slope) * flow[..., 0]])


def fitted(flow: np.ndarray) -> RowMatches | None:
    """Fit what rectification leaves of a flow (float32 H x W x 2); None if the flow is too far from it.

    The noisier the flow, the more the prior counts: a noisy one is taken for that of perfectly rectified cameras.
    """
    unit = flow.shape[0] * UNIT
    step = max(1, flow.shape[0] // SAMPLED_ROWS)
    sampled = flow[step // 2 :: step, step // 2 :: step].astype(np.float64) / unit
    rows, columns = sampled.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    known = np.stack([np.ones(x.size), x.ravel(), y.ravel(), sampled[..., 0].ravel() / 16])
    vertical = sampled[..., 1].ravel()
    numbers, rest = _least_squares(known, vertical, 1 / (INDEPENDENT * np.square(PRIOR)))
    if not _is_rectified(rest, lambda: _least_squares(known, vertical, np.full(len(PRIOR), LEAST_PRIOR))[1]):
        return None
    offset, across, down, slope = numbers.tolist()
    return RowMatches(offset * unit, across * unit, down * unit, slope / 16)


def _is_rectified(distances: np.ndarray, without_prior: Callable[[], np.ndarray]) -> bool:
    """Whether a flow at these distances (N,) from the fit is one between rectified pictures."""
    middle, most = np.percentile(distances, (50, 80)).tolist()
    if middle > FURTHEST or most > SPREAD * max(middle, NEGLIGIBLE):
        return False
    return middle <= NEGLIGIBLE or float(np.median(without_prior())) >= LEAST_REST * middle


def _least_squares(known: np.ndarray, vertical: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reweighted least squares with Cauchy weights: the factors of `known` (4 x N), and the distances from the fit (N,)."""
    rest = vertical
    numbers = np.zeros(len(known))
    for _ in range(ROUNDS):
        scale = max(0.05, 1.48 * float(np.median(np.abs(rest))))
        weights = 1 / (1 + (rest / scale) ** 2)
        weighted = known * (weights / weights.sum())
        # Sums without BLAS, whose order may depend on its threads.
        normal = (weighted[:, None] * known[None]).sum(axis=2) + np.diag(scale**2 * prior)
        numbers = np.linalg.solve(normal, (weighted * vertical).sum(axis=1))
        rest = vertical - (numbers[:, None] * known).sum(axis=0)
    return numbers, np.abs(rest)
