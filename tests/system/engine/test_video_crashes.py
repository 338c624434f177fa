"""Leader, hosts and fusion killed at any moment of a run of inter-coded streams, with side information and without.

car/a ──▶ hub ◀── van/b     each of any codec; van/b is decoded with car/a, hub/s and its own last picture
"""

import os
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simnet import engine
from simnet.engine.recovery.journal import Journal
from simnet.engine.run_options import RunOptions
from simnet.records import LossConfig, RateConfig, Scenario
from simnet.runfolder import run_reader
from support.killing import Victims, kill_leader
from support.tiny_runs import MS, Ran, change_links

Run = Callable[..., Ran]
KILLS = int(os.environ.get("SIMNET_KILLS", "3"))
"""How many runs are disturbed, each by up to three kills."""
CODECS = ("hevc", "av1", "h264", "hevc+fuse", "av1+fuse", "atn", "factorized")
HOSTS = 3
"""Fusion is on the first."""
DURATION_NS = 3000 * MS
CAPTURES = 60


def _scenario(tiny: Scenario, draw: random.Random, number: int) -> Scenario:
    """Lossy links, so that key frames are asked for in the middle of what is on its way."""
    car, van = tiny.streams
    codecs = CODECS[number % len(CODECS)], draw.choice(CODECS)
    streams = [
        replace(
            stream,
            codec=codec,
            rate=draw.choice([RateConfig("adaptive"), RateConfig(quality=0.5)]),
            key_interval_ns=draw.choice([None, 200 * MS, 300 * MS, 500 * MS]),
            encode_ns=draw.choice([10, 250]) * MS,
        )
        for stream, codec in zip((car, van), draw.sample(codecs, 2), strict=True)
    ]
    lossy = change_links(
        replace(tiny, streams=tuple(streams), seed=number, duration_ns=DURATION_NS),
        bandwidth_bps=draw.choice([100e3, 400e3]),
        jitter_ns=draw.choice([0, 30 * MS]),
        reorder=draw.random() < 0.5,
        loss=LossConfig("independent", draw.choice([0.02, 0.1])),
    )
    return replace(lossy, fusion=replace(lossy.fusion, pictures=draw.choice([1, 2])))


def _told(ran: Ran) -> tuple:
    return ran.result.summary["fingerprint"], [replace(row, run="") for row in ran.read.rows]


def _killer(victims: Victims, draw: random.Random) -> Callable[[int], None]:
    """Return a `progress` that kills up to two hosts, fusion's often, a moment after captures drawn."""
    left = [draw.randint(10, CAPTURES) for _ in range(draw.choice([1, 1, 2]))]
    names = [draw.choice(["host-1", "host-1", "host-2", "host-3"]) for _ in left]
    pauses_s = [draw.choice([0, draw.uniform(0, 0.3)]) for _ in left]
    captures = 0

    def progress(_: int) -> None:
        nonlocal captures
        captures += 1
        for at, name, pause_s in zip(left, names, pauses_s, strict=True):
            if at == captures and victims.named(name):
                threading.Timer(pause_s, victims.kill, [name]).start() if pause_s else victims.kill(name)

    return progress


@pytest.fixture
def keyed(tiny: Scenario) -> Scenario:
    """Every third frame is a key frame, so that among the pictures on their way there always is one, and not the first."""
    streams = [
        replace(stream, codec=codec, key_interval_ns=300 * MS)
        for stream, codec in zip(tiny.streams, ("hevc", "h264"), strict=True)
    ]
    return replace(tiny, streams=tuple(streams), duration_ns=DURATION_NS)


@pytest.mark.parametrize("at_ms", [1300, 2300])
def test_pictures_of_an_ended_chain_are_requested_again(
    keyed: Scenario, run: Run, victims: Victims, at_ms: int
) -> None:
    killed = run(keyed, hosts=2, progress=victims.when(at_ms * MS, "host-1"))
    assert _told(killed) == _told(run(keyed))
    assert killed.result.summary["restarts"] == 1


@pytest.mark.parametrize("captures", [54, 58])
def test_resumed_run_requests_pictures_of_an_ended_chain(
    keyed: Scenario, run: Run, tmp_path: Path, captures: int
) -> None:
    out = tmp_path / "killed"
    kill_leader(keyed, out, 0, captures)
    journal, _ = Journal.resume(out)
    resumed = Ran(engine.run(keyed, out, RunOptions(journal=journal, report=False)), run_reader.read(out))
    assert _told(resumed) == _told(run(keyed))


@pytest.mark.parametrize("number", range(KILLS))
def test_any_kill_at_any_time_changes_nothing(
    tiny: Scenario, run: Run, victims: Victims, tmp_path: Path, number: int
) -> None:
    draw = random.Random(number)
    scenario, out = _scenario(tiny, draw, number), tmp_path / "killed"
    hosts, delay_s = draw.choice([0, HOSTS, HOSTS]), draw.choice([0, 0.05])
    whole = run(scenario)
    leaders = draw.choice([0, 1, 1, 2]) if hosts else draw.choice([1, 2])
    for count in range(leaders):
        moment = {"captures": draw.randint(20, CAPTURES), "pause_s": draw.choice([0, draw.uniform(0, 0.3)])}
        kill_leader(scenario, out, hosts, **moment, resume=count > 0, answer_delay_s=delay_s)
        if (out / "run.json").exists():  # it was faster
            break
    else:
        journal = Journal.resume(out)[0] if leaders else None
        progress = _killer(victims, draw)
        engine.run(
            scenario,
            out,
            RunOptions(hosts=hosts, journal=journal, answer_delay_s=delay_s, progress=progress, report=False),
        )
    killed = run_reader.read(out)
    assert killed.manifest.fingerprint == whole.result.summary["fingerprint"]
    assert [replace(row, run="") for row in killed.rows] == _told(whole)[1]
    assert victims.all_ended
