"""Matches along the rows of rectified pictures: right on a scene whose distances are known, to both sides, at any size."""

import cv2
import numpy as np
import pytest

from simnet.codec import model
from simnet.codec.learned import row_matching
from simnet.codec.learned.rectified_alignment import RectifiedAligner
from simnet.codec.learned.row_matching import RowMatcher, working_size
from simnet.errors import ModelError
from simnet.world.rendering.noise import Grain

QUALITY = np.eye(9, dtype=np.float32)[6:7]


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """A picture 360 x 420 with structure at all scales, as photographs have."""
    grain = Grain(np.random.default_rng(3))
    value = 128 + 40 * sum(grain.patch(360, 420, slope) for slope in (1.0, 1.6))
    return np.repeat(np.clip(value, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize(("height", "width"), [(128, 256), (120, 200), (96, 144), (360, 400)])
@pytest.mark.parametrize("side", [-1, 1])
def test_distances_are_found_to_both_sides_at_any_size(scene: np.ndarray, height: int, width: int, side: int) -> None:
    moved = 9 if height < 200 else 20
    left, right = (np.ascontiguousarray(scene[:height, begin : begin + width]) for begin in (0, moved))
    first, second = (left, right) if side < 0 else (right, left)
    decoded = cv2.GaussianBlur(first, (0, 0), 2.0)
    start = np.full((height, width), side * (moved + 1.5), np.float32)
    matcher = RowMatcher(model.load("atn"), height, width, QUALITY.shape[1])
    found = matcher.places(decoded, second, start, QUALITY)
    assert found.shape == (height, width)
    assert found.dtype == np.float32
    inner = found[16:-16, 40:-40]
    assert abs(float(np.median(inner)) - side * moved) < 0.15 * moved


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_places_that_are_no_numbers_are_refused(
    scene: np.ndarray, wrong: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher, start = RowMatcher(model.load("atn"), 128, 256, QUALITY.shape[1]), np.zeros((128, 256), np.float32)
    picture = np.ascontiguousarray(scene[:128, :256])
    monkeypatch.setattr(row_matching, "outputs", lambda *_: [np.full((1, 1, 128, 256), wrong, np.float32)])
    with pytest.raises(ModelError, match="graph rows gives numbers that are not finite"):
        matcher.places(picture, picture, start, QUALITY)


def test_places_far_outside_are_bounded(scene: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    matcher, left = RowMatcher(model.load("atn"), 128, 256, QUALITY.shape[1]), np.ascontiguousarray(scene[:128, :256])
    right = np.ascontiguousarray(scene[:128, 9:265])
    monkeypatch.setattr(row_matching, "outputs", lambda *_: [np.full((1, 1, 128, 256), -1e30, np.float32)])
    flows = RectifiedAligner(matcher).flows(left, right, QUALITY)
    assert all(np.isfinite(flow).all() and np.abs(flow).max() < 1000 for flow in flows)


def test_networks_size_keeps_the_shape_of_large_pictures() -> None:
    assert working_size(128, 256) == (128, 256)
    assert working_size(720, 1280) == (128, 224)
    assert working_size(20, 33) == (16, 32)


def test_models_without_the_network_align_by_flow() -> None:
    assert row_matching.is_in(model.load("atn"))
    assert not row_matching.is_in(model.load("atn-free"))
