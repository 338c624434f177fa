"""The contract of `Nodes`: every implementation gives the same answers to the same grants.

grants ──▶ local: live, cached, recorded  ──▶ the same announcements, frames, plans and pictures
──▶ remote: threads, processes
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cached.cached_pixels import Pixels
from simnet.engine.kernel.port import Announcements, CarriedNodes, NodeProvider, Packets
from simnet.engine.local.coders import LiveCoder
from simnet.engine.local.lazy_world import LazyWorld
from simnet.engine.local.live_decoders import LiveDecoders
from simnet.engine.local.local_nodes import CachedNodes, LocalNodes, RecordedNodes
from simnet.engine.local.local_pictures import LivePictures
from simnet.engine.local.ordered_pool import OrderedPool
from simnet.engine.recovery.journal import Beginning, Journal
from simnet.engine.remote.hosted_nodes import HostedNodes
from simnet.engine.remote.launcher import launcher
from simnet.engine.timing.thread_timer import ThreadTimer
from simnet.errors import ModelError, NodeLostError
from simnet.nodes.schedule import Schedule
from simnet.records import NodeLossConfig, Outcome, RateConfig, Scenario
from simnet.records.grants import Capture, Coded, Delivery, Plan
from simnet.records.score import DecodedPicture, Score, ScoredPicture
from simnet.store import Store
from support.killing import Victims
from support.tiny_runs import MS, Ran, change_streams

FRAMES = 6
WAYS = ("live", "cached", "threads", "processes")
LOST = {("van/b", 2)}
"""Frames that do not arrive."""


@dataclass
class Told:
    """What nodes left with the results: a digest of each picture, and faults."""

    pictures: dict[tuple[str, int], str] = field(default_factory=dict)
    faults: list[tuple[str, int]] = field(default_factory=list)
    backlog = 16
    wants_pictures = False

    def fault(self, host: str, reason: str, now_ns: int) -> None:
        del reason
        self.faults.append((host, now_ns))

    def decoded(self, picture: DecodedPicture) -> None:
        assert picture.digest == hashlib.sha256(picture.picture).hexdigest()[:32]
        assert picture.capture_ns == picture.sequence * 100 * MS
        self._add(picture.stream, picture.sequence, picture.digest)

    def scored(self, stream: str, sequence: int, digest: str, score: Score) -> None:
        assert score.psnr_db > 0
        self._add(stream, sequence, digest)

    def show(self, picture: ScoredPicture) -> None:
        raise AssertionError(f"nobody wants pictures: {picture.stream}")

    def _add(self, stream: str, sequence: int, digest: str) -> None:
        assert (stream, sequence) not in self.pictures, "handed over twice"
        self.pictures[stream, sequence] = digest


@dataclass
class Answers:
    """Everything that nodes answered."""

    announcements: Announcements
    frames: list[tuple[str, Coded | None]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)


def drive(nodes: CarriedNodes, scenario: Scenario, *, backwards: bool = False) -> Answers:
    """Grant turns as a kernel does: captures, deliveries 20 ms later, wakes in between."""
    answers = Answers(nodes.open({stream.name: Packets(1400, 40) for stream in scenario.streams}))
    inbox: dict[str, list] = {stream.name: [] for stream in scenario.streams}
    undecided: dict[tuple[str, int], bytes] = {}

    def follow(plan: Plan) -> None:
        answers.plans.append(plan)
        for decision in plan.decisions:
            data = undecided.pop((decision.stream, decision.sequence), None)
            if decision.ready_ns is not None and data is not None:
                nodes.decode(decision, data)
        for feedback in plan.feedback:
            inbox[feedback.stream].append(feedback)

    def wake_until(now_ns: int) -> None:
        while (wake_ns := answers.plans[-1].wake_ns) is not None and wake_ns < now_ns:
            follow(nodes.wake(wake_ns))

    follow(nodes.start())
    for sequence in range(FRAMES):
        now_ns = sequence * 100 * MS
        wake_until(now_ns)
        takes = {}
        for name, told in inbox.items():
            takes[name] = nodes.capture(Capture(name, sequence, now_ns, tuple(told)))
            told.clear()
        coded = {name: takes[name] and takes[name]() for name in (reversed(takes) if backwards else takes)}
        answers.frames += [(name, coded[name]) for name in takes]
        wake_until(now_ns + 20 * MS)
        for name in takes:
            frame = coded[name]
            if frame is not None:
                undecided.update({} if (name, sequence) in LOST else {(name, sequence): frame.data})
                follow(nodes.deliver(_delivery(name, frame, now_ns + 20 * MS)))
    wake_until(FRAMES * 100 * MS + 400 * MS)
    nodes.finish()
    return answers


def _delivery(name: str, frame: Coded, now_ns: int) -> Delivery:
    complete = (name, frame.sequence) not in LOST
    size = len(frame.data) + 40
    data = frame.data if complete else b""
    return Delivery(name, frame.sequence, now_ns, now_ns - 10 * MS, complete, size, 1, int(not complete), 0, data)


@pytest.fixture
def carry(tmp_path: Path) -> Callable:
    """Return a context that carries the nodes of a scenario in one of the `WAYS`."""

    @contextmanager
    def go(way: str, scenario: Scenario, restarts: int = 0) -> Iterator[tuple[CarriedNodes, Told]]:
        told = Told()
        with ExitStack() as stack:
            if way == "live":
                yield stack.enter_context(_live(scenario, told)), told
                return
            provider: NodeProvider
            if way == "cached":
                pixels = Pixels(scenario, Store(tmp_path / "store"), CacheCounters())
                stack.callback(pixels.close)
                provider = CachedNodes(scenario, pixels)
            elif way == "recorded":
                provider = RecordedNodes(scenario)
            else:
                hosts = 3 if way.endswith("processes") else 0
                folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
                journal = Journal.create(folder, Beginning(scenario, hosts, {}))
                stack.callback(journal.close)
                has_pictures = not way.startswith("recorded")
                world = LazyWorld(scenario, ThreadTimer())
                stack.callback(world.close)
                hosted = HostedNodes(scenario, launcher(hosts, restarts), journal, world, has_pictures=has_pictures)
                provider = stack.enter_context(hosted)
            yield stack.enter_context(provider.nodes(told)), told

    return go


@contextmanager
def _live(scenario: Scenario, told: Told) -> Iterator[LocalNodes]:
    timer = ThreadTimer()
    world, pool = LazyWorld(scenario, timer), OrderedPool(2, "decoders")
    try:
        pictures = LivePictures(scenario, LiveDecoders(scenario, world, pool, timer), told)
        yield LocalNodes(scenario, lambda stream: LiveCoder(stream, scenario, world, timer), pictures)
    finally:
        pool.close()
        world.close()


@pytest.fixture
def adaptive(tiny: Scenario) -> Scenario:
    """Cameras listen to feedback; van/b is decoded with car/a, a sensor and its own past."""
    return change_streams(tiny, rate=RateConfig("adaptive"))


@pytest.fixture
def recorded(tiny: Scenario, run: Callable[..., Ran]) -> Scenario:
    """The same without pictures."""
    rows = run(tiny).result.summary["rows"]
    streams = (replace(each, codec="recorded", model=f"{rows}#{each.name}") for each in tiny.streams)
    return replace(tiny, streams=tuple(streams))


@pytest.mark.parametrize("codec", ["jpeg", "h264"])
def test_same_grants_give_same_answers_and_pictures(adaptive: Scenario, carry: Callable, codec: str) -> None:
    scenario = change_streams(adaptive, codec=codec)
    with carry("live", scenario) as (nodes, told):
        expected = drive(nodes, scenario)
    decisions = [each for plan in expected.plans for each in plan.decisions]
    ready = {(each.stream, each.sequence) for each in decisions if each.ready_ns is not None}
    assert set(told.pictures) == ready
    assert ("van/b", 2) not in ready
    assert Outcome.LOST in {each.outcome for each in decisions}
    assert any(plan.feedback for plan in expected.plans)
    assert any(each.sides for each in decisions)
    for way in WAYS[1:]:
        with carry(way, scenario) as (nodes, other):
            assert drive(nodes, scenario) == expected, way
        assert other == told, way


def test_recorded_sizes_are_the_same_on_hosts(recorded: Scenario, carry: Callable) -> None:
    with carry("recorded", recorded) as (nodes, told):
        expected = drive(nodes, recorded)
    assert told == Told()
    for way in ("recorded threads", "recorded processes"):
        with carry(way, recorded) as (nodes, other):
            assert drive(nodes, recorded) == expected, way
        assert other == told, way


@pytest.mark.parametrize("way", WAYS)
def test_the_order_of_taking_frames_changes_nothing(tiny: Scenario, carry: Callable, way: str) -> None:
    frames = []
    for backwards in (False, True):
        with carry(way, tiny) as (nodes, _):
            frames.append(drive(nodes, tiny, backwards=backwards).frames)
    assert frames[0] == frames[1]


@pytest.mark.parametrize("way", WAYS)
def test_finish_may_be_called_again(tiny: Scenario, carry: Callable, way: str) -> None:
    with carry(way, tiny) as (nodes, told):
        drive(nodes, tiny)
        before = dict(told.pictures)
        nodes.finish()
        assert told.pictures == before
        costs = nodes.costs()
    assert not costs.lost
    assert all(seconds >= 0 for seconds in costs.seconds.values())


@pytest.mark.parametrize("way", WAYS)
def test_an_unknown_codec_is_an_error_when_nodes_open(tiny: Scenario, carry: Callable, way: str) -> None:
    def fail() -> None:
        with carry(way, change_streams(tiny, codec="mpeg1")) as (nodes, _):
            nodes.open({stream.name: Packets(1400, 40) for stream in tiny.streams})

    with pytest.raises(ModelError, match="unknown codec"):
        fail()


@pytest.mark.parametrize("action", ["fault", "error"])
def test_a_lost_host_is_none_and_one_fault(
    tiny: Scenario, carry: Callable, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    victims = Victims(monkeypatch)
    scenario = replace(tiny, node_loss=NodeLossConfig(action, 10_000 * MS))
    period_ns = Schedule.of(scenario.cameras["van/b"], scenario.duration_ns).period_ns
    with carry("processes", scenario) as (nodes, told):
        nodes.open({stream.name: Packets(1400, 40) for stream in scenario.streams})
        nodes.start()
        victims.kill("host-3")
        takes = {name: nodes.capture(Capture(name, 0, 0)) for name in ("car/a", "van/b")}
        assert takes["car/a"]().sequence == 0
        if action == "error":
            with pytest.raises(NodeLostError, match="host-3"):
                takes["van/b"]()
            return
        assert takes["van/b"]() is None
        assert nodes.capture(Capture("van/b", 1, period_ns)) is None
        assert nodes.capture(Capture("car/a", 1, period_ns))().sequence == 1
        assert list(nodes.costs().lost) == ["host-3"]
    assert told.faults == [("host-3", scenario.streams[1].encode_ns)]
