"""Schema of a stream's codec."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

RECORDED_CODEC = "recorded"
_RECORDED_EXAMPLE = "{name: recorded, rows: runs/platoon/rows.parquet}"


class CodecSpec(Spec):
    """A codec with one of its models."""

    name: f.Given | None = Field(default=None, examples=["atn"])
    """The codec; required, here or in a pattern that matches the stream. FILE.py:CLASS is one of your own, with --allow-code."""
    options: dict[f.Name, f.Plain] = Field(default={}, examples=[{"preset": "fast"}])
    """Options of the codec: of simnet's own (preset, ...), or the arguments of a class of another package or of a file."""
    model: f.Given | None = Field(default=None, examples=["atn_small"])
    """A folder of models/; the codec's default if left out. For compressai the architecture, such as bmshj2018-hyperprior. For
    FILE.py:CLASS a file of weights."""
    quality: int | None = Field(default=None, ge=1, le=8, examples=[3])
    """For compressai: one of the architecture's published quality levels."""
    weights: f.Given | None = Field(default=None, examples=["weights.pth.tar"])
    """For compressai: a file of weights; if left out, the weights are downloaded from its model zoo."""
    rows: f.Given | None = Field(default=None, examples=["runs/platoon/rows.parquet"])
    """For recorded: a run's rows, from which frame sizes are drawn; relative to the current folder or the scenario file's."""
    stream: f.Given | None = Field(default=None, examples=["follower_*/front"])
    """For recorded: a stream of the run, if the run has several codecs or picture sizes."""
    side: Literal["fuse"] | None = Field(default=None, examples=["fuse"])
    """fuse: align and fuse side information after the decoder of a codec that does not use any itself."""

    @model_validator(mode="after")
    def _of_a_model(self) -> CodecSpec:
        if self.model is None and (self.quality is not None or self.weights is not None):
            raise ValueError("quality and weights are of a compressai model; expected model: bmshj2018-hyperprior, ...")
        if self.weights is not None and self.quality is None:
            raise ValueError(
                "weights given without quality; expected quality: 1 to 8, which says how wide the model is"
            )
        recorded = self.name == RECORDED_CODEC
        if self.name is not None and recorded != (self.rows is not None):
            raise ValueError(
                f"codec {self.name} {'without' if recorded else 'with'} rows; expected {_RECORDED_EXAMPLE}"
            )
        if self.stream is not None and self.rows is None:
            raise ValueError(f"stream given without rows; expected {_RECORDED_EXAMPLE}")
        if self.rows is not None and (self.model is not None or self.side is not None or self.options):
            raise ValueError(
                "a recorded codec has no model, no options and no side; expected rows, and stream if need be"
            )
        return self


def expand_codec(value: Any) -> Any:
    """Return the mapping that a codec's name alone expands to."""
    return value if isinstance(value, dict) else {"name": value}
