"""Hosts that die in the middle of a run and come back: the run goes on as if nothing had been.

car/a ──▶ hub ◀── van/b     van/b is decoded with car/a, hub/s and its own last picture
"""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from simnet import engine
from simnet.engine.recovery import marshalling
from simnet.engine.run_options import RunOptions
from simnet.errors import NodeLostError
from simnet.records import LossConfig, NodeLossConfig, Outcome, RateConfig, Scenario
from simnet.records.grants import Coded
from simnet.runfolder import run_reader
from simnet.wire.protocol.messages import Message
from simnet.wire.sockets.broker_socket import BrokerSocket
from support.killing import Victims
from support.tiny_runs import MS, Ran, change_links, change_streams
from support.waiting import wait_until

Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def eventful(tiny: Scenario) -> Scenario:
    """Loss, jitter, feedback and side information; three seconds, so that states are taken in between."""
    lossy = change_links(tiny, bandwidth_bps=400e3, jitter_ns=4 * MS, loss=LossConfig("independent", 0.05))
    return change_streams(replace(lossy, duration_ns=3000 * MS), rate=RateConfig("adaptive"))


@pytest.fixture(scope="module")
def whole(eventful: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The eventful run in which nobody dies."""
    out = tmp_path_factory.mktemp("whole")
    return Ran(engine.run(eventful, out, RunOptions(report=False)), run_reader.read(out))


def _told(ran: Ran) -> tuple:
    return ran.result.summary["fingerprint"], [replace(row, run="") for row in ran.read.rows]


@pytest.mark.parametrize(("host", "at_ms"), [("host-1", 0), ("host-1", 2900), ("host-3", 1400)])
def test_killed_host_restarts_without_changing_the_run(
    eventful: Scenario, whole: Ran, run: Run, victims: Victims, host: str, at_ms: int
) -> None:
    killed = run(eventful, hosts=3, progress=victims.when(at_ms * MS, host))
    assert _told(killed) == _told(whole)
    assert killed.result.summary["restarts"] == 1
    assert len(victims.named(host)) == 2
    assert victims.all_ended


def test_video_resumes_from_key_frame_with_old_side_pictures(tiny: Scenario, run: Run, victims: Victims) -> None:
    """Encoders, decoders, and pictures of 1.5 s ago, of which fusion's new process has decoded none."""
    video = change_streams(replace(tiny, duration_ns=3000 * MS), codec="h264", rate=RateConfig("adaptive"))
    car, van = video.streams
    van = replace(van, side_information=("car/a",), side_lags_ns=(1500 * MS,))
    scenario = replace(video, streams=(car, van))
    killed = run(scenario, hosts=2, progress=victims.when(2400 * MS, "host-1", "host-2"))
    assert _told(killed) == _told(run(scenario))
    assert killed.result.summary["restarts"] == 2
    assert [row.key for row in killed.rows("car/a")] == [True] + [False] * 29
    assert all(row.side_age_ns == 1500 * MS for row in killed.rows("van/b")[-5:])


def test_side_information_decoding_is_equal_after_a_crash(tiny: Scenario, run: Run, victims: Victims) -> None:
    scenario = change_streams(tiny, codec="atn", rate=RateConfig("adaptive"))
    killed = run(scenario, hosts=2, progress=victims.when(800 * MS, "host-1"))
    assert _told(killed) == _told(run(scenario))
    assert "car/a" in {side for row in killed.read.rows for side in row.side_sources}


def test_hosts_killed_during_start_or_replay_restart(
    eventful: Scenario, whole: Ran, run: Run, victims: Victims, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One dies before it has joined, and again while it is told what it knew; the other at that time too."""

    def kill_the_first() -> None:
        wait_until(lambda: victims.named("host-2"))
        victims.kill("host-2")

    starting = threading.Thread(target=kill_the_first, daemon=True)
    starting.start()
    welcome = BrokerSocket._welcome

    def kill_the_third(broker: BrokerSocket, host: str) -> None:
        if host == "host-2" and len(victims.named(host)) == 3:
            victims.kill(host)
        welcome(broker, host)

    monkeypatch.setattr(BrokerSocket, "_welcome", kill_the_third)

    def progress(now_ns: int) -> None:
        if now_ns == 1500 * MS and len(victims.named("host-1")) == 1:
            victims.kill("host-2")
            victims.kill("host-1")

    killed = run(eventful, hosts=2, progress=progress)
    starting.join()
    assert _told(killed) == _told(whole)
    assert len(victims.named("host-2")) == 4
    assert len(victims.named("host-1")) == 2


def test_silent_host_is_replaced(
    eventful: Scenario, whole: Ran, run: Run, victims: Victims, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "simnet.wire.membership.heartbeat.MISSED", 2
    )  # for the broker: its hosts beat every two seconds

    def freeze(now_ns: int) -> None:
        if now_ns == 1000 * MS and len(victims.started) == 2:
            victims.kill("host-2", signal.SIGSTOP)

    frozen = run(eventful, hosts=2, progress=freeze)
    assert _told(frozen) == _told(whole)
    assert frozen.result.summary["restarts"] == 1


def test_repeatedly_dying_host_ends_the_run_by_name(tiny: Scenario, run: Run, victims: Victims) -> None:
    def progress(now_ns: int) -> None:
        if now_ns >= 300 * MS:
            victims.kill("host-2")

    began = time.monotonic()
    with pytest.raises(
        NodeLostError, match=r"^host-2: its process was killed by SIGKILL, for the second time; .* frame \d+"
    ):
        run(tiny, hosts=2, restarts=1, progress=progress)
    assert time.monotonic() - began < 60
    assert victims.all_ended


def test_scenario_may_tolerate_a_lost_camera(tiny: Scenario, run: Run, victims: Victims) -> None:
    tolerant = replace(tiny, node_loss=NodeLossConfig("fault"))
    whole = run(tiny).rows("van/b")
    ran = run(tolerant, hosts=3, restarts=0, progress=victims.when(500 * MS, "host-3"), report=True)
    assert ran.rows("car/a") != []
    assert {row.outcome for row in ran.rows("car/a")} <= {Outcome.DECODED, Outcome.ALONE}
    rows = ran.rows("van/b")
    first = next(row.sequence for row in rows if row.outcome is Outcome.NODE_LOST)
    assert 4 <= first <= 6
    assert [replace(row, run="") for row in rows[:first]] == [replace(row, run="") for row in whole[:first]]
    assert {row.outcome for row in rows[first:]} == {Outcome.NODE_LOST}
    assert all(row.arrive_ns is None and row.psnr_db is None and row.link_bytes == 0 for row in rows[first:])
    counts = ran.result.summary["streams"]["van/b"]
    assert counts["node_lost"] == 10 - first
    assert counts["key_frames"] == first
    assert "host-3" in ran.read.manifest.lost_hosts
    assert "no node" in (ran.result.folder / "report.html").read_text(encoding="utf-8")


def test_lost_fusion_is_always_an_error(tiny: Scenario, run: Run, victims: Victims) -> None:
    tolerant = replace(tiny, node_loss=NodeLossConfig("fault"))
    with pytest.raises(NodeLostError, match=r"^host-1: its process was killed by SIGKILL"):
        run(tolerant, hosts=2, restarts=0, progress=victims.when(500 * MS, "host-1"))


def test_state_accompanies_every_key_frame_only(tiny: Scenario, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told again stays short: all of a video stream since its key frame, one frame of any other."""
    states: list[bool] = []
    coded_message = marshalling.coded_message

    def note(coded: Coded, state: bytes | None = None) -> Message:
        states.append(state is not None)
        return coded_message(coded, state)

    monkeypatch.setattr(marshalling, "coded_message", note)
    run(change_streams(tiny, codec="h264", key_interval_ns=500 * MS))
    assert sum(states) == 4
    states.clear()
    run(tiny)
    assert sum(states) == 20
