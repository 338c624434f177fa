"""Schema of the allotment of bit rates by fusion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simnet.records.allotment_config import AllotmentConfig, AllottedConfig
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec
from simnet.units import text

_ALLOTMENT = AllotmentConfig()


class AllotmentSpec(Spec):
    """How fusion allots bit rates to the streams with rate: allotted."""

    every: f.SomeTime = _ALLOTMENT.every_ns
    """Time between two allotments."""
    objective: Literal["mean", "minimum", "equal"] = Field(default="mean", examples=["minimum"])
    """What is made as large as it can be: the mean quality of all streams, or the quality of the worst; equal gives all
    the same bit rate, whatever it brings."""
    share: Annotated[f.Share, Field(gt=0)] = Field(default=_ALLOTMENT.share, examples=["90 %"])
    """Share of the capacity of each link and medium that is allotted; less while frames are late or lost."""

    @property
    def record(self) -> AllotmentConfig:
        """The allotment as a record."""
        return AllotmentConfig(self.every, self.objective, self.share)


def tree(allotment: AllotmentConfig) -> dict[str, str]:
    """Return an allotment as it is written in a scenario."""
    return {
        "every": text(allotment.every_ns, "ns"),
        "objective": allotment.objective,
        "share": text(allotment.share, ""),
    }


def bounds_tree(bounds: AllottedConfig) -> dict[str, str]:
    """Return the bounds of an allotted rate as they are written in a scenario."""
    return {"min": text(bounds.min_bps, "bit/s"), "max": text(bounds.max_bps, "bit/s")}
