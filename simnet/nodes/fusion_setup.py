"""What fusion knows of a scenario before the first grant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.nodes.schedule import Schedule
from simnet.nodes.side_selection import SideSource
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from simnet.records import FusionConfig, Scenario, StreamConfig

SLACK_NS = 1 * SECOND_NS


@dataclass(frozen=True, slots=True)
class FusionSetup:
    """What stays the same for fusion in a run."""

    config: FusionConfig
    streams: dict[str, StreamConfig]
    """In decoding order."""
    sources: dict[str, SideSource]
    """Streams and the fusion node's own sensors."""
    end_ns: int
    """When captures end; feedback ends with them."""

    @property
    def memory_ns(self) -> int:
        """Frames captured longer ago than this serve nobody any more, and neither fate nor picture is kept."""
        lags_ns = [lag_ns for stream in self.streams.values() for lag_ns in stream.side_lags_ns]
        return 2 * self.config.max_age_ns + self.config.deadline_ns + SLACK_NS + max(lags_ns, default=0)

    @classmethod
    def of(cls, scenario: Scenario) -> FusionSetup:
        """Return the setup of a scenario."""
        streams = {stream.name: stream for stream in scenario.streams}
        sources = {}
        for name, camera in scenario.cameras.items():
            schedule = Schedule.of(camera, scenario.duration_ns)
            if name in streams:
                stream = streams[name]
                sources[name] = SideSource(name, schedule, stream.encode_ns + stream.decode_ns, stream.decode_ns)
            else:
                sources[name] = SideSource(name, schedule)
        return cls(scenario.fusion, streams, sources, scenario.duration_ns)
