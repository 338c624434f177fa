"""The schema of a scenario file: what may be written, what it means, what it is if left out.

Everything has a unit except positions, which are in metres: x east, y north, z up. Numbers are kept in base units.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simnet import records
from simnet.scenario.schema import fields as f
from simnet.scenario.schema import media_schema, transport_schema
from simnet.scenario.schema.codec_schema import CodecSpec, expand_codec
from simnet.scenario.schema.expect_schema import ExpectSpec
from simnet.scenario.schema.fields import Spec
from simnet.scenario.schema.link_schema import LinkSpec
from simnet.scenario.schema.path_schema import PathOrTrack, TrackSpec
from simnet.scenario.schema.rate_schema import RateSpec, expand_rate
from simnet.scenario.schema.world_schema import WorldSpec

_FUSION = records.FusionConfig(node="")
_NODE_LOSS = records.NodeLossConfig()
_STREAM = records.StreamConfig(name="", codec="")


class CameraSpec(Spec):
    """A camera on a node."""

    size: tuple[Annotated[f.Count, Field(ge=16, le=8192)], Annotated[f.Count, Field(ge=16, le=8192)]] = Field(
        default=(256, 128), examples=[[256, 128]]
    )
    """Width and height in pixels; recorded pictures are brought to it."""
    rate: f.Frequency = 10.0
    """Frames a second, 10 Hz if left out."""
    field_of_view: f.Opening = 90.0
    """Horizontal, 90 deg if left out."""
    mount: f.Offset = Field(default=(0.0, 0.0, 0.0), examples=[[1, 0, 1.5]])
    """Where it sits on its node, in metres: forward, left, up."""
    yaw: f.Angle = 0.0
    """To the left of the node's heading."""
    pitch: f.Tilt = 0.0
    """Above the horizon; -90 deg looks straight down."""
    phase: f.Time = 0
    """When it takes its first frame."""
    source: f.Given | None = Field(default=None, examples=["left"])
    """Recorded worlds: the camera's folder or video file, or left / right."""


class NodeSpec(Spec):
    """A vehicle, a drone or a roadside unit: at a position, on a path, or following another node."""

    position: f.Point | None = Field(default=None, examples=[[60, 8, 5]])
    """A fixed place [x, y] or [x, y, z] in metres."""
    path: PathOrTrack | None = Field(
        default=None, examples=[[[0, 0], [110, 0]], {"sumo": "fcd.xml", "vehicle": "veh0"}]
    )
    """Waypoints in metres, passed at constant speed; before the first and past the last it goes straight on. Or a file that has
    them."""
    speed: f.Speed | None = None
    """Along the path; files with times and plans have their own."""
    start: f.Length | None = None
    """How far along the path it begins; 0 m if left out."""
    follows: f.Name | None = Field(default=None, examples=["leader"])
    """The node ahead on the same path at the same speed; cameras are the same too unless given."""
    gap: f.Length | None = None
    """How far behind the node it follows."""
    heading: f.Angle | None = None
    """0 deg looks east, 90 deg north; on a path it looks ahead if left out."""
    cameras: dict[f.Name, CameraSpec] | None = Field(
        default=None, examples=[{"front": {"size": [256, 128], "rate": "10 Hz"}}]
    )
    """By name; elsewhere in the file a camera is called node/camera."""

    @model_validator(mode="after")
    def _one_place(self) -> NodeSpec:
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
        """Whether a file without times has the speed that it needs is known once it has been read."""
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
    """A stream, one of the fusion node's own cameras, or previous (the stream's own last picture)."""
    lag: f.Time = 0
    """How long before the frame's capture its picture is wanted: a follower comes to a place later than who is ahead."""


def _expand_candidate(value: Any) -> Any:
    return value if isinstance(value, dict) else {"stream": value}


