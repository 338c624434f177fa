"""Constants of fusion's allotment: streams, their ways to fusion, and what those carry at a time as far as fusion can know.

Fusion knows how nodes, cameras and links are set up, and where nodes say they are (`pose_error`). A link's bit rate is the
constant, the step of its ladder at the distance of the reported places, or its trace's mean. It does not know what else loads a
link: that shows in what arrives.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simnet.nodes.allotment_problem import Resource
from simnet.nodes.side_selection import PREVIOUS
from simnet.records import SECOND_NS
from simnet.records.allotment_config import AllotmentConfig, AllottedConfig
from simnet.tracks import reported_poses, view_overlap
from simnet.tracks.poses import Pose

if TYPE_CHECKING:
    from simnet.records import CameraConfig, LinkConfig, NodeConfig, Scenario, StreamConfig


@dataclass(frozen=True, slots=True)
class AllotmentStream:
    """A stream on its way to fusion. `bounds` is None if it is not allotted a rate."""

    config: StreamConfig
    camera: CameraConfig
    node: str
    route: tuple[LinkConfig, ...]
    anchor: str | None
    """The first allotted stream among its sources of side information."""
    lag_ns: int

    @property
    def bounds(self) -> AllottedConfig | None:
        """Bounds of its rate."""
        return self.config.rate.allotted

    @property
    def frames_per_s(self) -> float:
        """Frame rate."""
        return SECOND_NS / self.camera.period_ns

    @property
    def pixels_per_s(self) -> float:
        """Pixels a second."""
        return self.camera.width * self.camera.height * self.frames_per_s


@dataclass(frozen=True, slots=True)
class AllotmentSetup:
    """What fusion knows of a scenario to allot rates."""

    config: AllotmentConfig
    streams: dict[str, AllotmentStream]
    """All streams, in decoding order."""
    nodes: dict[str, NodeConfig]
    cell_nodes: dict[str, str]
    """The node of each cell: its links towards it and away from it do not share time."""
    turns: dict[str, int]
    """Number of links of each TDMA medium, which take turns."""
    has_poses: bool
    seed: int
    end_ns: int
    deadline_ns: int
    feedback_period_ns: int

    @classmethod
    def of(cls, scenario: Scenario) -> AllotmentSetup | None:
        """Return the setup of a scenario; None if nothing is allotted."""
        if scenario.fusion.allotment is None:
            return None
        carriers = {camera.name: (camera, node.name) for node in scenario.nodes for camera in node.cameras}
        allotted = {stream.name for stream in scenario.streams if stream.rate.allotted is not None}
        streams: dict[str, AllotmentStream] = {}
        for stream in scenario.streams:
            camera, node = carriers[stream.name]
            served = [(name, lag_ns) for name, lag_ns in stream.candidates if name in allotted and name != PREVIOUS]
            anchor, lag_ns = served[0] if served else (None, 0)
            way = route(scenario.links, node, scenario.fusion.node)
            streams[stream.name] = AllotmentStream(stream, camera, node, way, anchor, lag_ns)
        count: dict[str, int] = {}
        for link in scenario.links:
            if link.medium is not None:
                count[link.medium] = count.get(link.medium, 0) + 1
        return cls(
            scenario.fusion.allotment,
            streams,
            {node.name: node for node in scenario.nodes},
            {medium.name: medium.at for medium in scenario.media if medium.kind == "cell"},
            {medium.name: count.get(medium.name, 1) for medium in scenario.media if medium.kind == "tdma"},
            view_overlap.is_known(scenario),
            scenario.seed,
            scenario.duration_ns,
            scenario.fusion.deadline_ns,
            scenario.fusion.feedback_period_ns,
        )

    def places(self, stream: AllotmentStream) -> tuple[str, ...]:
        """Return the names of the links and media that a stream takes time of."""
        return tuple(self._place(link) for link in stream.route)

    def resources(self, streams: list[AllotmentStream], now_ns: int) -> tuple[dict[str, Resource], set[str]]:
        """Return what the streams share at `now_ns`, by name, and the streams that are out of a link's range."""
        costs: dict[str, list[float]] = {}
        unreachable: set[str] = set()
        for at, stream in enumerate(streams):
            for link in stream.route:
                rate_bps = self._rate_bps(link, now_ns)
                if rate_bps <= 0:
                    unreachable.add(stream.config.name)
                    continue
                own = costs.setdefault(self._place(link), [0.0] * len(streams))
                own[at] += self.turns.get(link.medium or "", 1) / rate_bps
        return {name: Resource(tuple(own)) for name, own in costs.items()}, unreachable

    def links_bps(self, now_ns: int) -> tuple[float, ...]:
        """Return the bit rate of each link on each stream's way."""
        return tuple(self._rate_bps(link, now_ns) for stream in self.streams.values() for link in stream.route)

    def overlap(self, stream: AllotmentStream, now_ns: int) -> float:
        """Return the share of a stream's view that its anchor saw when it took the picture that serves, by reported poses.

        Without poses (recorded worlds) it is taken to be all.
        """
        if stream.anchor is None or not self.has_poses:
            return 1.0
        other = self.streams[stream.anchor]
        own_pose = self._pose(stream, now_ns)
        other_pose = self._pose(other, max(0, now_ns - stream.lag_ns))
        return view_overlap.view_share(stream.camera, own_pose, other.camera, other_pose)

    def _pose(self, stream: AllotmentStream, t_ns: int) -> Pose:
        node, camera = self.nodes[stream.node], stream.camera
        (x, y, z), heading_deg = reported_poses.reported(node, t_ns, self.seed)
        forward, left, up = camera.mount_m
        cos, sin = math.cos(math.radians(heading_deg)), math.sin(math.radians(heading_deg))
        place = (x + forward * cos - left * sin, y + forward * sin + left * cos, z + up)
        return Pose(place, heading_deg + camera.yaw_deg, camera.pitch_deg)

    def _place(self, link: LinkConfig) -> str:
        if link.medium is None or link.medium in self.turns:
            return link.name
        if (at := self.cell_nodes.get(link.medium)) is None:
            return link.medium
        return f"{link.medium} {'up' if link.target == at else 'down'}"

    def _rate_bps(self, link: LinkConfig, now_ns: int) -> float:
        if not link.ladder:
            return link.bandwidth_bps
        ends = [reported_poses.reported(self.nodes[name], now_ns, self.seed)[0] for name in (link.source, link.target)]
        distance_m = math.dist(*ends)
        return next((rate_bps for up_to_m, rate_bps in link.ladder if distance_m <= up_to_m), 0.0)


def route(links: tuple[LinkConfig, ...], source: str, target: str) -> tuple[LinkConfig, ...]:
    """Return the links of the shortest way from node to node; empty if there is none."""
    ways: dict[str, tuple[LinkConfig, ...]] = {source: ()}
    waiting = deque([source])
    while waiting and target not in ways:
        here = waiting.popleft()
        for link in links:
            if link.source == here and link.target not in ways:
                ways[link.target] = (*ways[here], link)
                waiting.append(link.target)
    return ways.get(target, ())


def with_share(resource: Resource, share: float) -> Resource:
    """Return a resource of which only a share is allotted."""
    return replace(resource, share=share)
