"""Alignment between rectified cameras: whose flows are kept to the rows, whose are not, and what that is worth."""

from functools import lru_cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec.learned.alignment import Aligner, warp
from simnet.codec.learned.rectified_alignment import RectifiedAligner, RowMatches, fitted
from simnet.quality import psnr

HEIGHT, WIDTH = 128, 256


@lru_cache(maxsize=64)
def noise(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Smooth noise with a standard deviation of 1, as a flow's errors are: alike in whole regions."""
    rough = np.random.default_rng(seed).normal(0, 1, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), height / 40)
    return smooth / smooth.std()


def between_rectified(seed: int, error: float, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A flow of 4 to 20 pixels at 128 rows along the rows, with errors along both axes."""
    unit = height / HEIGHT
    depth = 12 + 8 * np.clip(noise(seed + 1000, height, width) / 2, -1, 1)
    return cv2.merge(
        [unit * (error * noise(seed, height, width) - depth), unit * error * noise(seed + 1, height, width)]
    )


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    rng = np.random.default_rng(5)
    layers = [cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH + 32)).astype(np.float32), (0, 0), s) for s in (1, 3, 9)]
    gray = sum(layer / layer.std() for layer in layers) * 25 + 128
    return np.clip(gray, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def coarse(picture: np.ndarray) -> np.ndarray:
    """A picture as a codec shows it at a low rate."""
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 5])[1], cv2.IMREAD_COLOR)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 9),
    error=st.floats(0.02, 0.4),
    size=st.sampled_from([(64, 96), (128, 256), (240, 376)]),
)
def test_flows_between_rectified_pictures_are_kept_to_the_rows(seed: int, error: float, size: tuple[int, int]) -> None:
    flow = between_rectified(seed, error, *size)
    rows = fitted(flow)
    assert rows is not None
    kept = rows.kept(flow)
    np.testing.assert_array_equal(kept[..., 0], flow[..., 0])
    assert kept.dtype == np.float32
    assert np.abs(kept[..., 1]).mean() < 0.6 * np.abs(flow[..., 1]).mean()


@settings(max_examples=30)
@given(
    offset=st.floats(-0.4, 0.4), across=st.floats(-0.2, 0.2), down=st.floats(-0.2, 0.2), slope=st.floats(-0.01, 0.01)
)
def test_what_is_wrong_with_a_rectification_is_found(offset: float, across: float, down: float, slope: float) -> None:
    """A precise flow says so, and the prior gives way to it."""
    flow = between_rectified(3, 0.0)
    expected = RowMatches(offset, across, down, slope).kept(flow)
    rows = fitted(expected + 0.02 * cv2.merge([noise(1), noise(2)]))
    assert rows is not None
    assert np.abs(rows.kept(expected)[..., 1] - expected[..., 1]).max() < 0.25


@pytest.mark.parametrize("error", [0.05, 0.3])
def test_flows_of_a_moving_camera_are_left_alone(error: float) -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    near = np.clip((y - 50) / 78, 0, 1)
    flow = cv2.merge([(x - 128) * near * 0.2, (y - 50) * near * 0.2]) + error * cv2.merge([noise(1), noise(2)])
    assert fitted(flow) is None


def test_unrelated_pictures_are_left_alone(scene: np.ndarray) -> None:
    first, second = scene[:, :WIDTH], np.ascontiguousarray(scene[::-1, :WIDTH])
    for ours, theirs in zip(RectifiedAligner().flows(first, second), Aligner().flows(first, second), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_coarse_pictures_of_rectified_cameras_align_better(scene: np.ndarray) -> None:
    left, right = np.ascontiguousarray(scene[:, :WIDTH]), np.ascontiguousarray(scene[:, 9 : 9 + WIDTH])
    decoded = coarse(left)
    inner = np.s_[:, 24:-24]
    ours, theirs = (
        [psnr(warp(right, flow)[inner], left[inner]) for flow in aligner.flows(decoded, right)]
        for aligner in (RectifiedAligner(), Aligner())
    )
    assert max(ours) > max(theirs) + 1
    assert min(ours) > min(theirs)
