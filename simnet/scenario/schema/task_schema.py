"""Schema of a scenario's tasks: what the receiver does with its pictures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from simnet import plugins
from simnet.records.task_config import TASK_KINDS
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec


class TaskSpec(Spec):
    """A task that the receiver does with its pictures, measured for each frame."""

    kind: Annotated[str, f.Choice(plugins.TASKS, TASK_KINDS, TASK_KINDS)] | None = Field(
        default=None, examples=["stereo_depth"]
    )
    """stereo_depth: disparity of a pair of cameras; matching: features found again, and the geometry between two views;
    detection: objects that a detector finds. Or a task of an installed plug-in package. If left out, the task's name."""
    streams: f.Given | list[f.Given] = Field(default="*", examples=["car/left"])
    """Streams whose frames it is done for: a name, a pattern, or a list of these; all streams if left out."""
    partner: f.Given | None = Field(default=None, alias="with", examples=["car/right"])
    """Second view at the same time: a stream, a camera of the fusion node, or previous (the stream's frame before). stereo_depth
    needs it, and takes it for the right camera."""
    every: Annotated[f.Count, Field(ge=1, le=1_000_000)] = Field(default=1, examples=[5])
    """It is done for each so many-th frame of a stream, from the first."""
    disparities: Annotated[f.Count, Field(ge=16, le=1024)] | None = Field(default=None, examples=[64])
    """stereo_depth: largest disparity looked for, in pixels; a quarter of the picture's width if left out."""
    threshold: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = Field(default=None, examples=[1])
    """stereo_depth: error in pixels beyond which a pixel is bad; 1 if left out."""
    features: Annotated[f.Count, Field(ge=16, le=10_000)] | None = Field(default=None, examples=[500])
    """matching: most features of a picture; 500 if left out."""
    geometry: Literal["pose", "homography"] | None = Field(default=None, examples=["homography"])
    """matching with a second view: pose (relative pose of the cameras) or homography (a flat scene); pose if left out."""
    detector: f.Given | None = Field(default=None, examples=["street_cars", "yolo.onnx"])
    """detection: a detector's ONNX file, with a YAML file beside it that says what it takes and gives; if left out,
    street_cars, which finds the cars of rendered streets."""
    truth: f.Given | None = Field(default=None, examples=["boxes.json"])
    """detection: a file of true boxes in COCO's form; if left out, a rendered world's own, and elsewhere what is found in the
    originals."""
    confidence: f.Quality | None = Field(default=None, examples=[0.4])
    """detection: score from which a box counts in a frame's figures; the detector's own if left out."""
    options: dict[f.Name, f.Plain] = Field(default={}, examples=[{"sigma": 2}])
    """For a task of another package: its options."""


OPTIONS: dict[str, tuple[str, ...]] = {
    "stereo_depth": ("disparities", "threshold"),
    "matching": ("features", "geometry"),
    "detection": ("detector", "truth", "confidence"),
}
"""Keys that are options of each kind."""
FILES = ("detector", "truth")
"""Options that name files."""
SHIPPED_DETECTOR = "street_cars"


def expand_tasks(value: Any) -> Any:
    """Return the mapping of tasks that a list of kinds stands for."""
    return {name: {} for name in value} if isinstance(value, list) and all(type(n) is str for n in value) else value
