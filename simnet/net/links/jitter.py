"""Jitter: an endless sequence of extra delays in ns, half-normal, one for each packet that left the transmitter."""

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
    """Return draws of |N(0, s)|, with s such that their standard deviation is `deviation_ns`."""
    return _half_normal(deviation_ns / HALF_NORMAL_DEVIATION, generator) if deviation_ns else repeat(0)


def _half_normal(scale_ns: float, generator: np.random.Generator) -> Iterator[int]:
    while True:
        delays_ns: list[int] = abs(generator.standard_normal(BLOCK) * scale_ns).round().astype("int64").tolist()
        yield from delays_ns
