"""Concealment of missing bands of a picture, from the stream's last pictures and from side pictures.

    last but one ──flow──▶ last picture ── motion goes on ──▶ moved picture ──────────┐
                             │                                                        ├─ by expected error ─▶ fill
                             └──flow──▶ side picture of now ── both flows ──▶ view ───┘

A missing band has no pixels to match, so its flow is predicted: motion between the last two pictures goes on (as in H.264's
temporal direct mode), and the way from the last picture to a side picture is found on the last picture, which is whole. What the
bands that arrived say about these predictions corrects them: flow is measured there, and its difference from the prediction
spreads into the missing band by normalised convolution (Knutsson and Westin, CVPR 1993). The brightness of each source is
corrected the same way. Sources are mixed by their expected squared errors: what each makes of the rows beside the band, and made
of the last picture at the same place. The last is what sees occlusions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from simnet.codec.learned.alignment import COARSE, SMALLEST, gray, grid, method, resized, warp

Picture = NDArray[np.uint8]
Reals = np.ndarray
"""float32."""

GREY = 128
"""Of what nothing is known."""
REACH = 16
"""Pixels of the border of a band: errors count there, and flow is not trusted closer than a quarter of it to a missing row."""
MOST_PIXELS = 12.0
"""Largest correction of a predicted flow."""
MOST_LEVELS = 24.0
"""Largest correction of brightness, of 255."""
FLOOR = 4.0
"""Squared error that is expected of any source at least."""
SHARPNESS = 2
"""Power of the errors by which sources are mixed: the better one counts almost alone."""


@dataclass(frozen=True, slots=True)
class Filler:
    """A picture to fill from, captured `age_ns` before the one to be filled: uint8 H x W x 3, a side picture of any size."""

    picture: Picture
    age_ns: int


class Concealer:
    """Fills missing rows; holds the work buffers of flows, so it serves one thread at a time."""

    def __init__(self) -> None:
        self._start = method(2, stride=3, iterations=32, refinements=10)
        self._flow = method(1, stride=3, iterations=16, refinements=5)

    def fill(
        self, picture: Picture, missing: NDArray[np.bool_], last: Sequence[Filler], side: Sequence[Filler]
    ) -> Picture:
        """Return the picture with its missing rows filled.

        Args:
            picture: uint8 H x W x 3; its missing rows may hold anything.
            missing: Which rows are missing, (H,).
            last: Pictures of the stream itself, newest first; two at the most count.
            side: Pictures of other cameras.
        """
        height, width = picture.shape[:2]
        known = ~missing
        sources: list[tuple[Reals, Reals]] = []
        newest = last[0].picture if last else None
        motion = np.zeros((height, width, 2), np.float32)
        if newest is not None:
            motion, prior = self._motion(last)
            motion = self._corrected(motion, picture, missing, newest)
            sources.append(self._source(picture, known, newest, motion, prior, motion))
        for each in side:
            view = resized(each.picture, height, width)
            way, prior = self._way(newest, view)
            flow = self._corrected(motion + _sampled(way, motion), picture, missing, view)
            sources.append(self._source(picture, known, view, flow, prior, motion))
        filled = picture.copy()
        filled[missing] = _mixed(sources)[missing] if sources else GREY
        return filled

    def _motion(self, last: Sequence[Filler]) -> tuple[Reals, Reals | None]:
        """Return where the pixels of now were in the newest picture, if motion goes on as it was.

        Also the squared errors that the motion before left in the newest picture; None if only one picture is known.
        """
        newest = last[0]
        if len(last) < 2 or last[1].age_ns <= newest.age_ns:
            return np.zeros((*newest.picture.shape[:2], 2), np.float32), None
        before = self._between(newest.picture, last[1].picture)
        error = _squared(warp(last[1].picture, before), newest.picture)
        scaled = before * np.float32(newest.age_ns / (last[1].age_ns - newest.age_ns))
        # On the grid of now: the motion of the pixel that comes here.
        return _sampled(scaled, scaled), error

    def _way(self, newest: Picture | None, view: Picture) -> tuple[Reals, Reals | None]:
        """Return the flow from the newest picture to a side picture, and the squared errors that it leaves."""
        if newest is None:
            return np.zeros((*view.shape[:2], 2), np.float32), None
        way = self._between(newest, view)
        return way, _squared(_level(warp(view, way), newest, np.ones(len(view), bool)), newest)

    def _corrected(self, flow: Reals, picture: Picture, missing: NDArray[np.bool_], source: Picture) -> Reals:
        """Return a predicted flow into `source`, corrected by what the rows that arrived say of it."""
        known = ~missing
        if not known.any() or min(picture.shape[:2]) < SMALLEST:
            return flow
        guess = picture.copy()
        guess[missing] = warp(source, flow)[missing]
        found = self._flow.calc(gray(guess), gray(source), flow.copy())
        trusted = _away(known, REACH // 4)
        spread = _spread(found - flow, trusted, REACH)
        return flow + np.clip(spread, -MOST_PIXELS, MOST_PIXELS)

    def _source(
        self,
        picture: Picture,
        known: NDArray[np.bool_],
        source: Picture,
        flow: Reals,
        prior: Reals | None,
        motion: Reals,
    ) -> tuple[Reals, Reals]:
        """Return what a source makes of the picture, float32 H x W x 3, and its expected squared errors, H x W."""
        pixels = _level(warp(source, flow), picture, known)
        errors: list[Reals] = []
        if prior is not None:
            errors.append(_blurred(_moved(prior, motion), REACH / 4))
        if known.any():
            errors.append(_spread(_squared(pixels, picture)[..., None], known, REACH)[..., 0])
        if not errors:
            return pixels, np.full(picture.shape[:2], FLOOR, np.float32)
        return pixels, reduce(np.add, errors) / len(errors)

    def _between(self, first: Picture, second: Picture) -> Reals:
        """Return the flow float32 H x W x 2 from one picture to another."""
        flow = np.zeros((*first.shape[:2], 2), np.float32)
        if min(first.shape[:2]) < SMALLEST:
            return flow
        one, other = gray(first), gray(second)
        if min(first.shape[:2]) >= COARSE:
            flow = self._start.calc(one, other, flow)
        return self._flow.calc(one, other, flow)


def _mixed(sources: Sequence[tuple[Reals, Reals]]) -> Picture:
    """Return the mean of pictures (float32 H x W x 3), weighted by their expected squared errors (H x W)."""
    weights = [1 / np.maximum(error, FLOOR) ** SHARPNESS for _, error in sources]
    weighted = [pixels * weight[..., None] for (pixels, _), weight in zip(sources, weights, strict=True)]
    mean = reduce(np.add, weighted) / reduce(np.add, weights)[..., None]
    return np.rint(np.clip(mean, 0, 255)).astype(np.uint8)


def _level(pixels: NDArray[np.generic], picture: Picture, known: NDArray[np.bool_]) -> Reals:
    """Return pixels with the local brightness and colour of the picture, as its known rows show them."""
    pixels = pixels.astype(np.float32)
    if not known.any():
        return pixels
    return pixels + np.clip(_spread(picture - pixels, known, REACH), -MOST_LEVELS, MOST_LEVELS)


def _spread(values: Reals, known: NDArray[np.bool_], sigma: float) -> Reals:
    """Return values H x W x C smoothed, and carried from the known rows into the others: normalised convolution.

    Where the Gaussian has no known row in reach, a wider one answers.
    """
    weight = np.repeat(known.astype(np.float32)[:, None], values.shape[1], axis=1)
    masked = values * weight[..., None]
    wide = 4 * sigma
    out = _ratio(masked, weight, wide)
    near = _blurred(weight, sigma)[..., None]
    share = np.minimum(near / 0.05, 1)
    return out * (1 - share) + _ratio(masked, weight, sigma) * share


def _ratio(masked: Reals, weight: Reals, sigma: float) -> Reals:
    total = np.maximum(_blurred(weight, sigma), 1e-6)
    return _blurred(masked, sigma).reshape(masked.shape) / total[..., None]


def _blurred(values: Reals, sigma: float) -> Reals:
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def _away(known: NDArray[np.bool_], rows: int) -> NDArray[np.bool_]:
    """Return the known rows that are further than `rows` from every missing one; all known ones if none is."""
    near = np.convolve(~known, np.ones(2 * rows + 1), "same") > 0.5
    return known & ~near if (known & ~near).any() else known


def _squared(one: NDArray[np.generic], other: NDArray[np.generic]) -> Reals:
    """Return the mean squared difference of the colours of each pixel, H x W."""
    return ((one.astype(np.float32) - other.astype(np.float32)) ** 2).mean(2)


def _sampled(flow: Reals, by: Reals) -> Reals:
    """Return a flow as it is at the ends of another one."""
    return np.stack([_moved(np.ascontiguousarray(flow[..., axis]), by) for axis in range(2)], axis=-1)


def _moved(values: Reals, flow: Reals) -> Reals:
    x, y = grid(*values.shape[:2])
    return cv2.remap(values, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
