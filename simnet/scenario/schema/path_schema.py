"""Schema of a node's path: explicit waypoints, or a file of waypoints."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

FORMATS = {
    "sumo": ("vehicle", "geo", "begin"),
    "gpx": ("track", "begin"),
    "plan": ("begin",),
    "csv": ("x", "y", "z", "latitude", "longitude", "altitude", "time", "time_format", "heading", "begin"),
    "points": ("times", "headings", "source"),
}
"""Formats of a path, and the keys that belong to each."""
PLACES = frozenset(("position", "path", "follows"))
"""Keys of a node that say where it is; one of them is needed."""


class TrackSpec(Spec):
    """A path from a file (sumo, gpx, plan or csv), or waypoints with times.

    A file name is relative to the scenario file's folder, then to the current folder.
    """

    sumo: f.Given | None = Field(default=None, examples=["fcd.xml"])
    """A file of SUMO's floating car data (--fcd-output)."""
    vehicle: f.Given | None = Field(default=None, examples=["veh0"])
    """sumo: the vehicle or person."""
    geo: bool | None = Field(default=None, examples=[True], strict=True)
    """sumo: whether x and y are longitude and latitude (--fcd-output.geo)."""
    gpx: f.Given | None = Field(default=None, examples=["flight.gpx"])
    """A GPX track or route; without times it requires a speed."""
    track: f.Given | None = Field(default=None, examples=["Morning flight"])
    """gpx: the track's name, or its number from 1, if the file has several tracks."""
    plan: f.Given | None = Field(default=None, examples=["survey.plan"])
    """A QGroundControl plan, flown at the plan's speeds unless speed is given."""
    csv: f.Given | None = Field(default=None, examples=["way.csv"])
    """A CSV file, one row for each waypoint; without a time column it requires a speed."""
    x: f.Given | None = Field(default=None, examples=["east"])
    """csv: the column of metres east, by its name in the first line or its number, from 1."""
    y: f.Given | None = Field(default=None, examples=["north"])
    """csv: the column of metres north."""
    z: f.Given | None = Field(default=None, examples=["up"])
    """csv: the column of heights in metres."""
    latitude: f.Given | None = Field(default=None, examples=["lat"])
    """csv: the column of latitudes in degrees, instead of y."""
    longitude: f.Given | None = Field(default=None, examples=["lon"])
    """csv: the column of longitudes in degrees, instead of x."""
    altitude: f.Given | None = Field(default=None, examples=["alt"])
    """csv: the column of altitudes in metres, with latitude and longitude."""
    time: f.Given | None = Field(default=None, examples=["t"])
    """csv: the column of times, in seconds or as ISO 8601 dates and times."""
    time_format: f.Given | None = Field(default=None, examples=["unix_ms"])
    """csv: the form of other times: unix_ms, unix_us, unix_ns, or as Python's strptime has it."""
    heading: f.Given | None = Field(default=None, examples=["yaw"])
    """csv: the column of headings in degrees, 0 east and 90 north; the direction of motion if left out."""
    begin: f.Moment | None = None
    """Start of the run, relative to the earliest time in the scenario's files of this format; 0 s if left out."""
    points: Annotated[list[f.Point], Field(min_length=1)] | None = Field(
        default=None, examples=[[[0, 0], [110, 0], [110, 50]]]
    )
    """Waypoints in metres."""
    times: list[f.Moment] | None = Field(default=None, examples=[["0 s", "10 s", "15 s"]])
    """points: time of each point; the node stands before the first and after the last."""
    headings: list[f.Turned] | None = Field(default=None, examples=[[0, 0, 90]])
    """points: heading at each point in degrees, 0 east and 90 north; the direction of motion if left out."""
    source: f.Given | None = Field(default=None, examples=["flight.gpx sha256:e3b0c442"])
    """points: origin of the points, for information only."""

    @property
    def format(self) -> str:
        """Format of the path: a key of `FORMATS`."""
        return next(key for key in FORMATS if getattr(self, key) is not None)

    @property
    def file(self) -> str | None:
        """File name as written; None if the path has no file."""
        return None if self.format == "points" else getattr(self, self.format)

    @model_validator(mode="after")
    def _of_one_format(self) -> TrackSpec:
        given = [key for key in FORMATS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"{' and '.join(given) or 'no file'} given; expected one of {', '.join(FORMATS)}")
        for key in type(self).model_fields:
            if key not in FORMATS and getattr(self, key) is not None and key not in FORMATS[given[0]]:
                owners = " or ".join(owner for owner, keys in FORMATS.items() if key in keys)
                raise ValueError(f"{key} given with {given[0]}; expected {key} only with {owners}")
        if self.sumo is not None and self.vehicle is None:
            raise ValueError("sumo given without vehicle; expected vehicle: veh0")
        if self.csv is not None:
            self._check_columns()
        if self.points is not None:
            self._check_points(self.points)
        return self

    def _check_columns(self) -> None:
        plane, globe = (self.x, self.y), (self.longitude, self.latitude)
        if (None in plane) == (None in globe) or any(plane) == any(globe):
            raise ValueError("csv given without its columns; expected x and y, or latitude and longitude")
        wrong, other = ("z", "altitude") if any(globe) else ("altitude", "z")
        if getattr(self, wrong) is not None:
            raise ValueError(f"{wrong} given with other coordinates; expected {other}")

    def _check_points(self, points: list[tuple[float, ...]]) -> None:
        for key in ("times", "headings"):
            values = getattr(self, key)
            if values is not None and len(values) != len(points):
                raise ValueError(f"{len(values)} {key} for {len(points)} points; expected one for each")
        if self.headings is not None and self.times is None:
            raise ValueError("headings given without times; expected times: [0 s, 10 s]")
        for before, after in zip(self.times or [], (self.times or [])[1:], strict=False):
            if after <= before:
                raise ValueError(f"{after / 1e9:g} s comes after {before / 1e9:g} s; expected ascending times")


def _kind_of_path(value: Any) -> str:
    return "recorded path" if isinstance(value, dict | TrackSpec) else "written path"


Waypoints = Annotated[list[f.Point], Field(min_length=2)]
PathOrTrack = Annotated[
    Annotated[TrackSpec, Tag("recorded path")] | Annotated[Waypoints, Tag("written path")],
    Discriminator(_kind_of_path),
]
