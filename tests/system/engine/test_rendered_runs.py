"""Rendered worlds in whole runs: over tcp, with renderers that are killed, and silent at Ctrl-C.

camera rig_left ─┐
fusion ──────────┴── tcp ── broker        each with a renderer of its own
"""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.render_processes import kill_renderers, renderers_of
from support.waiting import wait_until

RUNS = int(os.environ.get("SIMNET_RUNS", "1"))
"""How many runs over tcp are compared with one in a single process; every fifth lasts 16 virtual seconds."""
SMALL = ("streams.*.codec=jpeg", "world.scene=field", "nodes.*.cameras.*.size=[64, 32]")
SHORT, LONG = "1 s", "16 s"


def _settings(duration: str) -> list[str]:
    return [part for text in (*SMALL, f"duration={duration}") for part in ("--set", text)]


def _start(kind: str, *arguments: str, duration: str | None = SHORT) -> subprocess.Popen[str]:
    """Start a command; hosts get the settings from the broker."""
    settings = [] if duration is None else _settings(duration)
    command = [sys.executable, "-m", "simnet", kind, "stereo_pair", *settings, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def _fingerprint(process: subprocess.Popen[str]) -> str:
    said, complaints = process.communicate(timeout=280)
    assert (process.returncode, complaints) == (0, "")
    return json.loads(said.splitlines()[-1])["fingerprint"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Fingerprints of the runs in one process, which loads no Panda3D."""
    lengths = (SHORT, LONG) if RUNS > 4 else (SHORT,)
    out = tmp_path_factory.mktemp("whole")
    return {length: _fingerprint(_start_checked(out / length, length)) for length in lengths}


def _start_checked(out: Path, duration: str) -> subprocess.Popen[str]:
    code = f"""
import sys
from simnet.cli import main
status = main({["run", "stereo_pair", *_settings(duration), "--json", "--no-report", "--out", str(out)]!r})
assert not [name for name in sys.modules if name.startswith(("panda3d", "simnet.world.rendering.staged"))]
assert "simnet.world.rendering.rendered" in sys.modules
sys.exit(status)
"""
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", range(RUNS))
def test_rendered_run_over_tcp_ends_with_its_fingerprint(whole: dict[str, str], tmp_path: Path, number: int) -> None:
    length = LONG if number % 5 == 4 else SHORT
    out = ("--json", "--no-report", "--out", str(tmp_path / "out"))
    broker = _start("broker", "--listen", "tcp://127.0.0.1:*", "--insecure", *out, duration=length)
    assert broker.stderr is not None
    endpoint = broker.stderr.readline().split(" for ")[0].rpartition(" ")[2]
    assert endpoint.startswith("tcp://127.0.0.1:")
    connected = ("--connect", endpoint, "--insecure")
    started = [("fusion",), ("camera", "--node", "rig_left")]
    hosts = [_start(*arguments, *connected, duration=None) for arguments in started]
    assert _fingerprint(broker) == whole[length]
    for host in hosts:
        assert (*host.communicate(timeout=60), host.returncode) == ("", "", 0)


def test_run_goes_on_when_its_renderer_is_killed(whole: dict[str, str], tmp_path: Path) -> None:
    """Once while it builds its scene, once while it draws."""
    running = _start("run", "--json", "--no-report", "--out", str(tmp_path / "out"))
    log = tmp_path / "out" / "journal" / "answers.log"
    wait_until(lambda: kill_renderers(running.pid), 120)
    wait_until(lambda: log.exists() and log.read_bytes().count(b"answer") > random.Random(1).randint(1, 8), 120)
    kill_renderers(running.pid, signal.SIGABRT)
    assert _fingerprint(running) == whole[SHORT]


def test_interrupted_run_ends_its_renderer_in_silence(tmp_path: Path) -> None:
    running = _start("run", "--out", str(tmp_path / "out"), duration="1000 s")
    wait_until(lambda: renderers_of(running.pid), 120)
    [renderer] = renderers_of(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    shown, complaint = running.communicate(timeout=60)
    assert (shown, running.returncode) == ("", 130)
    assert complaint.splitlines()[-1].startswith("simnet: interrupted")
    wait_until(lambda: not Path(f"/proc/{renderer}").exists(), 10)
