"""Telemetry of a run (`--live`): a watcher of its ledger and of its scores.

    kernel ──▶ WatchedLedger ──▶ Telemetry ──put──▶ wire.LivePublisher ──▶ simnet dashboard
    scorer ──▶ Telemetry.scored

Nothing flows back, so a run is the same with and without it. The publisher's thread makes records and compresses pictures, and
only while somebody listens.
"""

from __future__ import annotations

import logging
import time
import uuid
from typing import TYPE_CHECKING

from simnet.engine.results.watched_ledger import RunWatcher
from simnet.errors import SimnetError
from simnet.records.telemetry import (
    EventKind,
    LiveEnd,
    LiveEvent,
    LiveFrame,
    LivePicture,
    LiveRun,
    LiveSample,
    NodePath,
)
from simnet.tracks import poses, reported_poses
from simnet.wire.telemetry.telemetry_messages import Published
from simnet.wire.telemetry.telemetry_sockets import LivePublisher

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import numpy as np

    from simnet.net import Network
    from simnet.records import Row, Scenario
    from simnet.records.score import ScoredPicture

_LOG = logging.getLogger(__name__)
SAMPLE_NS = 100_000_000
"""Virtual time between two samples of positions and loads."""
WAY_STEPS, WAY_POINTS = 40, 4000
"""Most points of one node's path, and of all nodes' paths together."""
PICTURE_S = 0.4
"""Least wall time between two pictures of a stream."""
PICTURES_S = 0.04
"""Least wall time between pictures of any two streams."""
PICTURE_WIDTH = 512
"""Wider pictures are made smaller."""
PICTURE_QUALITY = 88
"""Of JPEG."""


class Telemetry(RunWatcher):
    """One run's publisher; a context that tells the end, good or bad."""

    def __init__(self, endpoint: str, scenario: Scenario, run: str) -> None:
        self._nodes, self._seed = scenario.nodes, scenario.seed
        self._publisher = LivePublisher(endpoint, Published(LiveRun(uuid.uuid4().hex, run, scenario, _ways(scenario))))
        self._network: Network | None = None
        self._now_ns = 0
        self._next_sample_ns = 0
        self._events_told = 0
        self._shown_s: dict[str, float] = {}
        self._last_shown_s = 0.0
        self._fingerprint = ""
        self._has_warned = False

    def __enter__(self) -> Telemetry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        said = "" if kind is None else f"{kind.__name__}: {error}"[:500]
        end = Published(LiveEnd(self._now_ns, self._fingerprint, said))
        self._publisher.put(lambda: end)
        self._publisher.close()
        self._warn_if_failed()

    def watch(self, network: Network) -> None:
        """Tell the loads of these links from now on."""
        self._network = network

    def tick(self, now_ns: int) -> None:
        """The clock is at `now_ns`: tell positions and loads if it is time to."""
        self._now_ns = now_ns
        self._warn_if_failed()
        if now_ns < self._next_sample_ns or not self._publisher.has_subscribers:
            return
        self._next_sample_ns = now_ns - now_ns % SAMPLE_NS + SAMPLE_NS
        loads = self._network.loads() if self._network is not None else ()
        self._tell_events()
        dropped = self._publisher.dropped

        def sample() -> Published:
            told = ((node.name, reported_poses.reported(node, now_ns, self._seed)[0]) for node in self._nodes)
            positions = tuple((name, *place) for name, place in told)
            return Published(LiveSample(now_ns, positions, loads, dropped))

        self._publisher.put(sample)

    def _tell_events(self) -> None:
        events = self._network.events() if self._network is not None else []
        for each in events[self._events_told :]:
            event = Published(LiveEvent(each.time_ns, EventKind(each.kind), each.where, each.detail))
            self._publisher.put(lambda event=event: event)
        self._events_told = len(events)

    def finished(self, row: Callable[[], Row]) -> None:
        """A frame's story is complete."""
        self._publisher.put(lambda: Published(LiveFrame(row())))

    def fault(self, host: str, reason: str) -> None:
        """Publish that the run continues without a host."""
        event = Published(LiveEvent(self._now_ns, EventKind.FAULT, host, reason))
        self._publisher.put(lambda: event)

    def scored(self, picture: ScoredPicture) -> None:
        """Publish a picture, unless another was published just now; its score is in the frame's row."""
        stream, now = picture.stream, time.monotonic()
        recent = self._shown_s.get(stream, 0.0)
        if not self._publisher.has_subscribers or now - recent < PICTURE_S or now - self._last_shown_s < PICTURES_S:
            return
        self._shown_s[stream] = self._last_shown_s = now
        about = LivePicture(stream, picture.sequence, picture.capture_ns)
        self._publisher.put(lambda: Published(about, (_jpeg(picture.original), _jpeg(picture.decoded))))

    def _warn_if_failed(self) -> None:
        """Say once that telemetry has ended: a run goes on without it."""
        if self._has_warned:
            return
        try:
            self._publisher.check()
        except SimnetError as error:
            self._has_warned = True
            _LOG.warning("%s; the run goes on without it", error)

    def ended(self, fingerprint: str) -> None:
        """The run went well."""
        self._fingerprint = fingerprint


def _ways(scenario: Scenario) -> tuple[NodePath, ...]:
    steps = max(2, min(WAY_STEPS, WAY_POINTS // len(scenario.nodes)))
    found = []
    for node in scenario.nodes:
        places = [poses.position(node.trajectory, scenario.duration_ns * k // steps)[:2] for k in range(steps + 1)]
        found.append(NodePath(node.name, tuple(places if len(set(places)) > 1 else places[:1])))
    return tuple(found)


def _jpeg(picture: np.ndarray) -> bytes:
    """Return a picture (uint8, H x W x 3, RGB) as a JPEG file, at most `PICTURE_WIDTH` wide."""
    import cv2

    height, width = picture.shape[:2]
    if width > PICTURE_WIDTH:
        size = (PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    settings = (cv2.IMWRITE_JPEG_QUALITY, PICTURE_QUALITY)
    return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings)[1].tobytes()
