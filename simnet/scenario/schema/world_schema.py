"""The schema of where frames come from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from simnet import plugins
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

RECORDED = ("pictures", "pairs", "kitti_raw", "kitti_odometry")
KINDS = ("rendered", *RECORDED)


class WorldSpec(Spec):
    """Where frames come from."""

    kind: Annotated[str, f.Choice(plugins.WORLDS, KINDS, KINDS)] = Field(default="rendered", examples=["pairs"])
    """rendered: a scene made here; pictures: a folder or video a camera; pairs: left/ and right/; kitti_*: the data sets; or
    one that an installed package brings."""
    scene: Literal["street", "field", "intersection"] = Field(default="street", examples=["field"])
    """What is rendered; recorded worlds pass it over."""
    path: f.Given | None = Field(default=None, examples=["data/kitti_slamdemo"])
    """Folder of a recorded world: from the current folder, or from the scenario file's folder where it exists there. Worlds of
    other packages may take one, or a file."""
    sequence: f.Given | None = Field(default=None, examples=["00"])
    """The drive or sequence inside a data set's folder that holds several."""
    offset: f.Count = Field(default=0, examples=[1])
    """Recorded pairs: the right camera runs this many frames ahead, as in stereo that is not synchronised."""

    options: dict[f.Name, f.Plain] = Field(default={}, examples=[{"stripes": 4}])
    """For a world of another package: what it takes besides."""

    @field_validator("sequence", mode="before")
    @classmethod
    def _two_digits(cls, value: Any) -> Any:
        # YAML reads the odometry sequences 00 to 07 as numbers.
        return f"{value:02d}" if isinstance(value, int) and 0 <= value < 100 else value
