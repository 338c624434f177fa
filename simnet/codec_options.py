"""Options of simnet's own codecs, by codec: what `options:` of a scenario and `NAME{key: value}` on a command line may say.

Each default is what the codec does without options, to the byte.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simnet.suggestions import near

X26X_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
)  # fmt: skip
Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"
]
Sampling = Literal["4:4:4", "4:2:2", "4:2:0"]


class CodecOptions(BaseModel):
    """Options of one codec; strict types, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class X26xOptions(CodecOptions):
    """Options of x264 and x265."""

    preset: Preset = "slow"
    """Speed of the encoder, fastest first; slower ones need fewer bits."""


class SvtOptions(CodecOptions):
    """Options of SVT-AV1."""

    preset: Annotated[int, Field(ge=0, le=13)] = 4
    """Speed of the encoder, 0 (slowest) to 13."""


class JpegOptions(CodecOptions):
    """Options of JPEG."""

    optimize: bool = True
    """Whether to fit the Huffman tables to each picture."""
    progressive: bool = False
    """Whether to write progressive JPEG."""
    subsampling: Sampling | None = None
    """Chroma subsampling; the library's own choice if left out."""


class WebpOptions(CodecOptions):
    """Options of WebP."""

    method: Annotated[int, Field(ge=0, le=6)] = 4
    """Effort, 0 (fastest) to 6."""


class AvifOptions(CodecOptions):
    """Options of AVIF."""

    speed: Annotated[int, Field(ge=0, le=10)] = 8
    """Speed of the encoder, 0 (slowest) to 10."""
    subsampling: Sampling | None = None
    """Chroma subsampling; the library's own choice if left out."""


OPTIONS: dict[str, type[CodecOptions]] = {
    "h264": X26xOptions,
    "hevc": X26xOptions,
    "hevc-intra": X26xOptions,
    "av1": SvtOptions,
    "jpeg": JpegOptions,
    "webp": WebpOptions,
    "avif": AvifOptions,
}
"""Codecs with options; no other of simnet's own has any."""


def given(options: dict[str, Any], codec: str) -> dict[str, Any]:
    """Return the options that are given, checked, by key; pydantic's ValidationError if one is invalid."""
    model = OPTIONS[codec].model_validate(options)
    return {key: getattr(model, key) for key in options}


def faults(error: ValidationError, known: list[str]) -> list[tuple[str, str]]:
    """Return the key and the fault of each option that pydantic refused; `known` are the options that there are."""
    found = []
    for detail in error.errors(include_url=False):
        key = str(detail["loc"][0]) if detail["loc"] else ""
        if detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            text = f"unknown option {key!r}{near(key, known)}; expected one of: {', '.join(known) or 'none'}"
        elif detail["type"] in {"missing", "missing_argument"}:
            text = f"option {key!r} is missing; expected {key}: ..."
        else:
            said = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            what = f" {detail['input']!r:.60}" if detail["type"] != "value_error" else ""
            text = f"option {key}{what}: expected {said}" if what else f"option {key}: {said}"
        found.append((key, text))
    return found
