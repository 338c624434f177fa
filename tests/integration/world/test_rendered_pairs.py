"""Pairs to train on overlap, and repeat for the same seed only."""

import cv2
import numpy as np
import pytest

from simnet.errors import InputError
from simnet.world.datasets.rendered_pairs import render_pairs


def matches(first, second):
    orb = cv2.ORB_create(800, fastThreshold=5)
    (_, a), (_, b) = (orb.detectAndCompute(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), None) for view in (first, second))
    return len(cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(a, b)) if a is not None and b is not None else 0


@pytest.mark.parametrize("scene", ["street", "field"])
def test_rendered_pairs_overlap_and_differ(scene):
    pairs = list(render_pairs(scene, 6, seed=3))
    assert all(view.shape == (128, 256, 3) and view.dtype == np.uint8 for pair in pairs for view in pair)
    assert not any(np.array_equal(first, second) for first, second in pairs)
    assert np.median([matches(*pair) for pair in pairs]) > 40


def test_rendered_pairs_repeat_for_equal_seed_only():
    first, again, other = (next(iter(render_pairs("street", 1, seed, 64, 32)))[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_unknown_scene_is_refused():
    with pytest.raises(InputError, match="no scene 'beach'"):
        next(render_pairs("beach", 1, 0))
