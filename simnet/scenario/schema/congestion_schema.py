"""Schema of the congestion controls that a stream's transport can run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from simnet import units
from simnet.records import CongestionConfig
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec


class CongestionSpec(Spec):
    """Bounds of the bit rate of a congestion control, packet headers excluded."""

    min: f.BitRate = Field(default=50e3, examples=["100 kbit/s"])
    """Least bit rate that it asks of the encoder."""
    start: f.BitRate = Field(default=300e3, examples=["1 Mbit/s"])
    """Bit rate at the start."""
    max: f.BitRate = Field(default=20e6, examples=["10 Mbit/s"])
    """Largest bit rate that it asks of the encoder."""

    @model_validator(mode="after")
    def _ordered(self) -> CongestionSpec:
        if (fault := self.fault) is not None:
            raise ValueError(fault)
        return self

    @property
    def fault(self) -> str | None:
        """What is wrong with the bounds, which several patterns of a scenario may set, or None."""
        if self.min <= self.start <= self.max:
            return None
        rates = ", ".join(f"{key} {units.text(getattr(self, key), 'bit/s')}" for key in ("min", "start", "max"))
        return f"{rates}; expected min <= start <= max"


class GccSpec(CongestionSpec):
    """Google congestion control, as WebRTC had it: draft-ietf-rmcat-gcc-02."""

    @property
    def record(self) -> CongestionConfig:
        """The control as a configuration record."""
        return CongestionConfig(self.min, self.start, self.max)


class ScreamSpec(CongestionSpec):
    """SCReAM, version 2: RFC 8298 and draft-ietf-ccwg-rfc8298bis-screamv2."""

    ecn: Literal["none", "classic", "l4s"] = Field(default="none", examples=["l4s"])
    """How its packets allow queues to mark them: not at all, as ECT(0), or as ECT(1) for low latency (RFC 9331)."""
    queue_delay: f.SomeTime = Field(default=60_000_000, examples=["60 ms"])
    """Queue delay that it aims to stay below; it slows down from half of that on."""

    @property
    def record(self) -> CongestionConfig:
        """The control as a configuration record."""
        return CongestionConfig(self.min, self.start, self.max, self.ecn, self.queue_delay)
