"""A run whose broker was killed goes on from its journal to the same end."""

import os
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simnet import cli, engine
from simnet.codec.still.pillow_codecs import ClassicalEncoder
from simnet.engine.local.camera_runtime import CameraRuntime
from simnet.engine.recovery.journal import (
    COME_BY_THEMSELVES,
    FOLDER,
    LOG,
    Beginning,
    Journal,
)
from simnet.engine.recovery.write_ahead_log import WriteAheadLog
from simnet.engine.remote import node_server
from simnet.engine.run_options import RunOptions
from simnet.errors import InputError
from simnet.records import LossConfig, NodeLossConfig, Outcome, RateConfig, Scenario, StreamConfig
from simnet.runfolder import run_reader
from support.killing import Victims, kill_leader
from support.tiny_runs import MS, Ran, change_links, change_streams
from support.waiting import wait_until

Run = Callable[..., Ran]


@pytest.fixture
def eventful(tiny: Scenario) -> Scenario:
    """Loss, feedback and side information; two seconds."""
    lossy = change_links(tiny, bandwidth_bps=400e3, loss=LossConfig("independent", 0.05))
    return change_streams(replace(lossy, duration_ns=2000 * MS), rate=RateConfig("adaptive"))


def _go_on(out: Path) -> Ran:
    journal, beginning = Journal.resume(out)
    result = engine.run(beginning.scenario, out, RunOptions(hosts=beginning.hosts, journal=journal, report=False))
    return Ran(result, run_reader.read(out))


def _camera_that_opens_late(name: str) -> Callable[..., CameraRuntime]:
    """Make cameras, this one after the others: encoders need not be ready in the order of the first time."""
    others = threading.Event()

    def make(stream: StreamConfig, *rest: Any) -> CameraRuntime:
        if stream.name != name:
            others.set()
        others.wait(0.3)
        return CameraRuntime(stream, *rest)

    return make


def _told(ran: Ran) -> tuple:
    """Return everything that two equal runs have in common: fingerprint, rows, link bins, kept pictures."""
    kept = {
        str(file.relative_to(ran.result.folder)): file.read_bytes() for file in ran.result.folder.glob("pictures/*/*")
    }
    rows = [replace(row, run="") for row in ran.read.rows]
    return ran.result.summary["fingerprint"], rows, ran.read.bins, kept


