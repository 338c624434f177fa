"""Leader, hosts and fusion killed at the start, in the middle and at the end of runs: all end like the run that nobody disturbed.

car/a ──▶ hub ◀── van/b     each of any codec; van/b is decoded with car/a, hub/s and its own last picture
"""

import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from simnet import engine
from simnet.engine.recovery.journal import Journal
from simnet.engine.run_options import RunOptions
from simnet.records import LossConfig, RateConfig, Scenario
from simnet.runfolder import run_reader
from support.killing import Victims, kill_leader
from support.tiny_runs import MS, change_links
from support.waiting import wait_until

KILLS = int(os.environ.get("SIMNET_KILLS", "3"))
"""How many runs are disturbed."""
VARIANTS = 11
"""How many scenarios there are: whole runs to compare with are dear."""
CODECS = ("hevc", "av1", "hevc+fuse", "atn")
INSTANTS = 20
MOMENTS = {"start": (1, 2), "middle": (4, 16), "end": (18, INSTANTS)}
"""The first and last instant of capture at which the kill may come."""
VICTIMS = {"leader": "", "fusion": "host-1", "camera": "host-2"}
FATES = [(victim, list(MOMENTS)[(k + turn) % 3]) for turn in range(3) for k, victim in enumerate(VICTIMS)]
"""Three in a row have every victim and every moment, nine have every victim at every moment."""

Told = tuple[str, list]
Wholes = Callable[[int], tuple[Scenario, Told]]


def _scenario(tiny: Scenario, number: int) -> Scenario:
    """Lossy links, so that key frames are asked for in the middle of what is on its way."""
    draw = random.Random(f"scenario {number}")
    codecs = CODECS[number % len(CODECS)], draw.choice(CODECS)
    streams = [
        replace(
            stream,
            codec=codec,
            rate=draw.choice([RateConfig("adaptive"), RateConfig(quality=0.5)]),
            key_interval_ns=draw.choice([None, 200 * MS, 300 * MS, 500 * MS]),
            encode_ns=draw.choice([10, 250]) * MS,
        )
        for stream, codec in zip(tiny.streams, draw.sample(codecs, 2), strict=True)
    ]
    lossy = change_links(
        replace(tiny, streams=tuple(streams), seed=number, duration_ns=INSTANTS * 100 * MS),
        bandwidth_bps=draw.choice([100e3, 400e3]),
        jitter_ns=draw.choice([0, 30 * MS]),
        reorder=draw.random() < 0.5,
        loss=LossConfig("independent", draw.choice([0.02, 0.1])),
    )
    return replace(lossy, fusion=replace(lossy.fusion, pictures=draw.choice([1, 2])))


@pytest.fixture(scope="module")
def wholes(tiny: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Wholes:
    """Returns a variant, and what its run in which nobody dies tells; each is run once."""
    known: dict[int, tuple[Scenario, Told]] = {}

    def whole(number: int) -> tuple[Scenario, Told]:
        if number not in known:
            scenario, out = _scenario(tiny, number), tmp_path_factory.mktemp("whole")
            engine.run(scenario, out, RunOptions(report=False))
            known[number] = scenario, _told(out)
        return known[number]

    return whole


def _told(out: Path) -> Told:
    read = run_reader.read(out)
    return read.manifest.fingerprint, [replace(row, run="") for row in read.rows]


class _Killer:
    """A `progress` that kills one host at an instant of capture, or a moment later; at 0 a moment after its process began."""

    def __init__(self, victims: Victims, host: str, instants: int, pause_s: float) -> None:
        self._victims, self._host, self._instants, self._pause_s = victims, host, instants, pause_s
        self.has_killed = False
        self._later = threading.Thread(target=self._kill_later)
        if not instants:
            self._later.start()

    def __call__(self, _: int) -> None:
        self._instants -= 1
        if self._instants == 0:
            if self._pause_s:
                self._later.start()
            else:
                self._victims.kill(self._host)
                self.has_killed = True

    def join(self) -> None:
        if self._later.ident is not None:
            self._later.join()

    def _kill_later(self) -> None:
        wait_until(lambda: self._victims.named(self._host))
        time.sleep(self._pause_s)
        with suppress(ProcessLookupError):  # the run was faster
            self._victims.kill(self._host)
            self.has_killed = True


@pytest.mark.parametrize("number", range(KILLS))
def test_kill_at_any_time_changes_nothing(wholes: Wholes, victims: Victims, tmp_path: Path, number: int) -> None:
    draw = random.Random(number)
    scenario, whole = wholes(number % VARIANTS)
    victim, moment = FATES[number % len(FATES)]
    instants, pause_s = draw.randint(*MOMENTS[moment]), draw.choice([0, draw.uniform(0, 0.1)])
    out, delay_s = tmp_path / "killed", draw.choice([0, 0, 0.05])
    journal, hosts, host = None, draw.choice([2, 3]), VICTIMS[victim]
    victims.started.clear()
    if victim == "leader":
        hosts = draw.choice([0, hosts])
        kill_leader(scenario, out, hosts, instants, pause_s=pause_s, answer_delay_s=delay_s)
        if (out / "run.json").exists():
            assert _told(out) == whole
            print(f"{number}: the leader ended before it was killed")
            return
        journal, _ = Journal.resume(out)
        host = draw.choice(["host-1", "host-2"]) if hosts and draw.random() < 0.3 else ""
    elif moment == "start" and draw.random() < 0.5:
        instants, pause_s = 0, draw.uniform(0, 2)
    killer = _Killer(victims, host, instants, pause_s) if host else None
    options = RunOptions(hosts=hosts, journal=journal, answer_delay_s=delay_s, report=False)
    engine.run(scenario, out, options if killer is None else replace(options, progress=killer))
    if killer is not None:
        killer.join()
    killed = ["leader"] * (victim == "leader") + [host] * (killer is not None and killer.has_killed)
    print(f"{number}: {moment}, {[stream.codec for stream in scenario.streams]}, killed: {killed}")
    assert _told(out) == whole
    assert victims.all_ended
