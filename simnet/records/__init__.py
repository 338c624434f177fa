"""The records: frozen nouns that all rooms share, in base units (ns, bytes, bit/s, metres, degrees).

    scenario file ──resolve──▶ Scenario ──run──▶ Row per frame, LinkBin per link and 100 ms, NetworkEvent
                                  │
                 kernel ──Capture, Delivery──▶ nodes ──Coded, Plan──▶ kernel         (grants)

- This module: what a scenario declares, what a run moves, and the row of a frame.
- **link_config**, **plugin_config**: links, media, transports; worlds and rate controls.
- **grants**: what the kernel grants to nodes, and their answers. **score**: picture quality. **telemetry**: input of dashboards.
- **plain_data**: the only codec between records and JSON or msgpack; it is strict.

Rules of this room: records are frozen and compute nothing that needs another room; a field name carries its unit; nothing here
imports a room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from simnet.records.link_config import (
    SECOND_NS,
    HandoverConfig,
    LinkConfig,
    LossConfig,
    MediumConfig,
    TraceConfig,
    TransportConfig,
)
from simnet.records.plugin_config import RateConfig, WorldConfig

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "SECOND_NS",
    "Announcement",
    "CameraConfig",
    "Decoded",
    "FusionConfig",
    "HandoverConfig",
    "LinkConfig",
    "LossConfig",
    "MediumConfig",
    "NodeConfig",
    "NodeLossConfig",
    "Outcome",
    "RateConfig",
    "Row",
    "Scenario",
    "SideInformation",
    "StreamConfig",
    "TraceConfig",
    "Trajectory",
    "TransportConfig",
    "WorldConfig",
]


# --- what a scenario declares -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A path through the world: `waypoints_m` are (x, y, z), passed at constant speed from `offset_m` along them.

    One waypoint is a fixed place. Before the first and after the last waypoint the end segments continue straight.
    x is east, y is north, z is up; a heading of 0 degrees looks east, 90 degrees north.
    """

    waypoints_m: tuple[tuple[float, float, float], ...]
    speed_mps: float = 0.0
    offset_m: float = 0.0
    heading_deg: float | None = None
    """The heading where the path gives none (a fixed place); None follows the path, or 0 on a fixed place."""
    times_ns: tuple[int, ...] = ()
    """When each waypoint is passed, ascending, where a recorded track says so; speed and offset are 0 then, and before the
    first and past the last waypoint it stands still."""
    headings_deg: tuple[float, ...] = ()
    """With times: the heading at each waypoint, turning evenly in between; empty: it looks where it moves."""
    source: str = ""
    """The file that it was read from, and its SHA-256."""


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera: `name` is `node/camera`; frames are captured at phase_ns + k * period_ns."""

    name: str
    width: int
    height: int
    period_ns: int
    field_of_view_deg: float
    trajectory: Trajectory
    phase_ns: int = 0
    mount_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Where it sits on its node: forward, left, up."""
    yaw_deg: float = 0.0
    """To the left of the node's heading."""
    pitch_deg: float = 0.0
    """Above the horizon; -90 looks straight down."""
    source: str | None = None
    """For worlds of recorded pictures: folder, video file, or `left` / `right`."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """A vehicle, drone or roadside unit, and the cameras it carries."""

    name: str
    trajectory: Trajectory
    cameras: tuple[CameraConfig, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeLossConfig:
    """Reaction to a node whose process does not come back within `wait_ns` of wall time. `action`: error or fault."""

    action: str = "error"
    wait_ns: int = 30 * SECOND_NS


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """One camera's coded stream to fusion. `name` is the camera's name."""

    name: str
    codec: str
    model: str | None = None
    """A folder of `models/`; None is the codec's default."""
    rate: RateConfig = field(default_factory=RateConfig)
    side_information: tuple[str, ...] = ()
    """Candidates in order of preference: names of cameras (streams, or sensors of the fusion node), or `previous`."""
    side_lags_ns: tuple[int, ...] = ()
    """How long before this frame's capture a candidate's picture is wanted, one for each candidate; empty is 0 for all.

    A vehicle that follows another one sees what that one saw a while ago: the same place at another time.
    """
    encode_ns: int = 15_000_000
    decode_ns: int = 40_000_000
    key_interval_ns: int | None = None
    """A frame captured this long after the last key frame, or later, is a key frame; None: only where one is asked for."""
    priority: int = 0
    """Priority in priority queues, higher first. Feedback precedes all streams."""
    transport: TransportConfig = field(default_factory=TransportConfig)

    @property
    def candidates(self) -> tuple[tuple[str, int], ...]:
        """The names in `side_information`, each with its lag in ns."""
        lags_ns = self.side_lags_ns or (0,) * len(self.side_information)
        return tuple(zip(self.side_information, lags_ns, strict=True))


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """The fusion centre: waits `wait_ns` for side information, uses at most `pictures` of age up to `max_age_ns`."""

    node: str
    wait_ns: int = 30_000_000
    max_age_ns: int = 400_000_000
    deadline_ns: int = 200_000_000
    """Time after capture at which a picture is late."""
    pictures: int = 1
    feedback_period_ns: int = 100_000_000
    feedback_bytes: int = 40


