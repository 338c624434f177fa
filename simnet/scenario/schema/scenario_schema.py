"""Schema of a scenario file: valid keys and values, their meaning, and their defaults.

Everything has a unit except positions, which are in metres: x east, y north, z up. Numbers are kept in base units.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simnet import records, sliced_frames
from simnet.scenario.schema import fields as f
from simnet.scenario.schema import media_schema, transport_schema
from simnet.scenario.schema.allotment_schema import AllotmentSpec
from simnet.scenario.schema.codec_schema import CodecSpec, expand_codec
from simnet.scenario.schema.expect_schema import ExpectSpec
from simnet.scenario.schema.fields import Spec
from simnet.scenario.schema.fleet_schema import FleetCount, OffsetSpec
from simnet.scenario.schema.link_schema import LinkSpec
from simnet.scenario.schema.path_schema import PathOrTrack, TrackSpec
from simnet.scenario.schema.rate_schema import NAMED, RateSpec, expand_rate
from simnet.scenario.schema.score_schema import SHORT, ScoreSpec, expand_score
from simnet.scenario.schema.task_schema import TaskSpec, expand_tasks
from simnet.scenario.schema.world_schema import WorldSpec

_FUSION = records.FusionConfig(node="")
_NODE_LOSS = records.NodeLossConfig()
_STREAM = records.StreamConfig(name="", codec="")


class CameraSpec(Spec):
    """A camera on a node."""

    size: tuple[Annotated[f.Count, Field(ge=16, le=8192)], Annotated[f.Count, Field(ge=16, le=8192)]] = Field(
        default=(256, 128), examples=[[256, 128]]
    )
    """Width and height in pixels; recorded pictures are resized to it."""
    rate: f.Frequency = 10.0
    """Frame rate, 10 Hz if left out."""
    field_of_view: f.Opening = 90.0
    """Horizontal field of view, 90 deg if left out."""
    mount: f.Offset | None = Field(default=None, examples=[[1, 0, 1.5]])
    """Position on the node in metres: forward, left, up. If left out, the place on the node's `body` that the camera's name says,
    such as rear or front_left; the node's own position without a body."""
    yaw: f.Angle | None = None
    """Angle to the left of the node's heading; if left out, where the place on the body looks, or 0 deg."""
    pitch: f.Tilt | None = None
    """Angle above the horizon; -90 deg looks straight down; if left out, where the place on the body looks, or 0 deg."""
    phase: f.Time = 0
    """Capture time of the first frame."""
    source: f.Given | Annotated[list[f.Given], Field(min_length=1)] | None = Field(default=None, examples=["left"])
    """Recorded worlds: the camera's folder, its video file, a pattern such as cam/*_camera0.png, or a list of pictures; or left /
    right."""


class PoseErrorSpec(Spec):
    """Errors of what a node knows of itself."""

    position: f.Margin = 0.0
    """Standard deviation of the reported place, in x and in y; each report is drawn anew."""
    heading: f.Turn = 0.0
    """Standard deviation of the reported heading."""
    clock: f.Moment = 0
    """How much the node's clock is ahead (negative: behind): its pictures and poses of a time are that much older."""


