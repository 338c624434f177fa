"""State of the observed run, built from its telemetry, without sockets or pages."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from simnet.records import SECOND_NS, Outcome, Row, Scenario
from simnet.records.telemetry import (
    EventKind,
    LiveEnd,
    LiveEvent,
    LiveFrame,
    LivePicture,
    LiveRun,
    LiveSample,
)
from simnet.wire.telemetry.telemetry_messages import Published

SILENT_S = 5.0
"""Time without messages after which a run is silent; a run publishes every second."""
_FRAMES = 3000
"""Number of rows kept for each stream's charts."""
_EVENTS = 200
OPEN_NS = 5 * SECOND_NS
"""Virtual time after which a frame without a row counts as one whose row was dropped."""


@dataclass(frozen=True, slots=True)
class FramePictures:
    """A frame's pictures as JPEG files."""

    sequence: int
    capture_ns: int
    original: bytes
    decoded: bytes


@dataclass(slots=True)
class StreamState:
    """State of one stream."""

    rows: deque[Row] = field(default_factory=lambda: deque(maxlen=_FRAMES))
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    link_bytes: int = 0
    psnr_sum_db: float = 0.0
    pictures_scored: int = 0
    pictures: FramePictures | None = None


class State:
    """State written by the subscriber's thread and read by pages; hold `lock` to read more than one attribute.

    A new run replaces the last one; a run that has ended stays until then.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.version = 0
        """Number of messages taken."""
        self.expected = ""
        """Name of the scenario whose run is on its way, if one is."""
        self._heard_s = 0.0
        self._clear()

    def _clear(self) -> None:
        self.run: LiveRun | None = None
        self.sample: LiveSample | None = None
        self.end: LiveEnd | None = None
        self.streams: dict[str, StreamState] = {}
        self.events: deque[LiveEvent] = deque(maxlen=_EVENTS)
        self.event_counts: Counter[EventKind] = Counter()

    @property
    def scenario(self) -> Scenario | None:
        """Scenario of the run; None before the first run."""
        return self.run.scenario if self.run else None

    @property
    def phase(self) -> str:
        """Phase of the run: waiting, running, silent, ended or failed."""
        if self.run is None:
            return "waiting"
        if self.end is not None:
            return "failed" if self.end.error else "ended"
        return "silent" if time.monotonic() - self._heard_s > SILENT_S else "running"

    @property
    def time_ns(self) -> int:
        """Latest virtual time of the run."""
        if self.end is not None:
            return self.end.time_ns
        return self.sample.time_ns if self.sample else 0

    def take(self, told: Published) -> None:
        """Take a published message."""
        with self.lock:
            self._heard_s = time.monotonic()
            self.version += 1
            match told.record:
                case LiveRun() as run:
                    self._meet(run)
                case _ if self.run is None:
                    return  # The run's description, which this message belongs to, arrives within a second.
                case LiveSample() as sample:
                    self.sample = self._of_scenario(sample)
                case LiveFrame(row):
                    self._frame(row)
                case LiveEvent() as event:
                    self._note(event)
                case LivePicture() as picture if picture.stream in self.streams:
                    own = self.streams[picture.stream]
                    own.pictures = FramePictures(picture.sequence, picture.capture_ns, *told.files)
                case LiveEnd() as end:
                    self.end = end
                    if end.error:
                        self._note(LiveEvent(end.time_ns, EventKind.FAILED, end.error.partition(":")[0], end.error))

    def _meet(self, run: LiveRun) -> None:
        if self.run is not None and self.run.session == run.session:
            return
        self._clear()
        self.run = run
        self.streams = {stream.name: StreamState() for stream in run.scenario.streams}

    def _of_scenario(self, sample: LiveSample) -> LiveSample:
        """Return a sample without nodes and links that the scenario does not have: they would become series of metrics."""
        scenario = self.scenario
        assert scenario is not None, "samples are taken once a run is known"
        links = {link.name for link in scenario.links}
        nodes = {node.name for node in scenario.nodes}
        return replace(
            sample,
            links=tuple({each.link: each for each in sample.links if each.link in links}.values()),
            positions_m=tuple(each for each in sample.positions_m if each[0] in nodes),
        )

    def _frame(self, row: Row) -> None:
        own = self.streams.get(row.stream)
        if own is None:
            return
        own.rows.append(row)
        own.outcomes[row.outcome] += 1
        own.link_bytes += row.link_bytes
        if row.psnr_db is not None:
            own.psnr_sum_db += row.psnr_db
            own.pictures_scored += 1
        when_ns = row.decode_ns or row.arrive_ns or row.capture_ns
        if not row.outcome.in_time:
            self._note(LiveEvent(when_ns, EventKind(row.outcome.value), row.stream, f"frame {row.sequence}{_why(row)}"))
        elif row.packets_lost:
            lost = f"frame {row.sequence}: {row.packets_lost} of {row.packets_sent} packets lost on the way"
            self._note(LiveEvent(when_ns, EventKind.LOSS, row.stream, lost))

    def _note(self, event: LiveEvent) -> None:
        self.events.append(event)
        self.event_counts[event.kind] += 1


class Idle:
    """Timer of the time without an active run, with a limit of `limit_s`; it must be read regularly."""

    def __init__(self, state: State, limit_s: float) -> None:
        self._state, self._limit_s = state, limit_s
        self._busy_s = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the limit has passed."""
        now = time.monotonic()
        if self._state.phase == "running":
            self._busy_s = now
        return now - self._busy_s > self._limit_s


