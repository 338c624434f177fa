"""Decoded pictures for quality scoring, and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Score:
    """Quality of a picture, and of the same picture decoded without side information."""

    psnr_db: float
    ms_ssim: float
    alone_psnr_db: float
    alone_ms_ssim: float


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A decoded picture as bytes (uint8, H x W x 3, RGB); `alone` is None if no side information was used."""

    stream: str
    sequence: int
    capture_ns: int
    picture: bytes
    alone: bytes | None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ScoredPicture:
    """A decoded picture, its original (uint8, H x W x 3, RGB each, read only), and its score if it has one."""

    stream: str
    sequence: int
    capture_ns: int
    original: npt.NDArray[np.uint8]
    decoded: npt.NDArray[np.uint8]
    score: Score | None