class NodeSpec(Spec):
    """A vehicle, a drone or a roadside unit: at a position, on a path, or following another node."""

    count: FleetCount | None = Field(default=None, examples=[8])
    """Number of nodes like this one: NAME_1, NAME_2 and so on. Links from or to NAME are made for each. An entry with a member's
    name changes that one. {number} (from 1) and {index} (from 0) in texts stand for a member's number."""
    offset: OffsetSpec | None = Field(default=None, examples=[{"start": "-12 m"}])
    """What each of `count` nodes adds to the one before it; those that follow a node follow each other."""
    position: f.Point | None = Field(default=None, examples=[[60, 8, 5]])
    """A fixed position [x, y] or [x, y, z] in metres."""
    path: PathOrTrack | None = Field(
        default=None, examples=[[[0, 0], [110, 0]], {"sumo": "fcd.xml", "vehicle": "veh0"}]
    )
    """Waypoints in metres, passed at constant speed, or a file of waypoints; the node moves straight on before the first and past
    the last waypoint."""
    speed: f.Speed | None = None
    """Speed along the path; files with times and plans have their own speeds."""
    start: f.Length | None = None
    """Distance along the path at the start of the run; 0 m if left out."""
    follows: f.Name | None = Field(default=None, examples=["leader"])
    """The node ahead on the same path at the same speed; its cameras are copied too unless cameras are given."""
    gap: f.Length | None = None
    """Distance behind the node that it follows."""
    heading: f.Angle | None = None
    """Heading: 0 deg is east, 90 deg is north; on a path, the direction of motion if left out."""
    body: Literal["car", "van", "truck", "robot", "drone"] | None = Field(default=None, examples=["car"])
    """What the node is: its cameras get a mount and a direction by their names (front, rear, left, right, front_left, roof; of a
    drone also down) unless they have one. Also taken from the node that this one follows."""
    cameras: dict[f.Name, CameraSpec] | None = Field(
        default=None, examples=[{"front": {"size": [256, 128], "rate": "10 Hz"}}]
    )
    """Cameras by name; elsewhere in the file, a camera's name is node/camera."""
    pose_error: PoseErrorSpec | None = Field(
        default=None, examples=[{"position": "0.2 m", "heading": "0.2 deg", "clock": "100 ms"}]
    )
    """Errors of the poses and times that the node reports; true if left out. Radio links follow true places."""

    @model_validator(mode="after")
    def _one_place(self) -> NodeSpec:
        if self.offset is not None:
            raise ValueError("offset given without count; expected count: 8")
        ways = {"position": (), "path": ("speed", "start"), "follows": ("gap",)}
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "no place"
            raise ValueError(f"{found} given; expected one of position, path (with speed), follows (with gap)")
        extras = [key for keys in ways.values() for key in keys if getattr(self, key) is not None]
        for key in extras:
            if key not in ways[given[0]]:
                owner = next(way for way, keys in ways.items() if key in keys)
                raise ValueError(f"{key} given without {owner}; expected {key} only together with {owner}")
        if isinstance(self.path, TrackSpec):
            return self._recorded(self.path)
        required = ways[given[0]][:1]
        if required and required[0] not in extras:
            key = required[0]
            raise ValueError(
                f"{given[0]} given without {key}; expected {key}: {'36 km/h' if key == 'speed' else '8 m'}"
            )
        return self

    def _recorded(self, path: TrackSpec) -> NodeSpec:
        """Check a node with a path from a file; the speed of a file without times is checked after the file is read."""
        if path.format == "sumo" or path.times is not None:
            for key in ("speed", "start"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} given with a path that has times; expected begin in the path, or nothing")
        if path.format == "points" and path.times is None and self.speed is None:
            raise ValueError("points given without times or speed; expected times in the path, or speed: 36 km/h")
        return self


class SideInformationSpec(Spec):
    """Side information from one source."""

    stream: f.Given = Field(examples=["leader/front"])
    """A stream, a camera of the fusion node, or previous (the stream's own last picture)."""
    lag: f.Time = 0
    """Age of the source's picture relative to the frame's capture: a follower passes a place later than the node ahead."""


def _expand_candidate(value: Any) -> Any:
    return value if isinstance(value, dict) else {"stream": value}


class StreamSpec(Spec):
    """Coded stream of one camera to the fusion centre."""

    codec: Annotated[CodecSpec, f.Shorthand(expand_codec, {"type": "string"})] | None = Field(
        default=None,
        examples=[
            "atn",
            {"name": "avif", "side": "fuse"},
            {"name": "compressai", "model": "bmshj2018-hyperprior", "quality": 3},
        ],
    )
    """A codec's name, alone or with settings; required, here or in a pattern that matches this stream."""
    rate: Annotated[RateSpec, f.Shorthand(expand_rate, {"enum": list(NAMED)})] = Field(
        default=RateSpec(quality=0.5), examples=["adaptive", "scream", {"target": "300 kbit/s"}]
    )
    """Rate control; quality 0.5 if left out."""
    side_information: list[
        Annotated[SideInformationSpec, f.Shorthand(_expand_candidate, {"type": "string", "minLength": 1})]
    ] = Field(default=[], examples=[["leader/front", "previous"], [{"stream": "leader/front", "lag": "0.8 s"}]])
    """Sources of side information, best first: streams, cameras of the fusion node, or previous (the stream's last picture)."""
    key_interval: f.SomeTime | None = Field(default=None, examples=["2 s"])
    """Video codecs: maximum time between key frames; if left out, only the first frame and frames that fusion requests."""
    transport: Annotated[
        transport_schema.TransportSpec,
        f.Shorthand(transport_schema.expand, {"enum": ["none", "retransmission"]}),
    ] = Field(default=transport_schema.TransportSpec(), examples=["retransmission", {"kind": "fec", "repair": "25 %"}])
    """Protection against packet loss: none, retransmission until fusion's deadline, or an erasure code."""
    slices: Annotated[f.Count, Field(ge=1, le=sliced_frames.MOST)] = Field(default=_STREAM.slices, examples=[4])
    """Bands of rows, each coded by itself and sent in packets of its own, so that a lost packet costs its band alone. For codecs
    that code each picture alone; a band has 32 rows or more."""
    concealment: Literal["none", "previous", "side"] = Field(default="none", examples=["side"])
    """What missing slices are filled from. none: they stay as they were shown last; previous: the stream's last pictures, along
    their motion; side: also aligned pictures of its side_information."""
    priority: Annotated[f.Count, Field(ge=0, le=1000)] = Field(default=_STREAM.priority, examples=[1])
    """Priority in queues of kind priority: higher values go first; feedback goes before all streams."""
    encode_time: f.Time = _STREAM.encode_ns
    """Virtual time from capture to bitstream."""
    decode_time: f.Time = _STREAM.decode_ns
    """Virtual time from delivery to picture."""


