"""Telemetry: records round-trip, a publisher never waits, a subscriber may connect late."""

import threading
import time
from collections.abc import Iterator

import msgpack
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import InputError, WireError
from simnet.records import Outcome, Row
from simnet.records.telemetry import (
    EventKind,
    LinkLoad,
    LiveEnd,
    LiveEvent,
    LiveFrame,
    LivePicture,
    LiveSample,
)
from simnet.wire.telemetry.telemetry_messages import (
    MAX_BYTES,
    Published,
    pack,
    unpack,
)
from simnet.wire.telemetry.telemetry_sockets import LivePublisher, LiveSubscriber
from support.waiting import wait_until

CONSTANT = Published(LiveEvent(0, EventKind.FAULT, "", "told again and again"))
ROW = Row(
    "run", "car/a", "jpeg", 3, 300, 310, 350, None, 90, 130, 0.3, 0.5, 1, 0, 0, Outcome.LATE,
    ("hub/s",), 5, 31.5, 0.97, None, None, 4, "ab",
)  # fmt: skip
EACH = [
    Published(LiveSample(7, (("car", 1.0, 2.0, 3.0),), (LinkLoad("up", 1.2, 240.0, 3, False),), 0)),
    Published(LiveFrame(ROW)),
    Published(LiveEvent(1, EventKind.HAND_OVER, "car", "mast_1 to mast_2")),
    Published(LivePicture("car/a", 3, 300), (b"original", b"decoded")),
    Published(LiveEnd(9, "f" * 64, "")),
]


@pytest.mark.parametrize("told", EACH, ids=lambda told: type(told.record).__name__)
def test_telemetry_round_trips(told: Published) -> None:
    assert unpack(pack(told)) == told


@given(st.lists(st.binary(max_size=80), max_size=4), st.sampled_from([b"run", b"frame", b"picture", b"end", b"other"]))
def test_foreign_bytes_raise_only_wire_error(rest: list[bytes], topic: bytes) -> None:
    for frames in (rest, [topic, *rest]):
        with pytest.raises(WireError):
            unpack(frames)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (pack(EACH[3])[:3], "1 files; expected 2"),
        ([b"end", msgpack.packb({"v": 2, "body": {}})], "version 2; expected 1"),
        (
            [b"end", msgpack.packb({"v": 1, "body": {"time_ns": 1, "fingerprint": ""}})],
            "LiveEnd: Object missing required field `error`",
        ),
        ([b"end", msgpack.packb({"v": 1, "body": {"time_ns": "1", "fingerprint": "", "error": ""}})], "Expected `int`"),
        ([b"end", bytes(MAX_BYTES)], "expected at most"),
    ],
)
def test_malformed_telemetry_is_refused_with_a_reason(frames: list[bytes], said: str) -> None:
    with pytest.raises(WireError, match=said):
        unpack(frames)


@pytest.fixture
def publisher() -> Iterator[LivePublisher]:
    publisher = LivePublisher("tcp://127.0.0.1:*", CONSTANT)
    yield publisher
    publisher.close()


def test_without_subscriber_nothing_is_built() -> None:
    made: list[Published] = []
    publisher = LivePublisher("tcp://127.0.0.1:*", CONSTANT)
    publisher.put(lambda: made.append(CONSTANT) or CONSTANT)
    publisher.close()  # which sends what is queued
    assert not made
    assert not publisher.has_subscribers


def test_late_subscriber_gets_constants_then_ordered_records(publisher: LivePublisher) -> None:
    publisher.put(lambda: EACH[0])
    heard: list[Published] = []
    subscriber = LiveSubscriber(publisher.endpoint, heard.append)
    try:
        wait_until(lambda: CONSTANT in heard)
        for told in EACH:
            publisher.put(lambda told=told: told)
        wait_until(lambda: EACH[-1] in heard)
        assert [told for told in heard if told != CONSTANT] == EACH
        wait_until(lambda: heard.count(CONSTANT) >= 2)  # what is constant is told again
    finally:
        subscriber.close()


def test_subscriber_waits_for_runs_and_receives_their_end(free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    heard: list[Published] = []
    subscriber = LiveSubscriber(endpoint, heard.append)
    try:
        for _ in range(2):  # one run after the other
            heard.clear()
            publisher = LivePublisher(endpoint, CONSTANT)
            wait_until(lambda: CONSTANT in heard)
            publisher.put(lambda: EACH[-1])
            publisher.close()
            wait_until(lambda: EACH[-1] in heard)
    finally:
        subscriber.close()


def test_stalled_subscriber_does_not_block_the_run(publisher: LivePublisher) -> None:
    going = threading.Event()
    subscriber = LiveSubscriber(publisher.endpoint, lambda _: going.wait(10))
    try:
        wait_until(lambda: publisher.has_subscribers)
        big = Published(LivePicture("car/a", 0, 0), (bytes(200_000), bytes(200_000)))
        began = time.monotonic()
        for _ in range(20_000):
            publisher.put(lambda: big)
        assert time.monotonic() - began < 2
        assert publisher.dropped > 0, "what does not fit is dropped and counted"
    finally:
        going.set()
        subscriber.close()


@pytest.mark.parametrize("make", [LivePublisher, LiveSubscriber])
def test_bad_endpoint_is_one_clear_error(make: type) -> None:
    with pytest.raises(InputError, match=r"nowhere: cannot .* expected e.g. tcp://"):
        make("nowhere", CONSTANT)


def test_foreign_messages_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Published] = []
    with zmq.Context() as context, context.socket(zmq.PUB) as stranger:
        port = stranger.bind_to_random_port("tcp://127.0.0.1")
        subscriber = LiveSubscriber(f"tcp://127.0.0.1:{port}", heard.append)
        try:

            def shout() -> bool:
                stranger.send_multipart([b"frame", b"rubbish"])
                stranger.send_multipart(pack(CONSTANT))
                return len(heard) > 5

            wait_until(shout)
        finally:
            subscriber.close()
    assert len(caplog.records) == 1


@pytest.fixture
def free_port() -> int:
    with zmq.Context() as context, context.socket(zmq.REP) as probe:
        return probe.bind_to_random_port("tcp://127.0.0.1")
