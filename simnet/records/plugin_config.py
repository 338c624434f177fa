"""Declarations of worlds and rate controls, chosen by `kind`; plug-ins may add kinds. Frozen records in base units."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from simnet.records.allotment_config import AllottedConfig
from simnet.records.congestion_config import CongestionConfig


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """Source of frames.

    `kind`: rendered, pictures, pairs, kitti_raw, kitti_odometry, rosbag, opv2v, dair_v2x, or an installed plug-in.
    """

    kind: str
    scene: str = "street"
    path: str | None = None
    sequence: str | None = None
    """Drive or sequence inside a data set's folder, if it holds several."""
    offset_frames: int = 0
    """Lead of the right camera in frames, for recorded pairs (unsynchronised stereo)."""
    options_json: str = ""
    """Further options of a plug-in, a JSON object; empty: none."""

    @property
    def options(self) -> dict[str, Any]:
        """Return a plug-in's further options, as given in the scenario."""
        return json.loads(self.options_json) if self.options_json else {}


@dataclass(frozen=True, slots=True)
class RateConfig:
    """Rate control, of a `kind`.

    fixed (uses quality), target (uses target_bps), adaptive (between the bounds), allotted (the rate that fusion allots), or a
    plug-in. With `congestion`, the stream's transport runs the congestion control `kind` (scream, gcc), whose bit rate the camera
    keeps.
    """

    kind: str = "fixed"
    quality: float = 0.5
    target_bps: float | None = None
    quality_min: float = 0.0
    quality_max: float = 1.0
    options_json: str = ""
    """Options of a plug-in, a JSON object; empty: none."""
    congestion: CongestionConfig | None = None
    allotted: AllottedConfig | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Return a plug-in's options, as given in the scenario."""
        return json.loads(self.options_json) if self.options_json else {}

    @property
    def uses_feedback(self) -> bool:
        """Whether it receives fusion's reports; a congestion control has its own, and fusion allots by what it has seen."""
        return self.kind not in {"fixed", "target", "allotted"} and self.congestion is None
