import numpy as np
import pytest


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """A picture with edges, gradients and fine texture, 120 x 200: no multiple of any network's stride."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:120, 0:200]
    base = 90 + 60 * np.sin(x / 17) + 40 * ((x // 25 + y // 20) % 2) + rng.normal(0, 6, (120, 200))
    return np.clip(np.stack([base, base * 0.9 + 10, 255 - base], axis=2), 0, 255).astype(np.uint8)
