"""Model of frame size against quality, learned from the frames that a camera has sent.

The logarithm of a frame's size is modelled as a straight line in quality, `offset + slope * quality`. Both drift as the scene
changes, so a Kalman filter with two states follows them: the first frame determines the offset, changes of quality the slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SLOPE_RANGE = (1.0, 12.0)
_NOISE = 0.03**2
"""Variance of log size from frame to frame that the line does not explain."""
_OFFSET_DRIFT = 0.05**2
_SLOPE_DRIFT = 0.1**2


@dataclass(frozen=True, slots=True)
class RateModel:
    """The line, and the covariance of its two parameters."""

    offset: float = math.log(2000.0)
    slope: float = 3.0
    offset_variance: float = 4.0
    slope_variance: float = 1.0
    covariance: float = 0.0

    def learn(self, quality: float, size_bytes: int) -> RateModel:
        """Return the model after a frame of `quality` took `size_bytes`."""
        a = self.offset_variance + _OFFSET_DRIFT
        b = self.slope_variance + _SLOPE_DRIFT
        c = self.covariance
        error = math.log(size_bytes) - (self.offset + self.slope * quality)
        with_offset = a + c * quality
        with_slope = c + b * quality
        total = with_offset + with_slope * quality + _NOISE
        slope = self.slope + with_slope / total * error
        return RateModel(
            offset=self.offset + with_offset / total * error,
            slope=min(max(slope, _SLOPE_RANGE[0]), _SLOPE_RANGE[1]),
            offset_variance=a - with_offset * with_offset / total,
            slope_variance=b - with_slope * with_slope / total,
            covariance=c - with_offset * with_slope / total,
        )

    def quality_for(self, size_bytes: float) -> float:
        """Return the quality whose frames take `size_bytes`; it may lie outside [0, 1]."""
        return (math.log(max(size_bytes, 1.0)) - self.offset) / self.slope

    def size_for(self, quality: float) -> float:
        """Return the bytes that a frame of `quality` takes."""
        return math.exp(min(self.offset + self.slope * quality, 40.0))
