"""Frozen record types that all packages share, in base units (ns, bytes, bit/s, metres, degrees).

    scenario file ──resolve──▶ Scenario ──run──▶ Row per frame, LinkBin per link and 100 ms, NetworkEvent
                                  │
                 kernel ──Capture, Delivery──▶ nodes ──Coded, Plan──▶ kernel         (grants)

- **resolved_scenario** holds a scenario's declarations: **trajectory**, **camera_config**, **node_config**, **stream_config**,
  **fusion_config**; **link_config** (links, media, transports), **plugin_config** (worlds, rate controls), **congestion_config**,
  **task_config** (tasks of the receiver).
- **announcement**, **decoder_pictures**: what decoders are handed. **row**, **outcome**: what became of a frame.
- **grants**: messages from the kernel to nodes, and their answers. **score**: picture quality. **telemetry**: dashboard input.
- **plain_data**: the only codec between records and JSON or msgpack; it is strict.

Rules of this package: records are frozen and compute nothing that needs another package; a field name carries its unit; nothing
here imports another package of simnet. What is listed in `__all__` is imported from here.
"""

from simnet.records.announcement import Announcement
from simnet.records.camera_config import CameraConfig
from simnet.records.congestion_config import CongestionConfig
from simnet.records.decoder_pictures import Decoded, SideInformation
from simnet.records.fusion_config import FusionConfig
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
from simnet.records.node_config import NodeConfig, NodeLossConfig, PoseErrorConfig
from simnet.records.outcome import Outcome
from simnet.records.plugin_config import RateConfig, WorldConfig
from simnet.records.resolved_scenario import Scenario
from simnet.records.row import Row
from simnet.records.stream_config import StreamConfig
from simnet.records.task_config import TaskConfig
from simnet.records.trajectory import Trajectory

__all__ = [
    "SECOND_NS",
    "Announcement",
    "CameraConfig",
    "CongestionConfig",
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
    "TaskConfig",
    "TraceConfig",
    "TrafficConfig",
    "Trajectory",
    "TransportConfig",
    "WorldConfig",
]
