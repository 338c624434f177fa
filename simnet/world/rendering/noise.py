"""Natural-looking noise with an amplitude spectrum of about 1/f, as in photographs.

Field 1987, "Relations between the statistics of natural images and the response properties of cortical cells".
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def fractal(rng: np.random.Generator, height: int, width: int, slope: float = 1.0) -> np.ndarray:
    """Return tileable float32 noise (height x width, mean 0, standard deviation 1); its amplitude falls as 1/f**slope."""
    spectrum = np.fft.rfft2(rng.standard_normal((height, width), dtype=np.float32)) * _amplitudes(height, width, slope)
    noise = np.fft.irfft2(spectrum, s=(height, width)).astype(np.float32)
    return noise / noise.std()


@lru_cache(maxsize=8)
def _amplitudes(height: int, width: int, slope: float) -> np.ndarray:
    """Return 1/f**slope for each frequency of `rfft2`, 0 for the mean."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width)[None] * width)
    frequency[0, 0] = 1.0
    amplitudes = frequency**-slope
    amplitudes[0, 0] = 0.0
    return amplitudes


class Grain:
    """A small bank of noise maps; `patch` cuts a random piece, which costs far less than new noise."""

    SIZE = 512

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        maps = {slope: [fractal(rng, self.SIZE, self.SIZE, slope) for _ in range(2)] for slope in (0.5, 1.0, 1.6)}
        # Twice in each direction, so that a piece from any place on lies in one.
        self._maps = {slope: [np.tile(each, (2, 2)) for each in own] for slope, own in maps.items()}

    def patch(self, height: int, width: int, slope: float = 1.0) -> np.ndarray:
        """Return float32 noise (height x width); `slope` is 0.5 (gritty), 1.0 (natural) or 1.6 (cloudy)."""
        source = self._maps[slope][self._rng.integers(2)]
        shift = self._rng.integers(self.SIZE, size=2)
        top, left = (-shift) % self.SIZE
        columns = slice(left, left + self.SIZE)
        if self._rng.random() < 0.5:
            columns = slice((left - 1) % self.SIZE + self.SIZE, (left - 1) % self.SIZE, -1)
        piece = source[top : top + self.SIZE, columns]
        repeats = (-(-height // self.SIZE), -(-width // self.SIZE))
        if max(repeats) > 1:
            piece = np.tile(piece, repeats)
        return np.ascontiguousarray(piece[:height, :width])
