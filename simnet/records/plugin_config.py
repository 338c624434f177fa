"""What other packages may bring to a scenario, chosen by `kind`: a world, a rate control. Frozen records in base units."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """Where frames come from. `kind`: rendered, pictures, pairs, kitti_raw, kitti_odometry, or an installed plug-in."""

    kind: str
    scene: str = "street"
    path: str | None = None
    sequence: str | None = None
    """The drive or sequence inside a data set's folder, where it holds several."""
    offset_frames: int = 0
    """Recorded pairs: the right camera runs this many frames ahead (unsynchronised stereo)."""
    options_json: str = ""
    """What a plug-in takes besides, a JSON object; empty: nothing."""

    @property
    def options(self) -> dict[str, Any]:
        """What a plug-in takes besides, as the scenario says it."""
        return json.loads(self.options_json) if self.options_json else {}


@dataclass(frozen=True, slots=True)
class RateConfig:
    """Rate control. `kind`: fixed (uses quality), target (uses target_bps), adaptive (between the bounds), or a plug-in."""

    kind: str = "fixed"
    quality: float = 0.5
    target_bps: float | None = None
    quality_min: float = 0.0
    quality_max: float = 1.0
    options_json: str = ""
    """What a plug-in takes, a JSON object; empty: nothing."""

    @property
    def options(self) -> dict[str, Any]:
        """What a plug-in takes, as the scenario says it."""
        return json.loads(self.options_json) if self.options_json else {}

    @property
    def uses_feedback(self) -> bool:
        """Whether it is told what the receiver reports."""
        return self.kind not in {"fixed", "target"}
