"""A codec for tests of evaluations: JPEG with a decoder that matches blocks in its side picture and explains them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from simnet.codec.protocols import Decoder, Encoder, Explanation
from simnet.codec.still import pillow_codecs
from simnet.records import Announcement, Decoded, SideInformation

CELL = 8
NAME = "looking"


def open_encoder(name: str, width: int, height: int, model: str | None = None) -> Encoder:
    """`fixed` as model is a codec of one rate."""
    return LookingEncoder(width, height, fixed=model == "fixed")


def open_decoder(announcement: Announcement) -> Decoder:
    return LookingDecoder(announcement)


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    return pillow_codecs.TIMES_NS


class LookingEncoder:
    def __init__(self, width: int, height: int, *, fixed: bool) -> None:
        self._inner, self._fixed = pillow_codecs.open_encoder("jpeg", width, height), fixed
        self.announcement = dataclasses.replace(self._inner.announcement, codec=NAME)

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        return self._inner.encode(image, 0.5 if self._fixed else quality, key=key)


class LookingDecoder:
    """The mean of what JPEG gives and of the best match of each block within 24 pixels aside."""

    def __init__(self, announcement: Announcement) -> None:
        self._inner = pillow_codecs.open_decoder(dataclasses.replace(announcement, codec="jpeg"))

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        alone = self._inner.decode(data, ()).picture
        if not side:
            return Decoded(alone, alone)
        said = self.explain(data, side)
        trust = np.repeat(np.repeat(said.trust, CELL, 0), CELL, 1)[: alone.shape[0], : alone.shape[1], None]
        mixed = alone + trust * (said.common.astype(np.float32) - alone) / 2
        return Decoded(np.rint(mixed).astype(np.uint8), alone)

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        alone = self._inner.decode(data, ()).picture
        height, width = alone.shape[:2]
        other = cv2.resize(side[0].picture, (width, height))
        rows, columns = -(-height // CELL), -(-width // CELL)
        matches, trust = np.zeros((rows, columns, 3, 4), np.float32), np.zeros((rows, columns), np.float32)
        common = np.zeros_like(alone)
        for row in range(rows):
            for column in range(columns):
                top, left = min(row * CELL, height - CELL), min(column * CELL, width - CELL)
                near = max(0, left - 24), min(width, left + CELL + 24)
                block = alone[top : top + CELL, left : left + CELL]
                scores = cv2.matchTemplate(other[top : top + CELL, near[0] : near[1]], block, cv2.TM_SQDIFF)[0]
                best = np.argsort(scores)[:3]
                weights = np.exp(-(scores[best] - scores[best[0]]) / 4000)
                trust[row, column] = np.exp(-scores[best[0]] / 40000)
                for k, (at, weight) in enumerate(zip(best, weights / weights.sum(), strict=True)):
                    place = (0, near[0] + at + CELL / 2, top + CELL / 2, weight * trust[row, column])
                    matches[row, column, k] = place
                x = near[0] + best[0]
                common[top : top + CELL, left : left + CELL] = other[top : top + CELL, x : x + CELL]
        return Explanation(CELL, matches, trust, common, alone)
