"""Rendered worlds in processes of their own, and the renderers that they start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from simnet.records import CameraConfig, Trajectory, WorldConfig

SCENE = WorldConfig("rendered", "field")
CAMERA = CameraConfig(
    "a/b", 64, 32, 100_000_000, 80.0, Trajectory(((0.0, 0.0, 30.0), (99.0, 0.0, 30.0)), 10.0), pitch_deg=-60.0
)
OWNER = """
import os, signal, sys
from simnet import world
from simnet.world.rendering import draw_process
from support import painted_scene
from support.render_processes import CAMERA, SCENE
draw_process.draw_server = painted_scene
opened = world.open_world(SCENE, {"a/b": CAMERA}, seed=7)
opened.frame("a/b", 0)
"""
"""A script that opens a world, which a painter draws, and one frame of it."""


def renderers_of(owner: int) -> list[int]:
    """Return the process ids of the renderers that a process has started and that live."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            command = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if int(parent) == owner and state != "Z" and b"import main; main(" in command:
            found.append(int(status.parent.name))
    return found


def kill_renderers(owner: int, number: int = signal.SIGKILL) -> int:
    """Send the renderers of a process a signal; return how many there were."""
    found = renderers_of(owner)
    for each in found:
        os.kill(each, number)
    return len(found)


def start_python(code: str, *arguments: str) -> subprocess.Popen:
    """Start a script that may import the tests' support."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