@dataclass(frozen=True, slots=True)
class Scenario:
    """A resolved scenario: nothing is left to default, every name refers to something that exists."""

    name: str
    purpose: str
    seed: int
    duration_ns: int
    world: WorldConfig
    nodes: tuple[NodeConfig, ...]
    links: tuple[LinkConfig, ...]
    streams: tuple[StreamConfig, ...]
    """In decoding order: a stream comes after the streams that serve it as side information."""
    fusion: FusionConfig
    path: str = ""
    media: tuple[MediumConfig, ...] = ()
    node_loss: NodeLossConfig = field(default_factory=NodeLossConfig)
    origin: tuple[float, float, float] | None = None
    """Latitude and longitude in degrees of x = y = 0, and the altitude in metres of z = 0; None: nothing is geographic."""

    @property
    def cameras(self) -> dict[str, CameraConfig]:
        """Every camera of every node by its name."""
        return {camera.name: camera for node in self.nodes for camera in node.cameras}


# --- what a run moves ------ ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Announcement:
    """Constants of a stream, announced once; fusion refuses a stream whose digests it does not have."""

    codec: str
    model: str
    checkpoint_digest: str
    """Hexadecimal; empty for codecs without weights."""
    tables_digest: str
    width: int
    height: int
    parameters: str = ""
    """Parameter sets of a video codec, which its decoder needs first, hexadecimal."""


@dataclass(frozen=True, slots=True)
class SideInformation:
    """A picture that the decoder already has (uint8, H x W x 3, RGB), with its source and age."""

    picture: npt.NDArray[np.uint8]
    source: str
    age_ns: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pictures that a decoder makes of one bitstream (uint8, H x W x 3, RGB each).

    `alone` is the same bitstream decoded without side information; it is `picture` itself if none was used.
    """

    picture: npt.NDArray[np.uint8]
    alone: npt.NDArray[np.uint8]


class Outcome(StrEnum):
    """Outcome of a frame."""

    DECODED = "decoded"
    ALONE = "decoded without side information"
    LATE = "late"
    LOST = "lost"
    CORRUPT = "corrupt"
    REFERENCE = "reference lost"
    """The frame arrived whole, but refers to a frame that was not decoded."""
    NODE_LOST = "node lost"
    """The frame was never coded: the process of its camera died and did not come back."""

    @property
    def in_time(self) -> bool:
        """Whether the receiver had the frame's picture by its deadline."""
        return self in _IN_TIME

    @property
    def has_picture(self) -> bool:
        """Whether the frame became a picture, in time or late."""
        return self in _PICTURES


_IN_TIME = frozenset({Outcome.DECODED, Outcome.ALONE})
_PICTURES = _IN_TIME | {Outcome.LATE}


@dataclass(frozen=True, slots=True)
class Row:
    """The record of one frame. Times are virtual; None if the event did not occur."""

    run: str
    """The name of the scenario."""
    stream: str
    """`node/camera`."""
    codec: str
    """As the scenario names it."""
    sequence: int
    """Counts the frames of a stream from 0."""
    capture_ns: int
    """When the frame was captured."""
    encode_ns: int
    """End of coding."""
    arrive_ns: int | None
    """When its last packet arrived; None if any is missing."""
    decode_ns: int | None
    """When the picture was ready."""
    size_bytes: int
    """The bitstream, its 8-byte header included."""
    link_bytes: int
    """What entered the first link: the bitstream and every packet's overhead."""
    bpp: float
    """8 * link_bytes / pixels."""
    quality: float
    """What the encoder was asked for, 0 to 1."""
    packets_sent: int
    """Repair packets and packets sent again included."""
    packets_lost: int
    """Lost on the air or dropped by a queue, on any link of the way."""
    retransmissions: int
    """Packets sent again."""
    outcome: Outcome
    """What became of the frame."""
    side_sources: tuple[str, ...]
    """The side pictures that it was decoded with, by name."""
    side_age_ns: int | None
    """Age of the side picture used: |its capture time - this frame's capture time|; the largest where several are used."""
    psnr_db: float | None
    """Of the decoded picture against the original."""
    ms_ssim: float | None
    """Of the decoded picture against the original."""
    alone_psnr_db: float | None
    """The same bitstream decoded without side information."""
    alone_ms_ssim: float | None
    """The same bitstream decoded without side information."""
    queue_ns: int
    """Time in queues over the whole way, of the packet that waited longest."""
    picture_digest: str
    """SHA-256 of the decoded pixels, its first digits; empty without a picture."""
    key: bool = True
    """Whether it refers to no other frame."""
