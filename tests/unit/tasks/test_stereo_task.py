"""Depth from a stereo pair: disparity of shifted pictures, and what noise and loss do to it."""

import cv2
import numpy as np
import pytest

from simnet.errors import PictureError
from simnet.tasks.camera_view import View
from simnet.tasks.stereo_depth import StereoDepth, compared

SHIFT = 9


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A left and a right picture of a flat wall, SHIFT pixels apart."""
    wide = cv2.GaussianBlur(np.random.default_rng(1).uniform(0, 255, (64, 160, 3)), (3, 3), 0).astype(np.uint8)
    return wide[:, :128], wide[:, SHIFT : 128 + SHIFT]


def view(decoded: np.ndarray, original: np.ndarray) -> View:
    return View("rig/left", decoded, original)


def test_disparity_of_shifted_pictures_is_the_shift(pair: tuple[np.ndarray, np.ndarray]) -> None:
    found = StereoDepth().disparity(*pair)
    inner = found[8:-8, SHIFT + 8 : -8]
    assert np.isfinite(inner).mean() > 0.95
    assert np.nanmedian(inner) == pytest.approx(SHIFT, abs=0.1)


def test_originals_themselves_have_no_bad_pixels(pair: tuple[np.ndarray, np.ndarray]) -> None:
    left, right = (view(each, each) for each in pair)
    assert StereoDepth().measure(left, right) == {"bad": 0.0, "error_px": 0.0}


def test_noise_makes_pixels_bad_and_repeats(pair: tuple[np.ndarray, np.ndarray]) -> None:
    noise = np.random.default_rng(2).normal(0, 40, pair[0].shape)
    noisy = np.clip(pair[0] + noise, 0, 255).astype(np.uint8)
    views = view(noisy, pair[0]), view(pair[1], pair[1])
    found = StereoDepth().measure(*views)
    assert 1 < found["bad"] < 100
    assert found == StereoDepth().measure(*views)


def test_grey_picture_has_no_disparity(pair: tuple[np.ndarray, np.ndarray]) -> None:
    grey = np.full_like(pair[0], 128)
    assert StereoDepth().measure(view(grey, pair[0]), view(pair[1], pair[1]))["bad"] > 95


def test_reference_without_disparity_gives_no_figures() -> None:
    nothing = np.full((4, 4), np.nan, np.float32)
    assert compared(nothing, nothing, 1.0) == {}


def test_pictures_of_other_sizes_are_refused(pair: tuple[np.ndarray, np.ndarray]) -> None:
    small = pair[1][:32, :64]
    with pytest.raises(PictureError, match=r"128 x 64 and 64 x 32; expected equal sizes"):
        StereoDepth().measure(view(pair[0], pair[0]), view(small, small))