def _why(row: Row) -> str:
    if row.outcome is Outcome.LATE and row.decode_ns is not None:
        return f": there {(row.decode_ns - row.capture_ns) / 1e6:.0f} ms after capture"
    if row.packets_lost:
        return f": {row.packets_lost} of {row.packets_sent} packets lost"
    return ""


def complete(rows: Iterable[Row], now_ns: int) -> list[Row]:
    """Return the rows before the first frame whose story is still open, by capture time.

    A lost frame's story ends later than that of a decoded one. A frame that is open for longer than OPEN_NS
    is taken for one whose row has not arrived here.
    """
    ordered = sorted(rows, key=lambda row: row.sequence)
    found: list[Row] = []
    for row in ordered:
        if found and row.sequence > found[-1].sequence + 1 and now_ns - row.capture_ns < OPEN_NS:
            break
        found.append(row)
    return found


def kbit_s(rows: Iterable[Row], period_ns: int, now_ns: int, duration_ns: int) -> list[tuple[float, float]]:
    """Return (s, kbit/s) at each frame: the rate into the first link over the second before it, by capture time.

    Only whole seconds of complete frames are shown, or, in a shorter run, as much as it has.
    """
    found: list[tuple[float, float]] = []
    ordered = complete(rows, now_ns)
    window_ns = min(SECOND_NS, duration_ns)
    start, held_bytes = 0, 0
    for row in ordered:
        held_bytes += row.link_bytes
        while ordered[start].capture_ns <= row.capture_ns - window_ns:
            held_bytes -= ordered[start].link_bytes
            start += 1
        covered_ns = row.capture_ns - ordered[0].capture_ns + period_ns
        if covered_ns + period_ns > window_ns:  # phases leave up to a period open
            found.append((row.capture_ns / SECOND_NS, 8e6 * held_bytes / min(window_ns, covered_ns)))
    return found


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all streams of the run so far."""

    frames: int
    in_time: int
    link_bytes: int
    kbit_s: float | None
    psnr_db: float | None


def totals(state: State) -> Totals:
    """Return the totals of the run so far: the rate over the time from the start, the mean of decoded pictures."""
    streams = state.streams.values()
    outcomes = sum((own.outcomes for own in streams), Counter[Outcome]())
    link_bytes = sum(own.link_bytes for own in streams)
    pictures = sum(own.pictures_scored for own in streams)
    return Totals(
        frames=outcomes.total(),
        in_time=sum(count for outcome, count in outcomes.items() if outcome.in_time),
        link_bytes=link_bytes,
        kbit_s=8e6 * link_bytes / state.time_ns if state.time_ns else None,
        psnr_db=sum(own.psnr_sum_db for own in streams) / pictures if pictures else None,
    )
