"""A resolved scenario: all that a run is made from."""

from __future__ import annotations

from dataclasses import dataclass, field

from simnet.records.camera_config import CameraConfig
from simnet.records.fusion_config import FusionConfig
from simnet.records.link_config import LinkConfig, MediumConfig
from simnet.records.node_config import NodeConfig, NodeLossConfig
from simnet.records.plugin_config import WorldConfig
from simnet.records.stream_config import StreamConfig
from simnet.records.task_config import TaskConfig


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
    tasks: tuple[TaskConfig, ...] = ()
    """What the receiver does with its pictures."""
    score_every: int = 1
    """Each so many-th frame of a stream is compared with its original."""

    def scores(self, sequence: int) -> bool:
        """Return whether the picture of this frame is compared with its original."""
        return sequence % self.score_every == 0

    @property
    def cameras(self) -> dict[str, CameraConfig]:
        """Return every camera of every node by name."""
        return {camera.name: camera for node in self.nodes for camera in node.cameras}
