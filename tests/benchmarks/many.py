"""Scenarios of many cameras, each with a link of its own to one mast, and what runs of them cost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

SIZE = (256, 128)


def write_scenario(file: Path, cameras: int, rows: str, stream: str, duration_s: float) -> Path:
    """Write a scenario of `cameras` at 10 Hz, whose frames are as large as those of `stream` in `rows`."""
    names = [f"car_{number}" for number in range(cameras)]
    camera = {"size": list(SIZE), "rate": "10 Hz"}
    tree = {
        "duration": f"{duration_s:g} s",
        "nodes": {
            "mast": {"position": [0, 0]},
            **{
                name: {
                    "position": [number % 40 + 1, number // 40],
                    "cameras": {"front": {**camera, "phase": f"{number * 37 % 100} ms"}},
                }
                for number, name in enumerate(names)
            },
        },
        "links": {
            f"up_{name}": {
                "from": name,
                "to": "mast",
                "bandwidth": "4 Mbit/s",
                "delay": "10 ms",
                "loss": "1 %",
                "return": "none",
            }
            for name in names
        },
        "streams": {"*": {"codec": {"name": "recorded", "rows": rows, "stream": stream}}},
        "fusion": {"at": "mast"},
    }
    file.write_text("# Many cameras and one mast.\n" + json.dumps(tree), encoding="utf-8")  # JSON is YAML
    return file


def write_fleet(file: Path, cameras: int, rows: str, stream: str, duration_s: float) -> Path:
    """Write the same as a fleet: a scenario's file holds no ten thousand nodes one by one."""
    tree = {
        "duration": f"{duration_s:g} s",
        "nodes": {
            "mast": {"position": [0, 0]},
            "car": {
                "count": cameras,
                "position": [1, 0],
                "offset": {"position": [0, 1], "phase": "10 us"},
                "cameras": {"front": {"size": list(SIZE), "rate": "10 Hz"}},
            },
        },
        "links": {
            "up": {
                "from": "car",
                "to": "mast",
                "bandwidth": "4 Mbit/s",
                "delay": "10 ms",
                "loss": "1 %",
                "return": "none",
            }
        },
        "streams": {"*": {"codec": {"name": "recorded", "rows": rows, "stream": stream}}},
        "fusion": {"at": "mast"},
    }
    file.write_text("# A fleet of cameras and one mast.\n" + json.dumps(tree), encoding="utf-8")  # JSON is YAML
    return file


def run(scenario: Path, out: Path) -> dict[str, float]:
    """Run `simnet run` on one core as a command of its own; return frames, wall seconds and processor seconds of all of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "simnet", "run", str(scenario), "--no-report", "--json", "--out", str(out)]
    core = min(os.sched_getaffinity(0))
    done = subprocess.run(command, capture_output=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = json.loads(done.stdout.splitlines()[-1])
    return {
        "frames": summary["frames"],
        "wall_s": summary["wall_s"],
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_rss_mb": summary["peak_rss_mb"],
        "lost": sum(stream["lost"] for stream in summary["streams"].values()),
    }
