"""Schema of fleets: how the members of a node with a count differ."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

MOST_MEMBERS = 10_000

FleetCount = Annotated[f.Count, Field(ge=1, le=MOST_MEMBERS)]


class OffsetSpec(Spec):
    """What each member of a fleet adds to the member before it."""

    position: f.Point | None = Field(default=None, examples=[[0, 3.5]])
    """Metres [x, y] or [x, y, z] by which position or path are moved."""
    start: f.Length | None = Field(default=None, examples=["-12 m"])
    """Distance along the path at the start of the run."""
    time: f.Moment | None = Field(default=None, examples=["2 s"])
    """Time by which a member is later on the same path."""
    heading: f.Angle | None = Field(default=None, examples=["45 deg"])
    """Angle to the left."""
    phase: f.Time | None = Field(default=None, examples=["10 ms"])
    """Time by which all cameras of a member capture later."""
