"""Example pictures of an evaluation: what each codec made of a picture at about the same rate, and where its decoder looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPicture:
    """A decoded picture (uint8 H x W x 3) and how good it is."""

    picture: np.ndarray
    psnr_db: float
    ms_ssim: float


@dataclass(frozen=True, slots=True, eq=False)
class ExampleDecoding:
    """What a codec made of an example. `offset` is that of its side picture in frames; None where it uses none."""

    codec: str
    decoded: ScoredPicture
    quality: float
    bpp: float
    offset: int | None


@dataclass(frozen=True, slots=True, eq=False)
class DecoderExplanation:
    """What a decoder took from its side picture; `cell`, `matches`, `trust` as in `codec.protocols.Explanation`."""

    codec: str
    offset: int
    bpp: float
    cell: int
    matches: np.ndarray
    trust: np.ndarray
    decoded: ScoredPicture
    common: ScoredPicture
    private: ScoredPicture


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationExample:
    """One picture, its side pictures by offset in frames (uint8 H x W x 3 each), and what came of them."""

    name: str
    original: np.ndarray
    sides: Mapping[int, np.ndarray]
    shown: Sequence[ExampleDecoding]
    explained: Sequence[DecoderExplanation]
