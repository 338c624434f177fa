"""Constants of fusion during a run, derived from the scenario before the first grant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.nodes.schedule import Schedule
from simnet.nodes.side_selection import PREVIOUS, SideSource
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from simnet.records import FusionConfig, Scenario, StreamConfig

SLACK_NS = 1 * SECOND_NS


@dataclass(frozen=True, slots=True)
class FusionSetup:
    """Streams, sources and limits of the fusion centre."""

    config: FusionConfig
    streams: dict[str, StreamConfig]
    """In decoding order."""
    sources: dict[str, SideSource]
    """Streams, and sensors of the fusion node itself."""
    end_ns: int
    """When captures end; feedback ends at the same time."""

    @property
    def memory_ns(self) -> int:
        """Age after which a frame can serve no other frame: its status and its picture are dropped."""
        lags_ns = [lag_ns for stream in self.streams.values() for lag_ns in stream.side_lags_ns]
        return 2 * self.config.max_age_ns + self.config.deadline_ns + SLACK_NS + max(lags_ns, default=0)

    def serving(self) -> frozenset[str]:
        """Return the sources whose pictures may serve as side information or fill missing slices: no other has to be kept."""
        named = ((name, stream.name) for stream in self.streams.values() for name, _ in stream.candidates)
        sliced = (stream.name for stream in self.streams.values() if stream.slices > 1)
        return frozenset((*(own if name == PREVIOUS else name for name, own in named), *sliced))

    @classmethod
    def of(cls, scenario: Scenario) -> FusionSetup:
        """Return the setup of a scenario."""
        streams = {stream.name: stream for stream in scenario.streams}
        sources: dict[str, SideSource] = {}
        for name, camera in scenario.cameras.items():
            schedule = Schedule.of(camera, scenario.duration_ns)
            if name in streams:
                stream = streams[name]
                sources[name] = SideSource(name, schedule, stream.encode_ns + stream.decode_ns, stream.decode_ns)
            else:
                sources[name] = SideSource(name, schedule)
        return cls(scenario.fusion, streams, sources, scenario.duration_ns)
