"""Schema of a stream's rate control."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from simnet import plugins, units
from simnet.records.allotment_config import AllottedConfig
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.congestion_schema import CongestionSpec, GccSpec, ScreamSpec
from simnet.scenario.schema.fields import Spec

_ALLOTTED = AllottedConfig()


class AdaptiveSpec(Spec):
    """Rate control by the receiver's feedback, with quality between bounds."""

    min_quality: f.Quality = Field(default=0.0, examples=[0.1])
    """Minimum quality."""
    max_quality: f.Quality = Field(default=1.0, examples=[0.9])
    """Maximum quality."""

    @model_validator(mode="after")
    def _ordered(self) -> AdaptiveSpec:
        if self.min_quality > self.max_quality:
            raise ValueError(
                f"min_quality {self.min_quality:g} is above max_quality {self.max_quality:g}; expected it the other way round"
            )
        return self


class AllottedSpec(Spec):
    """Bit rate allotted by fusion, headers of packets included."""

    min: f.BitRate = _ALLOTTED.min_bps
    """Least bit rate, which the stream has whatever it takes."""
    max: f.BitRate = _ALLOTTED.max_bps
    """Largest bit rate."""

    @model_validator(mode="after")
    def _ordered(self) -> AllottedSpec:
        if self.min > self.max:
            shown = units.text(self.min, "bit/s"), units.text(self.max, "bit/s")
            raise ValueError(f"min {shown[0]} is above max {shown[1]}; expected it the other way round")
        return self

    @property
    def record(self) -> AllottedConfig:
        """The bounds as a record."""
        return AllottedConfig(self.min, self.max)


KINDS = ("fixed", "target", "adaptive", "allotted", "scream", "gcc")
"""Internal names of simnet's own rate controls; other packages cannot use these names."""
NAMED = ("adaptive", "allotted", "scream", "gcc")
"""Rate controls whose name alone will do."""
_RATES = "one of {quality: 0.5}, {target: 300 kbit/s}, adaptive, allotted, scream, gcc, {control: NAME}"


class RateSpec(Spec):
    """Rate control: exactly one of quality, target, adaptive, allotted, scream, gcc and control."""

    quality: f.Quality | None = Field(default=None, examples=[0.5])
    """Fixed quality, 0 (fewest bits) to 1."""
    target: f.BitRate | None = None
    """Target for the average bit rate, packet overhead included."""
    adaptive: AdaptiveSpec | None = Field(default=None, examples=[{"min_quality": 0.1, "max_quality": 0.9}])
    """Quality controlled by the receiver's feedback."""
    allotted: AllottedSpec | None = Field(default=None, examples=[{"min": "10 kbit/s", "max": "2 Mbit/s"}])
    """Bit rate that fusion allots, by what each stream's pictures bring to all (fusion.allotment)."""
    scream: ScreamSpec | None = Field(default=None, examples=[{"start": "500 kbit/s", "max": "5 Mbit/s", "ecn": "l4s"}])
    """Congestion control SCReAM in the transport: a paced send queue, feedback on each packet, and a bit rate that follows."""
    gcc: GccSpec | None = Field(default=None, examples=[{"start": "500 kbit/s", "max": "5 Mbit/s"}])
    """Congestion control GCC in the transport: as scream, but by the trend of the delay, without a window and without marks."""
    control: Annotated[str, f.Choice(plugins.RATES, KINDS)] | None = Field(default=None, examples=["halving"])
    """A rate control of an installed plug-in package."""
    options: dict[f.Name, f.Plain] = Field(default={}, examples=[{"start": 0.8}])
    """For control: options of the plug-in."""

    @property
    def congestion(self) -> CongestionSpec | None:
        """The congestion control, if the rate control is one."""
        return self.scream or self.gcc

    @model_validator(mode="after")
    def _one_kind(self) -> RateSpec:
        given = [key for key in ("quality", "target", *NAMED, "control") if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "nothing"
            raise ValueError(f"{found} given; expected {_RATES}")
        if self.options and self.control is None:
            raise ValueError("options given without control; expected {control: a rate control of another package}")
        return self


def expand_rate(value: Any) -> Any:
    """Return the mapping that a name alone expands to."""
    if value in NAMED:
        return {value: {}}
    if not isinstance(value, dict):
        raise ValueError(f"{units.shorten(value)} is no rate control; expected {_RATES}")  # noqa: TRY004 (pydantic's way)
    return value
