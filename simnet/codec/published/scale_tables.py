"""Standard deviations of the Gaussians that a published hyperprior selects from, evenly spaced on a logarithmic scale."""

import numpy as np

LEVELS = 64
PER_E_FOLD = 8
"""Number of tables per factor e of scale."""
SMALLEST_SCALE = 0.11


def scales() -> np.ndarray:
    """Standard deviations of the tables, float64 (LEVELS,)."""
    return SMALLEST_SCALE * np.exp(np.arange(LEVELS) / PER_E_FOLD)
