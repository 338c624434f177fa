"""What the decoder expects of the latent's missing passes: drawn from the known ones, and analysed from aligned side pictures.

    known passes ──means of the missing ones──▶ coarse picture ──flow──▶ side picture, aligned ──┐
                                                     └──────────────fusion──────────────────────┤
                                                          analysis at the same quality ◀─────────┘

Every candidate is a scaled latent, float32 (C, h, w): an estimate of what the encoder rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from simnet.codec import model
from simnet.codec.bitstream.padding import padded, to_picture
from simnet.codec.learned.alignment import Aligner
from simnet.codec.learned.inference import outputs, run
from simnet.codec.learned.lowres_codec import PassMeans
from simnet.codec.learned.lowres_indexes import places
from simnet.codec.learned.lowres_layout import PASSES
from simnet.codec.learned.side_fusion import STRIDE

CANDIDATES = 4
"""The coarse picture's own latent, the two aligned pictures', and the fused picture's."""
REACH = 32
"""Side (pixels) of the window over which a picture's difference from the coarse one is averaged."""


@dataclass(frozen=True, eq=False)
class Expected:
    """What the decoder expects: `candidates` float32 (CANDIDATES, C, h, w) of the scaled latent.

    `misfits` float32 (2, h, w) are mean squared differences, of 8-bit pixels, from the coarse picture: of the first aligned
    picture, and of the fused one.
    """

    candidates: np.ndarray
    misfits: np.ndarray


class SideLatents:
    """Analyses aligned side pictures for one stream; used by one thread at a time."""

    def __init__(self, chosen: model.Model, height: int, width: int) -> None:
        self._model, self._size, self._aligner = chosen, (height, width), Aligner()

    def expected(
        self, number: int, mean: np.ndarray, y_hat: np.ndarray, means: PassMeans, shares: np.ndarray, side: np.ndarray
    ) -> Expected:
        """Work out what to expect of pass `number`, from 1 up.

        Args:
            number: Pass that comes next.
            mean: Its means, float32 (C, h, w).
            y_hat: Scaled latent of the passes before, float32 (C, h, w), zero elsewhere.
            means: Means of the passes.
            shares: Quality as shares of the banks' knots, float32 (1, knots).
            side: Side picture, uint8 H x W x 3 of any size.
        """
        drawn, features = outputs(self._model.coding, "synthesis", self._filled(number, mean, y_hat, means), shares)
        coarse = drawn * np.float32(0.5) + np.float32(0.5)
        picture = to_picture(coarse, *self._size)
        aligned = [padded(each, STRIDE) for each in self._aligner.align(picture, side)]
        fused = to_picture(run(self._model, "fuse", coarse, np.concatenate(aligned), features, shares), *self._size)
        pictures = (padded(picture, STRIDE), *aligned, padded(fused, STRIDE))
        latents = [run(self._model.coding, "analysis", each, shares)[0] for each in pictures]
        return Expected(np.stack(latents), np.stack([_misfit(pictures[each], pictures[0]) for each in (1, 3)]))

    def _filled(self, number: int, mean: np.ndarray, y_hat: np.ndarray, means: PassMeans) -> np.ndarray:
        """Latent (1, C, h, w) with each missing pass at its means, given the passes before it."""
        filled = y_hat.copy()
        for later in range(number, PASSES):
            expected = mean if later == number else means(later, filled)
            for where in places(later, len(filled)):
                filled[where] = expected[where]
        return (filled + means.correction)[None]


def _misfit(picture: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Mean squared difference around each cell of STRIDE pixels, float32 (h, w), of pictures (1, 3, H, W) in [0, 1]."""
    squares = np.square((picture[0] - coarse[0]) * np.float32(255)).mean(0)
    return cv2.blur(squares, (REACH, REACH))[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
