"""The finder against a plain loop over every window, as the paper writes it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec.dsin import patch_finder

MEAN, DEVIATION = np.array([0.4, 0.45, 0.5]), np.array([0.2, 0.25, 0.3])


def plain_loop(x_dec: np.ndarray, y_dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = patch_finder.planes(x_dec, MEAN, DEVIATION), patch_finder.planes(y_dec, MEAN, DEVIATION)
    height, width = patch_finder.PATCH
    rows, columns = x.shape[0] // height, x.shape[1] // width
    scores = np.zeros((rows, columns, y.shape[0] - height + 1, y.shape[1] - width + 1))
    for row, column, top, left in np.ndindex(scores.shape):
        patch = x[row * height : (row + 1) * height, column * width : (column + 1) * width]
        window = y[top : top + height, left : left + width]
        pearson = np.corrcoef(patch.ravel(), window.ravel())[0, 1]
        down, across = (top - row * height) / (x.shape[0] / 2), (left - column * width) / (x.shape[1] / 2)
        scores[row, column, top, left] = pearson * np.exp(-4 * np.log(2) * (down**2 + across**2))
    return scores.reshape(rows, columns, -1).max(axis=2), scores


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_finder_agrees_with_a_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(0, 256, (40, 48, 3), dtype=np.uint8) for _ in range(2))
    found = patch_finder.find(x, y, MEAN, DEVIATION)
    best, scores = plain_loop(x, y)
    np.testing.assert_allclose(found.score, best, atol=1e-5)
    for row, column in np.ndindex(found.top.shape):
        chosen = scores[row, column, found.top[row, column], found.left[row, column]]
        assert chosen > best[row, column] - 1e-5


def test_shifted_picture_is_found_and_reassembled(picture: np.ndarray) -> None:
    x = patch_finder.whole_patches(picture)
    y = np.roll(x, (0, 7), axis=(0, 1))
    found = patch_finder.find(x, y, MEAN, DEVIATION)
    lefts = found.left - np.arange(found.left.shape[1]) * patch_finder.PATCH[1]
    assert np.median(lefts) == 7
    y_syn = patch_finder.synthesise(y, found)
    assert np.mean(y_syn[:, :-24] == x[:, :-24]) > 0.9


def test_flat_patches_have_a_match() -> None:
    flat = np.full((40, 48, 3), 90, np.uint8)
    found = patch_finder.find(flat, flat, MEAN, DEVIATION)
    assert np.isfinite(found.score).all()
    np.testing.assert_array_equal(patch_finder.synthesise(flat, found), flat)


def test_borders_are_padded_to_whole_patches(picture: np.ndarray) -> None:
    whole = patch_finder.whole_patches(picture)
    assert whole.shape == (120, 216, 3)
    np.testing.assert_array_equal(whole[:, 199:], np.repeat(picture[:, -1:], 17, axis=1))