@pytest.mark.parametrize(("codec", "instants"), [("jpeg", random.Random(1).randint(2, 19)), ("h264", 16), ("jpeg", 20)])
def test_resumed_run_equals_an_uninterrupted_one(
    eventful: Scenario, run: Run, tmp_path: Path, codec: str, instants: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, out = change_streams(eventful, codec=codec), tmp_path / "killed"
    kill_leader(scenario, out, 0, instants)
    assert not (out / "run.json").exists()
    with monkeypatch.context() as later:
        later.setattr(node_server, "CameraRuntime", _camera_that_opens_late("car/a"))
        resumed = _go_on(out)
    assert _told(resumed) == _told(run(scenario))
    assert not (out / FOLDER).exists()


def test_run_with_processes_survives_two_kills(eventful: Scenario, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    orphans = kill_leader(eventful, out, 2, 7)
    assert len(orphans) == 2
    orphans += kill_leader(eventful, out, 2, 15, resume=True)
    assert _told(_go_on(out)) == _told(run(eventful))
    # A host without its broker ends after five missed beats.
    wait_until(lambda: not any(Path(f"/proc/{orphan}").exists() for orphan in orphans))


def test_recorded_answers_are_not_requested_again(
    eventful: Scenario, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, coded = tmp_path / "killed", []
    kill_leader(eventful, out, 0, 20)
    encode = ClassicalEncoder.encode
    monkeypatch.setattr(ClassicalEncoder, "encode", lambda *given, **named: coded.append(1) or encode(*given, **named))
    resumed = _go_on(out)
    assert 0 < len(coded) < 10
    assert _told(resumed) == _told(run(eventful))


def test_tolerated_loss_survives_a_resume(eventful: Scenario, run: Run, victims: Victims, tmp_path: Path) -> None:
    tolerant = replace(eventful, node_loss=NodeLossConfig("fault"))
    lose = victims.when(500 * MS, "host-3")

    def interrupt(now_ns: int) -> None:
        lose(now_ns)
        if now_ns == 1500 * MS:
            raise KeyboardInterrupt

    out = tmp_path / "interrupted"
    with pytest.raises(KeyboardInterrupt):
        engine.run(tolerant, out, RunOptions(hosts=3, restarts=0, progress=interrupt))
    ran = _go_on(out)
    lost = [row.sequence for row in ran.rows("van/b") if row.outcome is Outcome.NODE_LOST]
    assert lost == list(range(lost[0], 20))
    assert 4 <= lost[0] <= 6
    assert len([row for row in ran.rows("car/a") if row.psnr_db is not None]) > 10


def test_unresumable_folder_is_refused_in_one_line(
    tiny: Scenario, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = run(tiny).result.folder
    with pytest.raises(InputError, match="has ended; expected one that was interrupted"):
        Journal.resume(finished)
    with pytest.raises(InputError, match="holds no journal"):
        Journal.resume(tmp_path)
    begun = tmp_path / "begun"
    held = Journal.create(begun, Beginning(tiny, 0, {}))
    with pytest.raises(InputError, match="still going on"):
        Journal.resume(begun)
    held.close()
    assert cli.main(["run", "stereo_pair", "--resume", str(begun)]) == 2
    assert cli.main(["run", "--hosts", "2", "--resume", str(begun)]) == 2
    assert cli.main(["run", "--set", "seed=3", "--resume", str(begun)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert all(line.startswith("simnet: error: ") and "; expected" in line for line in said)
    assert len(said) == 3
    assert "of another scenario" in said[0]
    assert "begun without --hosts" in said[1]
    apart = tmp_path / "apart"
    Journal.create(apart, Beginning(tiny, COME_BY_THEMSELVES, {})).close()
    assert cli.main(["run", "--resume", str(apart)]) == 2
    assert "begun by simnet broker; expected to go on in the same way" in capsys.readouterr().err
    monkeypatch.setattr("simnet.engine.recovery.journal.__version__", "0.0.1")
    with pytest.raises(InputError, match="begun by simnet"):
        Journal.resume(begun)
    (begun / FOLDER / LOG).write_bytes(b"not a journal at all")
    with pytest.raises(InputError, match="not a run's journal"):
        Journal.resume(begun)


def test_run_that_never_began_leaves_its_folder_reusable(tiny: Scenario, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="cannot publish there"):
        engine.run(tiny, out, RunOptions(live="nowhere"))
    assert not list(out.iterdir())
    assert engine.run(tiny, out).summary["fingerprint"] == run(tiny).result.summary["fingerprint"]


@pytest.fixture
def log(tmp_path: Path) -> SimpleNamespace:
    """A log of three records, and where it is."""
    path = tmp_path / "run" / "journal" / "log"
    path.parent.mkdir(parents=True)
    own = WriteAheadLog(path)
    for record in (b"one", b"two" * 100, b"three"):
        own.append(record)
    own.close()
    return SimpleNamespace(path=path, whole=path.read_bytes())


@pytest.mark.parametrize("missing", [1, 5, 12])
def test_torn_last_record_is_cut_off(log: SimpleNamespace, missing: int) -> None:
    os.truncate(log.path, len(log.whole) - missing)
    again = WriteAheadLog(log.path)
    assert [record for _, record in again.scan()] == [b"one", b"two" * 100]
    again.append(b"four")
    places = [at for at, _ in again.scan()]
    assert [again.read(at) for at in places] == [b"one", b"two" * 100, b"four"]
    again.close()


def test_damaged_record_in_the_middle_is_refused(log: SimpleNamespace) -> None:
    log.path.write_bytes(log.whole[:20] + bytes([log.whole[20] ^ 1]) + log.whole[21:])
    again = WriteAheadLog(log.path)
    with pytest.raises(InputError, match="damaged at byte 11"):
        list(again.scan())
    again.close()
