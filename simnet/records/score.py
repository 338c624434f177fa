"""A decoded picture on its way to be scored, and its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Score:
    """How good a picture is, and how good it would have been without side information."""

    psnr_db: float
    ms_ssim: float
    alone_psnr_db: float
    alone_ms_ssim: float


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A decoded picture as bytes (uint8, H x W x 3, RGB); `alone` is None where no side information was used."""

    stream: str
    sequence: int
    capture_ns: int
    picture: bytes
    alone: bytes | None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ScoredPicture:
    """A decoded picture, what its camera saw (uint8, H x W x 3, RGB each, not to be written to), and its score."""

    stream: str
    sequence: int
    capture_ns: int
    original: npt.NDArray[np.uint8]
    decoded: npt.NDArray[np.uint8]
    score: Score
