"""Frozen record types that all packages share, in base units (ns, bytes, bit/s, metres, degrees).

    scenario file ──resolve──▶ Scenario ──run──▶ Row per frame, LinkBin per link and 100 ms, NetworkEvent
                                  │
                 kernel ──Capture, Delivery──▶ nodes ──Coded, Plan──▶ kernel         (grants)

- This module: the scenario's declarations, the data that a run passes around, and the result row of a frame.
- **link_config**, **plugin_config**: links, media, transports; worlds and rate controls.
- **grants**: messages from the kernel to nodes, and their answers. **score**: picture quality. **telemetry**: dashboard input.
- **plain_data**: the only codec between records and JSON or msgpack; it is strict.

Rules of this package: records are frozen and compute nothing that needs another package; a field name carries its unit; nothing
here imports another package of simnet.
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
    TrafficConfig,
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
    "PoseErrorConfig",
    "RateConfig",
    "Row",
    "Scenario",
    "SideInformation",
    "StreamConfig",
    "TraceConfig",
    "TrafficConfig",
    "Trajectory",
    "TransportConfig",
    "WorldConfig",
]


# --- scenario declarations ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A path through the world: `waypoints_m` are (x, y, z); motion starts `offset_m` along them, at constant speed.

    A single waypoint is a fixed position. Before the first and after the last waypoint the end segments continue straight.
    x is east, y is north, z is up; a heading of 0 degrees faces east, 90 degrees north.
    """

    waypoints_m: tuple[tuple[float, float, float], ...]
    speed_mps: float = 0.0
    offset_m: float = 0.0
    heading_deg: float | None = None
    """Fixed heading, for a path that gives none (a fixed position); None follows the path, or is 0 at a fixed position."""
    times_ns: tuple[int, ...] = ()
    """Time at each waypoint, ascending, for a recorded track; empty otherwise. With times, speed and offset are 0, and the node
    stands still before the first and after the last waypoint."""
    headings_deg: tuple[float, ...] = ()
    """Heading at each waypoint of a path with times, interpolated linearly; empty: the heading follows the motion."""
    source: str = ""
    """Path of the source file, and its SHA-256."""


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
    """Position on the node: forward, left, up."""
    yaw_deg: float = 0.0
    """Yaw to the left of the node's heading."""
    pitch_deg: float = 0.0
    """Pitch above the horizon; -90 points straight down."""
    source: str | None = None
    """Source in a world of recorded pictures: folder, video file, pattern of pictures, or `left` / `right`."""
    listed: tuple[str, ...] = ()
    """Instead of a source: pictures and patterns, in the order in which they are shown."""
    clock_ns: int = 0
    """How much the node's clock is ahead: a frame captured at t on that clock shows the world at t - clock_ns."""


@dataclass(frozen=True, slots=True)
class PoseErrorConfig:
    """Errors of what a node knows of itself: standard deviations of its place and heading, and its clock's lead."""

    position_m: float = 0.0
    """Of x and of y each."""
    heading_deg: float = 0.0
    clock_ns: int = 0
    """Positive: ahead."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """A vehicle, drone or roadside unit, and the cameras it carries."""

    name: str
    trajectory: Trajectory
    cameras: tuple[CameraConfig, ...] = ()
    pose_error: PoseErrorConfig | None = None
    """Error of the poses that it reports; None: they are true."""


@dataclass(frozen=True, slots=True)
class NodeLossConfig:
    """Reaction to a lost node process that does not return within `wait_ns` of wall time. `action`: error or fault."""

    action: str = "error"
    wait_ns: int = 30 * SECOND_NS


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """One camera's coded stream to the fusion node. `name` is the camera's name."""

    name: str
    codec: str
    model: str | None = None
    """Name of a folder in `models/`; None is the codec's default."""
    rate: RateConfig = field(default_factory=RateConfig)
    side_information: tuple[str, ...] = ()
    """Side-information candidates in order of preference: camera names (streams, or sensors of the fusion node) or `previous`."""
    side_lags_ns: tuple[int, ...] = ()
    """Lag of each candidate's picture before this frame's capture; empty is 0 for all candidates.

    A vehicle that follows another vehicle sees the same place at a later time.
    """
    encode_ns: int = 15_000_000
    decode_ns: int = 40_000_000
    key_interval_ns: int | None = None
    """Key-frame interval: a frame captured at least this long after the last key frame is one; None: only on request."""
    priority: int = 0
    """Priority in priority queues, higher first. Feedback has priority over all streams."""
    transport: TransportConfig = field(default_factory=TransportConfig)

    @property
    def candidates(self) -> tuple[tuple[str, int], ...]:
        """Return the names in `side_information`, each with its lag in ns."""
        lags_ns = self.side_lags_ns or (0,) * len(self.side_information)
        return tuple(zip(self.side_information, lags_ns, strict=True))


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """The fusion node: waits `wait_ns` for side information, uses at most `pictures` side pictures of age up to `max_age_ns`."""

    node: str
    wait_ns: int = 30_000_000
    max_age_ns: int = 400_000_000
    deadline_ns: int = 200_000_000
    """Time after capture from which a picture is late."""
    pictures: int = 1
    feedback_period_ns: int = 100_000_000
    feedback_bytes: int = 40