class FusionSpec(Spec):
    """The node where all streams are decoded."""

    at: f.Name = Field(examples=["roadside"])
    """Node of the fusion centre; its cameras are local sensors, whose pictures cost no bits."""
    wait: f.Time = _FUSION.wait_ns
    """Maximum time that a delivery waits for side information."""
    max_age: f.Time = _FUSION.max_age_ns
    """Maximum difference between the side information's capture time and the frame's capture time minus the lag."""
    deadline: f.SomeTime = _FUSION.deadline_ns
    """Time from capture to decoded picture, beyond which a picture is late."""
    pictures: Annotated[f.Count, Field(ge=0, le=8)] = Field(default=_FUSION.pictures, examples=[1])
    """Maximum number of side pictures for each frame."""
    feedback: f.SomeTime = _FUSION.feedback_period_ns
    """Period of fusion's feedback reports to a stream."""
    feedback_size: f.SomeSize = _FUSION.feedback_bytes
    """Size of a feedback report, and of an allotment."""
    allotment: AllotmentSpec | None = Field(default=None, examples=[{"every": "1 s", "objective": "mean"}])
    """How bit rates are allotted to streams with rate: allotted; with its defaults if left out."""


class ScenarioSpec(Spec):
    """A scenario: a world, nodes with cameras, links, streams and a fusion centre."""

    name: f.Given | None = Field(default=None, examples=["vehicle_platoon"])
    """Name of the scenario; the file's name without .yaml if left out."""
    seed: Annotated[f.Count, Field(ge=0, le=2**63 - 1)] = Field(default=1, examples=[7])
    """Seed of all random numbers."""
    duration: f.SomeTime
    """Duration in virtual time; recorded worlds can end earlier."""
    origin: tuple[f.Latitude, f.Longitude] | tuple[f.Latitude, f.Longitude, f.Metres] | None = Field(
        default=None, examples=[[52.5, 13.4], [52.5, 13.4, 34]]
    )
    """[latitude, longitude] of position [0, 0], and optionally the altitude of height 0, for paths in geographic coordinates. If
    left out, it is the home or the first point of the first such path."""
    world: WorldSpec = Field(default=WorldSpec(), examples=[{"kind": "rendered", "scene": "street"}])
    """Source of the frames; a rendered street if left out."""
    nodes: Annotated[dict[f.Name, NodeSpec], Field(min_length=1)] = Field(
        examples=[{"roadside": {"position": [60, 8, 5]}}]
    )
    """Nodes by name."""
    links: dict[f.Name, LinkSpec] = Field(
        default={}, examples=[{"uplink": {"from": "a", "to": "b", "bandwidth": "1 Mbit/s"}}]
    )
    """Links by name."""
    media: dict[f.Name, Annotated[media_schema.MediumSpec, f.Shorthand(media_schema.expand, {"const": "csma"})]] = (
        Field(default={}, examples=[{"air": {"kind": "tdma", "slot": "5 ms"}}])
    )
    """Media by name: each is shared by links, with one transmission at a time."""
    streams: Annotated[dict[f.Given, StreamSpec], Field(min_length=1)] = Field(
        examples=[{"follower_*/front": {"codec": "atn"}}]
    )
    """Streams by node/camera; a pattern such as follower_*/front sets common keys of all matches, exact names take precedence."""
    fusion: FusionSpec = Field(examples=[{"at": "roadside"}])
    """Fusion centre: its node, and its time limits."""
    tasks: Annotated[
        dict[f.Name, TaskSpec], f.Shorthand(expand_tasks, {"type": "array", "items": {"type": "string"}})
    ] = Field(
        default={},
        examples=[["matching"], {"depth": {"kind": "stereo_depth", "streams": "car/left", "with": "car/right"}}],
    )
    """Tasks that the receiver does with its pictures, by name, or a list of kinds; they change no frame of a run."""
    score: Annotated[ScoreSpec, f.Shorthand(expand_score, {"type": "string", "pattern": f"^{SHORT}$"})] = Field(
        default=ScoreSpec(), examples=["every 5"]
    )
    """Which pictures are compared with their originals: every one if left out. Means are over those that were."""
    on_node_loss: Literal["error", "fault"] = Field(default="error", examples=["fault"])
    """Reaction to a node's process that dies and does not return. error: the run ends; fault: the run continues, and the frames
    of the node's cameras are lost. A run cannot continue without the fusion node."""
    node_timeout: f.Time = _NODE_LOSS.wait_ns
    """Maximum absence of a node's process in wall time; 30 s if left out."""
    extends: f.Given | None = Field(default=None, examples=["base.yaml", "vehicle_platoon"])
    """The scenario that this one changes: a file, relative to this one's folder, or a shipped scenario's name."""
    expect: ExpectSpec | None = Field(
        default=None, examples=[{"shows": "Few frames are lost.", "checks": ["lost(*) < 3"]}]
    )
    """Expected results of runs, for `simnet check --expected`; it does not affect a run."""
