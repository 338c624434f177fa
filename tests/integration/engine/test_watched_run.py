"""A watched run equals an unwatched one, and publishes everything."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
import zmq

from simnet.errors import InputError
from simnet.records import Scenario
from simnet.records.telemetry import (
    LiveEnd,
    LiveFrame,
    LivePicture,
    LiveRun,
    LiveSample,
)
from simnet.wire.telemetry.telemetry_messages import Published
from simnet.wire.telemetry.telemetry_sockets import LiveSubscriber


@pytest.fixture
def endpoint() -> str:
    with zmq.Context() as context, context.socket(zmq.REP) as probe:
        return f"tcp://127.0.0.1:{probe.bind_to_random_port('tcp://127.0.0.1')}"


def test_watched_run_is_equal_and_publishes_everything(tiny: Scenario, run: Callable, endpoint: str) -> None:
    alone = run(tiny)
    heard: list[Published] = []
    subscriber = LiveSubscriber(endpoint, heard.append)
    try:
        watched = run(tiny, live=endpoint, answer_delay_s=0.05)
    finally:
        subscriber.close()
    fingerprint = alone.result.summary["fingerprint"]
    assert watched.result.summary["fingerprint"] == fingerprint

    def told(kind: type) -> list:
        return [each.record for each in heard if isinstance(each.record, kind)]

    assert told(LiveRun)[0].scenario == tiny
    assert [way.node for way in told(LiveRun)[0].paths_m] == ["car", "van", "hub"]
    samples = told(LiveSample)
    rows = [frame.row for frame in told(LiveFrame)]
    # Whoever comes while a run goes on hears the rest of it.
    later = [row for row in watched.read.rows if row.capture_ns > samples[0].time_ns]
    assert len(later) > 5
    assert all(row in rows for row in later)
    assert all(row in watched.read.rows for row in rows)
    assert {name for name, *_ in samples[-1].positions_m} == {"car", "van", "hub"}
    assert max(load.load for sample in samples for load in sample.links) > 0
    assert all(sample.time_ns < following.time_ns for sample, following in itertools.pairwise(samples))
    pictures = [each for each in heard if isinstance(each.record, LivePicture)]
    assert pictures
    assert all(file.startswith(b"\xff\xd8") for each in pictures for file in each.files)
    assert next(end for end in told(LiveEnd) if not end.error).fingerprint == fingerprint


def test_recorded_run_publishes_rows_and_no_pictures(tiny: Scenario, run: Callable, endpoint: str) -> None:
    rows = run(tiny).result.summary["rows"]
    streams = tuple(replace(each, codec="recorded", model=f"{rows}#{each.name}") for each in tiny.streams)
    recorded = replace(tiny, streams=streams)
    heard: list[Published] = []
    subscriber = LiveSubscriber(endpoint, heard.append)
    try:
        watched = run(recorded, live=endpoint, realtime=1.0)
    finally:
        subscriber.close()
    assert watched.result.summary["fingerprint"] == run(recorded).result.summary["fingerprint"]
    told = [each.record.row for each in heard if isinstance(each.record, LiveFrame)]
    assert len(told) > 5
    assert all(row in watched.read.rows for row in told)
    assert not [each for each in heard if isinstance(each.record, LivePicture)]


def test_failed_run_publishes_its_error(tiny: Scenario, run: Callable, endpoint: str, monkeypatch) -> None:
    from simnet.engine.kernel.kernel import Kernel

    def fail(_: Kernel) -> None:
        raise InputError("the dog ate it")

    monkeypatch.setattr(Kernel, "run", fail)
    heard: list[Published] = []
    subscriber = LiveSubscriber(endpoint, heard.append)
    try:
        with pytest.raises(InputError):
            run(tiny, live=endpoint)
    finally:
        subscriber.close()
    assert [told.record.error for told in heard if isinstance(told.record, LiveEnd)] == ["InputError: the dog ate it"]


def test_taken_port_is_refused_before_the_run(tiny: Scenario, run: Callable) -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as other:
        port = other.bind_to_random_port("tcp://127.0.0.1")
        with pytest.raises(InputError, match=f"tcp://127.0.0.1:{port}: cannot publish there"):
            run(tiny, live=f"tcp://127.0.0.1:{port}")