@dataclass(frozen=True, slots=True)
class Scenario:
    """A resolved scenario: every default is filled in, and every name refers to something that exists."""

    name: str
    purpose: str
    seed: int
    duration_ns: int
    world: WorldConfig
    nodes: tuple[NodeConfig, ...]
    links: tuple[LinkConfig, ...]
    streams: tuple[StreamConfig, ...]
    """Streams in decoding order: a stream follows the streams that it uses as side information."""
    fusion: FusionConfig
    path: str = ""
    media: tuple[MediumConfig, ...] = ()
    node_loss: NodeLossConfig = field(default_factory=NodeLossConfig)
    origin: tuple[float, float, float] | None = None
    """Latitude and longitude in degrees of x = y = 0, and altitude in metres of z = 0; None: no geographic coordinates."""

    @property
    def cameras(self) -> dict[str, CameraConfig]:
        """Return every camera of every node by name."""
        return {camera.name: camera for node in self.nodes for camera in node.cameras}


# --- data that a run passes around --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Announcement:
    """Constants of a stream, announced once; fusion refuses a stream with unknown digests."""

    codec: str
    model: str
    checkpoint_digest: str
    """Checkpoint digest, hexadecimal; empty for codecs without weights."""
    tables_digest: str
    width: int
    height: int
    parameters: str = ""
    """Parameter sets of a video codec, hexadecimal; the decoder needs them first."""


@dataclass(frozen=True, slots=True)
class SideInformation:
    """A picture already at the decoder (uint8, H x W x 3, RGB), with its source and age."""

    picture: npt.NDArray[np.uint8]
    source: str
    age_ns: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pictures decoded from one bitstream (uint8, H x W x 3, RGB each).

    `alone` is the same bitstream decoded without side information; it is `picture` itself if no side information was used.
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
    """The frame arrived complete but refers to a frame that was not decoded."""
    NODE_LOST = "node lost"
    """The frame was not encoded: its camera's process died and did not return."""

    @property
    def in_time(self) -> bool:
        """Whether the receiver had the picture by its deadline."""
        return self in _IN_TIME

    @property
    def has_picture(self) -> bool:
        """Whether the frame was decoded, in time or late."""
        return self in _PICTURES


_IN_TIME = frozenset({Outcome.DECODED, Outcome.ALONE})
_PICTURES = _IN_TIME | {Outcome.LATE}


@dataclass(frozen=True, slots=True)
class Row:
    """The record of one frame. Times are virtual; None if the event did not occur."""

    run: str
    """Name of the scenario."""
    stream: str
    """Stream name, `node/camera`."""
    codec: str
    """Codec name, as in the scenario."""
    sequence: int
    """Frame number within the stream, from 0."""
    capture_ns: int
    """Capture time."""
    encode_ns: int
    """End of encoding."""
    arrive_ns: int | None
    """Arrival time of the last packet; None if any packet is missing."""
    decode_ns: int | None
    """Time at which the picture was ready."""
    size_bytes: int
    """Size of the bitstream, including its 8-byte header."""
    link_bytes: int
    """Bytes offered to the first link: the bitstream and every packet's overhead."""
    bpp: float
    """Bits per pixel: 8 * link_bytes / pixels."""
    quality: float
    """Quality requested of the encoder, 0 to 1."""
    packets_sent: int
    """Packets sent, including repair packets and retransmissions."""
    packets_lost: int
    """Packets lost on the air or dropped by a queue, on any link of the route."""
    retransmissions: int
    """Packets retransmitted."""
    outcome: Outcome
    """Outcome of the frame."""
    side_sources: tuple[str, ...]
    """Names of the side pictures used for decoding."""
    side_age_ns: int | None
    """Age of the side picture: |its capture time - this frame's capture time|; the largest if several are used."""
    psnr_db: float | None
    """PSNR of the decoded picture against the original."""
    ms_ssim: float | None
    """MS-SSIM of the decoded picture against the original."""
    alone_psnr_db: float | None
    """PSNR of the same bitstream decoded without side information."""
    alone_ms_ssim: float | None
    """MS-SSIM of the same bitstream decoded without side information."""
    queue_ns: int
    """Queueing time over the whole route, of the packet that waited longest."""
    picture_digest: str
    """First digits of the SHA-256 of the decoded pixels; empty without a picture."""
    key: bool = True
    """Whether the frame is a key frame: it refers to no other frame."""
