"""Concealment: what fills a band that is missing, on a picture that moves and a camera beside it."""

import cv2
import numpy as np
import pytest

from simnet.codec.sliced.concealment import Concealer, Filler

HEIGHT, WIDTH, STEP, DISPARITY = 96, 128, 6, 9
MS = 1_000_000


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    draw = np.random.default_rng(5)
    wide = cv2.GaussianBlur(draw.uniform(0, 255, (HEIGHT, WIDTH + 12 * STEP, 3)), (0, 0), 2.5)
    return ((wide - 127) * 4 + 127).clip(0, 255).astype(np.uint8)


def view(scene: np.ndarray, frame: int, shift: int = 0) -> np.ndarray:
    left = frame * STEP + shift
    return np.ascontiguousarray(scene[:, left : left + WIDTH])


def error(scene: np.ndarray, picture: np.ndarray, rows: np.ndarray) -> float:
    inner = slice(16, -16)  # what comes into view at the edges is in no other picture
    return float(((picture[rows, inner].astype(float) - view(scene, 5)[rows, inner]) ** 2).mean())


def fillers(scene: np.ndarray) -> tuple[list[Filler], list[Filler]]:
    last = [Filler(view(scene, 4), 100 * MS), Filler(view(scene, 3), 200 * MS)]
    return last, [Filler(view(scene, 5, DISPARITY), 0)]


def missing(top: int, end: int) -> np.ndarray:
    rows = np.zeros(HEIGHT, bool)
    rows[top:end] = True
    return rows


@pytest.mark.parametrize(("top", "end"), [(0, 32), (32, 64), (64, 96), (0, 96)])
def test_motion_and_side_pictures_fill_better_than_standing_still(scene: np.ndarray, top: int, end: int) -> None:
    rows, (last, side) = missing(top, end), fillers(scene)
    hole = view(scene, 5)
    hole[rows] = 0
    stands = error(scene, view(scene, 4), rows)
    concealer = Concealer()
    moved = concealer.fill(hole, rows, last, [])
    both = concealer.fill(hole, rows, last, side)
    assert error(scene, moved, rows) < 0.2 * stands
    assert error(scene, both, rows) < 0.2 * stands
    assert np.array_equal(both[~rows], view(scene, 5)[~rows])


def test_side_picture_fills_what_the_last_pictures_do_not_show(scene: np.ndarray) -> None:
    rows = missing(32, 64)
    _, side = fillers(scene)
    hole = view(scene, 5)
    hole[rows] = 0
    # The stream's own last picture is of a scene that is gone.
    gone = [Filler(np.full((HEIGHT, WIDTH, 3), 30, np.uint8), 100 * MS)]
    concealer = Concealer()
    assert error(scene, concealer.fill(hole, rows, gone, side), rows) < 0.3 * error(
        scene, concealer.fill(hole, rows, gone, []), rows
    )


def test_nothing_to_fill_from_is_grey(scene: np.ndarray) -> None:
    rows = missing(0, 32)
    filled = Concealer().fill(view(scene, 5), rows, [], [])
    assert (filled[rows] == 128).all()
    assert np.array_equal(filled[~rows], view(scene, 5)[~rows])


def test_small_pictures_and_side_pictures_of_other_sizes_are_taken() -> None:
    draw = np.random.default_rng(1)
    small, large = (draw.integers(0, 255, (*size, 3), np.uint8) for size in ((8, 12), (40, 60)))
    rows = np.zeros(8, bool)
    rows[4:] = True
    assert Concealer().fill(small, rows, [Filler(small, MS)], [Filler(large, 0)]).shape == small.shape
