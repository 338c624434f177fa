"""Two pictures of one scene, for the published networks."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """Two smooth pictures of one scene, four pixels apart, as the networks take them: float32 (1, 3, 128, 256)."""
    y, x = np.mgrid[0:128, 0:256]
    base = 0.5 + 0.3 * np.sin(x / 9) * np.cos(y / 13)
    first = np.stack([base, 0.9 * base + 0.05, 1 - base])[None].astype(np.float32)
    return first, np.ascontiguousarray(np.roll(first, 4, axis=3))


@pytest.fixture(scope="session")
def pictures(pair: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The same in pixels, uint8 128 x 256 x 3."""
    first, second = (np.rint(255 * each[0].transpose(1, 2, 0)).astype(np.uint8) for each in pair)
    return first, second