class StreamSpec(Spec):
    """One camera's coded stream to fusion."""

    codec: Annotated[CodecSpec, f.Shorthand(expand_codec, {"type": "string"})] | None = Field(
        default=None,
        examples=[
            "atn",
            {"name": "avif", "side": "fuse"},
            {"name": "compressai", "model": "bmshj2018-hyperprior", "quality": 3},
        ],
    )
    """A codec's name, alone or with what it runs with; required, here or in a pattern that matches this stream."""
    rate: Annotated[RateSpec, f.Shorthand(expand_rate, {"const": "adaptive"})] = Field(
        default=RateSpec(quality=0.5), examples=["adaptive", {"target": "300 kbit/s"}]
    )
    """Rate control; quality 0.5 if left out."""
    side_information: list[
        Annotated[SideInformationSpec, f.Shorthand(_expand_candidate, {"type": "string", "minLength": 1})]
    ] = Field(default=[], examples=[["leader/front", "previous"], [{"stream": "leader/front", "lag": "0.8 s"}]])
    """What helps to decode it, best first: streams, the fusion node's own cameras, or previous (its own last picture)."""
    key_interval: f.SomeTime | None = Field(default=None, examples=["2 s"])
    """Video codecs: a key frame at least this often; left out, only first and where fusion asks for one."""
    transport: Annotated[
        transport_schema.TransportSpec,
        f.Shorthand(transport_schema.expand, {"enum": ["none", "retransmission"]}),
    ] = Field(default=transport_schema.TransportSpec(), examples=["retransmission", {"kind": "fec", "repair": "25 %"}])
    """What is done against the loss of packets: none, retransmission until fusion's deadline, or an erasure code."""
    priority: Annotated[f.Count, Field(ge=0, le=1000)] = Field(default=_STREAM.priority, examples=[1])
    """In queues of kind priority: higher goes first; feedback goes before all streams."""
    encode_time: f.Time = _STREAM.encode_ns
    """Virtual time from capture to bitstream."""
    decode_time: f.Time = _STREAM.decode_ns
    """Virtual time from delivery to picture."""


class FusionSpec(Spec):
    """The node where all streams are decoded."""

    at: f.Name = Field(examples=["roadside"])
    """Its node; cameras of this node are local sensors, whose pictures cost no bits."""
    wait: f.Time = _FUSION.wait_ns
    """How long a delivery waits for side information."""
    max_age: f.Time = _FUSION.max_age_ns
    """Side information whose capture time differs by more, from the frame's less the lag, is not used."""
    deadline: f.SomeTime = _FUSION.deadline_ns
    """A picture decoded later than this after capture is late."""
    pictures: Annotated[f.Count, Field(ge=0, le=8)] = Field(default=_FUSION.pictures, examples=[1])
    """At most so many pictures of side information a frame."""
    feedback: f.SomeTime = _FUSION.feedback_period_ns
    """How often fusion reports back to a stream."""
    feedback_size: f.SomeSize = _FUSION.feedback_bytes
    """Size of a report."""


class ScenarioSpec(Spec):
    """A scenario: a world, nodes with cameras, links, streams and a fusion centre."""

    name: f.Given | None = Field(default=None, examples=["vehicle_platoon"])
    """The file's name without .yaml if left out."""
    seed: Annotated[f.Count, Field(ge=0, le=2**63 - 1)] = Field(default=1, examples=[7])
    """Everything random follows from it."""
    duration: f.SomeTime
    """Virtual time; recorded worlds may end earlier."""
    origin: tuple[f.Latitude, f.Longitude] | tuple[f.Latitude, f.Longitude, f.Metres] | None = Field(
        default=None, examples=[[52.5, 13.4], [52.5, 13.4, 34]]
    )
    """[latitude, longitude] of the place [0, 0], and the altitude that is height 0: for paths in geographic coordinates. Left
    out, it is the first such path's home or first point."""
    world: WorldSpec = Field(default=WorldSpec(), examples=[{"kind": "rendered", "scene": "street"}])
    """Where frames come from; a rendered street if left out."""
    nodes: Annotated[dict[f.Name, NodeSpec], Field(min_length=1)] = Field(
        examples=[{"roadside": {"position": [60, 8, 5]}}]
    )
    """By name."""
    links: dict[f.Name, LinkSpec] = Field(
        default={}, examples=[{"uplink": {"from": "a", "to": "b", "bandwidth": "1 Mbit/s"}}]
    )
    """By name."""
    media: dict[f.Name, Annotated[media_schema.MediumSpec, f.Shorthand(media_schema.expand, {"const": "csma"})]] = (
        Field(default={}, examples=[{"air": {"kind": "tdma", "slot": "5 ms"}}])
    )
    """By name: air that links share, one transmission at a time."""
    streams: Annotated[dict[f.Given, StreamSpec], Field(min_length=1)] = Field(
        examples=[{"follower_*/front": {"codec": "atn"}}]
    )
    """By node/camera; a pattern such as follower_*/front sets what all it matches have alike, exact names go first."""
    fusion: FusionSpec = Field(examples=[{"at": "roadside"}])
    """The fusion centre: where, and how long it waits."""
    on_node_loss: Literal["error", "fault"] = Field(default="error", examples=["fault"])
    """When a node's process dies and does not come back. error: the run ends; fault: it goes on, and the frames of the node's
    cameras are lost with it. Without fusion no run goes on."""
    node_timeout: f.Time = _NODE_LOSS.wait_ns
    """How long, by the wall clock, a node's process may stay away; 30 s if left out."""
    expect: ExpectSpec | None = Field(
        default=None, examples=[{"shows": "Few frames are lost.", "checks": ["lost(*) < 3"]}]
    )
    """What runs are expected to show, for `simnet check --expected`; no part of what is run."""
