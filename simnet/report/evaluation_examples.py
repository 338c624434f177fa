"""Example pictures of an evaluation: each codec's decoding at about the same rate, and its decoder's attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedPicture:
    """A decoded picture (uint8, H x W x 3) and its quality."""

    picture: np.ndarray
    psnr_db: float
    ms_ssim: float


@dataclass(frozen=True, slots=True, eq=False)
class ExampleDecoding:
    """A codec's decoding of an example. `offset` is its side picture's offset in frames; None without a side picture."""

    codec: str
    decoded: EvaluatedPicture
    quality: float
    bpp: float
    offset: int | None


@dataclass(frozen=True, slots=True, eq=False)
class DecoderExplanation:
    """A decoder's use of its side picture; `cell`, `matches`, `trust` as in `codec.protocols.Explanation`."""

    codec: str
    offset: int
    bpp: float
    cell: int
    matches: np.ndarray
    trust: np.ndarray
    decoded: EvaluatedPicture
    common: EvaluatedPicture
    private: EvaluatedPicture


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationExample:
    """One picture, its side pictures by offset in frames (uint8, H x W x 3 each), and its decodings."""

    name: str
    original: np.ndarray
    sides: Mapping[int, np.ndarray]
    shown: Sequence[ExampleDecoding]
    explained: Sequence[DecoderExplanation]
