"""Evaluation result, the report's input: plain values and example pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from simnet.report.evaluation_examples import EvaluationExample
from simnet.report.figures.rate_distortion import Points


class BjontegaardDifference(TypedDict):
    """A Bjontegaard difference: the mean over an interval of quality or rate, or the reason for its absence."""

    value: float | None
    low: float | None
    high: float | None
    share: float | None
    """Share of the anchor's own interval, in [0, 1]."""
    reason: str
    interval_low: NotRequired[float | None]
    """Ends of the 95 % interval of the bootstrap."""
    interval_high: NotRequired[float | None]


class MetricWords(TypedDict):
    """How a metric is written."""

    key: str
    title: str
    unit: str
    digits: int
    higher_is_better: bool
    task: NotRequired[str]
    """The task that it is a figure of."""
    compared: NotRequired[bool]
    """Whether there are differences by it, as if left out; False for figures of tasks that not every picture has."""


class BootstrapSize(TypedDict):
    """What the bootstrap drew."""

    replicates: int
    drives: int
    pairs: int


class CodecComplexity(TypedDict):
    """What a codec costs; None if it is unknown. Thousands of multiplications are a pixel's."""

    parameters: int | None
    encode_kmac: float | None
    decode_kmac: float | None
    encode_ms: float
    decode_ms: float


BjontegaardDifferences = Mapping[str, BjontegaardDifference]
"""`bd_rate_psnr`, `bd_rate_ms_ssim` and those of further metrics in percent of the anchor's rate, `bd_psnr` in dB."""


class EvaluationResult(TypedDict):
    """The result of an evaluation. Rates are in bits per pixel from real bytes."""

    data: str
    names: Sequence[str]
    """The data sets."""
    anchor: str
    anchors: Sequence[str]
    points: Mapping[str, Points]
    """Points by codec, each with `quality`, `bpp`, `psnr_db`, `ms_ssim`."""
    comparisons: Mapping[str, Mapping[str, BjontegaardDifferences]]
    """Bjontegaard differences by anchor and codec."""
    pictures: int
    size: NotRequired[Sequence[int]]
    """Width and height of the first coded picture."""
    protocol: NotRequired[str | None]
    rates: NotRequired[Sequence[float] | None]
    """Range of rates (bpp) that limits the BD-rates."""
    psnr_rates: NotRequired[Sequence[float] | None]
    """The same for BD-PSNR."""
    metrics: NotRequired[Sequence[MetricWords]]
    """PSNR, MS-SSIM and further metrics."""
    bootstrap: NotRequired[BootstrapSize | None]
    complexity: NotRequired[Mapping[str, CodecComplexity]]
    left_out: NotRequired[int]
    unrelated: NotRequired[str]
    """Origin of the unrelated pictures, in words."""
    controls: NotRequired[Mapping[str, Mapping[str, Points]]]
    """Control points by codec: the same bitstreams decoded with side information `none` and `unrelated`."""
    side_information: NotRequired[Mapping[str, Mapping[str, BjontegaardDifferences]]]
    """Differences by codec and way (`with`, `unrelated`), against the same decoder without side information."""
    offsets: NotRequired[Mapping[str, Sequence[Mapping[str, Any]]]]
    """Gain at every offset, by codec; see `figures.offset_figures`."""
    scores: NotRequired[Sequence[Mapping[str, Any]]]
    """Scores of every decoding of every picture."""
    published: NotRequired[bool]
    """Whether the published points of KITTI Stereo were asked for."""
    examples: NotRequired[Sequence[EvaluationExample]]
