"""Extra delay on the air: an endless sequence of half-normal draws in ns, one a packet that left the transmitter."""

from __future__ import annotations

import math
from itertools import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

BLOCK = 256
HALF_NORMAL_DEVIATION = math.sqrt(1 - 2 / math.pi)
"""Standard deviation of |N(0, 1)|; its mean is sqrt(2 / pi), so the mean extra delay is 1.324 deviations."""


def extra_delays(deviation_ns: int, generator: np.random.Generator) -> Iterator[int]:
    """Return draws of |N(0, s)| with s such that their own standard deviation is `deviation_ns`."""
    return _half_normal(deviation_ns / HALF_NORMAL_DEVIATION, generator) if deviation_ns else repeat(0)


def _half_normal(scale_ns: float, generator: np.random.Generator) -> Iterator[int]:
    while True:
        yield from abs(generator.standard_normal(BLOCK) * scale_ns).round().astype("int64").tolist()
