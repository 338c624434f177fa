"""A detector's file: an ONNX graph, and a file beside it that says how pictures go in and boxes come out.

    street_cars.onnx   street_cars.yaml: size, colour, layout, mean and scale, output, classes

`simnet.tasks.boxes_out` has the forms of outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simnet import input_files, shipped
from simnet.errors import InputError

SHIPPED = "street_cars"
"""simnet's own detector, found by its name."""
GRAPH_BYTES = 512 * input_files.MB
_EXPECTED = "a detector's ONNX graph"

Side = Annotated[int, Field(ge=16, le=4096)]
Three = Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=3, max_length=3)]
Share = Annotated[float, Field(ge=0, le=1)]


class DetectorSpec(BaseModel):
    """What the file beside a detector's graph says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[Side, Side]
    """Width and height of the graph's input in pixels."""
    output: Literal["yolov8", "yolov5", "ssd", "boxes"]
    """Form of the output: see `simnet.tasks.boxes_out`."""
    classes: Annotated[list[str], Field(min_length=1, max_length=1000)]
    """Names of the classes, in the order of their numbers; an empty name is a class that is left out."""
    resize: Literal["stretch", "letterbox"] = "stretch"
    """stretch: the picture is resized to the size; letterbox: it keeps its shape, with grey bars."""
    colour: Literal["RGB", "BGR"] = "RGB"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    mean: Three = [0.0, 0.0, 0.0]
    """Subtracted from each channel's values of 0 to 255."""
    scale: Three = [255.0, 255.0, 255.0]
    """By which they are divided then."""
    score: Share = 0.05
    """Least score of a box."""
    confidence: Share = 0.4
    """Score from which a box counts as found, if the scenario says nothing."""
    nms: Share | None = 0.6
    """Of boxes of a class that overlap more than this the best alone stays; none: the graph has done so."""


@dataclass(frozen=True, slots=True)
class DetectorFile:
    """A detector's graph, and what is said of it."""

    path: Path
    graph: bytes
    spec: DetectorSpec


def find(name: str) -> Path:
    """Return the path of the graph that a name or a path means."""
    return shipped.folder("models") / SHIPPED / f"{SHIPPED}.onnx" if name == SHIPPED else Path(name)


def read(name: str) -> DetectorFile:
    """Read a detector by its path, or by the name of simnet's own.

    Raises:
        InputError: A file is missing, or does not say what it must.
    """
    path = find(name)
    beside = path.with_suffix(".yaml")
    graph = input_files.read_bytes(path, GRAPH_BYTES, _EXPECTED)
    text = input_files.read_text(
        beside, input_files.YAML_BYTES, f"what {path.name} takes and gives: size, output, classes"
    )
    try:
        written = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(
            f"{beside}: no YAML ({' '.join(str(error).split())[:120]}); expected size, output, classes"
        ) from error
    if not isinstance(written, dict):
        raise InputError(f"{beside}: holds no keys; expected size, output, classes")
    try:
        spec = DetectorSpec.model_validate(written)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        known = ", ".join(DetectorSpec.model_fields)
        raise InputError(f"{beside}: {where}: {first['msg']}; expected keys of {known}") from error
    if 0 in spec.scale:
        raise InputError(f"{beside}: scale: 0; expected numbers that one can divide by")
    return DetectorFile(path, graph, spec)
