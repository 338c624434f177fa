"""Schema of the world, the source of frames."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simnet import drives, plugins
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

RECORDED = ("pictures", "pairs", "kitti_raw", "kitti_odometry", *drives.KINDS)
KINDS = ("rendered", *RECORDED)


class WorldSpec(Spec):
    """Source of the frames."""

    kind: Annotated[str, f.Choice(plugins.WORLDS, KINDS, KINDS)] = Field(default="rendered", examples=["pairs"])
    """rendered: a scene rendered by simnet; pictures: a folder or video for each camera; pairs: left/ and right/; kitti_*: the
    data sets; rosbag: a ROS 2 bag or MCAP file; opv2v: a drive of OPV2V or V2XSet; dair_v2x: one of DAIR-V2X. These three bring
    nodes and cameras along. Or a world of an installed plug-in package."""
    scene: Literal["street", "field", "intersection"] = Field(default="street", examples=["field"])
    """Rendered scene; recorded worlds ignore it."""
    path: f.Given | None = Field(default=None, examples=["data/kitti_slamdemo"])
    """Folder of a recorded world, or a bag's file, relative to the current folder, or to the scenario file's folder if it exists
    there. Worlds of other packages can use a folder or a file."""
    sequence: f.Given | None = Field(default=None, examples=["00"])
    """Drive or sequence in a data set's folder, if the folder has several."""
    offset: f.Count = Field(default=0, examples=[1])
    """Recorded pairs: the right camera is this many frames ahead, as in unsynchronised stereo."""

    options: dict[f.Name, f.Plain] = Field(default={}, examples=[{"stripes": 4}])
    """For a world of another package: its additional options."""
