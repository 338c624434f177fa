"""What runs cost, one row of a table at a time: the table of `docs/howto/speed.md` comes from here.

    python tests/benchmarks/faster_than_life.py budget           core-milliseconds a frame, by part, from a real run
    python tests/benchmarks/faster_than_life.py platoon          ten virtual seconds of `vehicle_platoon`
    python tests/benchmarks/faster_than_life.py fleet            eight cameras of 640 x 480 with hevc, against the encoder alone
    python tests/benchmarks/faster_than_life.py memory           eight cameras of 1280 x 720: peak memory
    python tests/benchmarks/faster_than_life.py recorded         1,000 recorded cameras, a minute, one core
    python tests/benchmarks/faster_than_life.py sweep            90 cells, cold
    python tests/benchmarks/faster_than_life.py start            a one-second scenario, and its first coded frame
    python tests/benchmarks/faster_than_life.py scores           PSNR and MS-SSIM of one picture of 1280 x 720

`--rounds 5` gives medians of five; `--seconds` changes the virtual time of fleet, memory and recorded.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HEVC = "hevc"
PARTS = ("engine", "render", "encode", "link", "decode", "score", "write")


def fleet(file: Path, size: tuple[int, int], seconds: float, cameras: int = 8) -> Path:
    """Write a scenario of cameras around a crossing, 10 Hz each, all hevc."""
    lines = [
        "# Eight cameras at a crossing send video to a mast.",
        f"duration: {seconds:g} s",
        "world: {kind: rendered, scene: intersection}",
        "nodes:",
        "  mast: {position: [0, 0, 6]}",
    ]
    for number in range(cameras):
        turn = 2 * math.pi * number / cameras
        lines += [
            f"  post_{number}:",
            f"    position: [{30 * math.cos(turn):.1f}, {30 * math.sin(turn):.1f}, 5]",
            f"    heading: {(round(math.degrees(turn)) + 180) % 360} deg",
            f"    cameras: {{eye: {{size: {list(size)}, rate: 10 Hz, phase: {number * 12} ms}}}}",
        ]
    lines += ["links:"]
    lines += [
        f"  up_{number}: {{from: post_{number}, to: mast, bandwidth: 8 Mbit/s, delay: 10 ms}}"
        for number in range(cameras)
    ]
    lines += ["streams:", f'  "*": {{codec: {HEVC}, rate: {{quality: 0.5}}}}', "fusion: {at: mast}"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def command(*words: str) -> dict[str, Any]:
    """Run `simnet` with these words; return wall and processor seconds of all its processes, and what it says."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "simnet", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cores = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = json.loads(done.stdout.splitlines()[-1])
    return {"wall_s": time.perf_counter() - began, "core_s": cores, "said": said}


def run(scenario: str, *words: str) -> dict[str, Any]:
    """Run a scenario into a folder that is thrown away; its manifest comes along."""
    with tempfile.TemporaryDirectory(prefix="faster-") as folder:
        done = command("run", scenario, "--json", "--out", f"{folder}/run", *words)
        return {**done, "manifest": json.loads(Path(folder, "run", "run.json").read_text(encoding="utf-8"))}


def budget(asked: argparse.Namespace) -> dict[str, float]:
    """Core-milliseconds a frame by part, while the clock runs."""
    ran = run(asked.scenario, "--no-report", *(("--set", f"duration={asked.seconds:g}s") if asked.seconds else ()))
    cores, frames = ran["manifest"]["core_seconds"], ran["said"]["frames"]
    parts = {f"{part} core-ms": 1000 * cores[part] / frames for part in PARTS}
    whole = {"in all core-ms": sum(parts.values()), "start-up core-s": cores["start-up"]}
    return {**parts, **whole, "share told": sum(cores.values()) / ran["core_s"]}


def platoon(asked: argparse.Namespace) -> dict[str, float]:
    """Ten virtual seconds of the platoon, with its report."""
    ran = run("vehicle_platoon")
    return {"wall s": ran["wall_s"], "core s": ran["core_s"]}


def eight(asked: argparse.Namespace) -> dict[str, float]:
    """Eight cameras of 640 x 480 against x265 on the same frames and cores."""
    seconds = asked.seconds or 60.0
    with tempfile.TemporaryDirectory(prefix="faster-") as folder:
        file = fleet(Path(folder) / "fleet.yaml", (640, 480), seconds)
        ran = run(str(file), "--no-report")
        alone = command_alone(file)
    ratio = {"wall ratio": ran["wall_s"] / alone["wall_s"], "core ratio": ran["core_s"] / alone["core_s"]}
    return {"wall s": ran["wall_s"], "core s": ran["core_s"], "alone wall s": alone["wall_s"], **ratio}


def command_alone(file: Path) -> dict[str, float]:
    """Encode the frames of a scenario with its encoder alone, a stream a process of the cores; frames are ready in memory."""
    done = subprocess.run([sys.executable, __file__, "encode", str(file)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def encode(asked: argparse.Namespace) -> dict[str, float]:
    """What `command_alone` starts: one second of each camera's frames is drawn, and coded again and again."""
    from concurrent.futures import ThreadPoolExecutor

    from simnet import codec, library_threads
    from simnet.scenario import load
    from simnet.world import open_world

    scenario = load(asked.scenario)
    world = open_world(scenario.world, scenario.cameras, scenario.seed)
    names = [stream.name for stream in scenario.streams]
    frames = {name: [world.frame(name, k * scenario.cameras[name].period_ns) for k in range(10)] for name in names}
    world.close()
    rounds = max(1, scenario.duration_ns // 1_000_000_000)

    def code(name: str) -> None:
        camera = scenario.cameras[name]
        encoder = codec.open_encoder(HEVC, camera.width, camera.height)
        for turn in range(rounds):
            # To and fro, so that motion stays as small as it was.
            for frame in frames[name] if turn % 2 == 0 else reversed(frames[name]):
                encoder.encode(frame, 0.5)

    began, core_s = time.perf_counter(), time.process_time()
    with library_threads.limited(), ThreadPoolExecutor(library_threads.processors()) as pool:
        list(pool.map(code, names))
    return {"wall_s": time.perf_counter() - began, "core_s": time.process_time() - core_s}


def memory(asked: argparse.Namespace) -> dict[str, float]:
    """Peak memory of eight cameras of 1280 x 720, all processes together."""
    with tempfile.TemporaryDirectory(prefix="faster-") as folder:
        file = fleet(Path(folder) / "fleet.yaml", (1280, 720), asked.seconds or 10.0)
        ran = run(str(file), "--no-report")
    return {"peak MB": ran["said"]["peak_rss_mb"], "core s": ran["core_s"]}


def recorded(asked: argparse.Namespace) -> dict[str, float]:
    """A thousand cameras of recorded sizes on one core."""
    import many

    with tempfile.TemporaryDirectory(prefix="faster-") as folder:
        real = Path(folder) / "real"
        command("run", "vehicle_platoon", "--set", "duration=2s", "--set", "streams.*.codec=lowres", "--json",
                "--no-report", "--out", str(real))  # fmt: skip
        rows = str(real / "rows.parquet")
        file = many.write_scenario(Path(folder) / "many.yaml", 1000, rows, "follower_1/front", asked.seconds or 60.0)
        ran = many.run(file, Path(folder) / "out")
    return {"wall s": ran["wall_s"], "core s": ran["cpu_s"], "peak MB": ran["peak_rss_mb"]}


def sweep(asked: argparse.Namespace) -> dict[str, float]:
    """Five codecs, six bandwidths, three seeds, into an empty cache."""
    rates = ",".join(f"{rate}kbit/s" for rate in (100, 200, 300, 500, 1000, 2000))
    axes = ("--codec", "atn,lowres,jpeg,hevc,av1", "--set", f"links.*.bandwidth={rates}", "--seeds", "3")
    with tempfile.TemporaryDirectory(prefix="faster-") as folder:
        done = command("sweep", "vehicle_platoon", *axes, "--json", "--out", f"{folder}/out", "--cache", f"{folder}/c")
    return {"wall s": done["wall_s"], "core s": done["core_s"]}


def start(asked: argparse.Namespace) -> dict[str, float]:
    """A one-second scenario, with its report."""
    ran = run("vehicle_platoon", "--set", "duration=1s")
    first = ran["manifest"]["timings"]["until the first coded frame"]
    return {"wall s": ran["wall_s"], "core s": ran["core_s"], "first coded frame s": first}


def scores(asked: argparse.Namespace) -> dict[str, float]:
    """PSNR and MS-SSIM of a picture of 1280 x 720, in one thread."""
    import numpy as np

    from simnet import library_threads, quality

    draw = np.random.default_rng(1)
    original = draw.integers(0, 256, (720, 1280, 3), np.uint8)
    picture = np.clip(original + draw.normal(0, 6, original.shape), 0, 255).astype(np.uint8)
    with library_threads.limited():
        spent = []
        for _ in range(20):
            began = time.thread_time()
            reference = quality.Original(original)
            reference.psnr(picture)
            reference.ms_ssim(picture)
            spent.append(time.thread_time() - began)
    return {"core-ms": 1000 * statistics.median(spent)}


ROWS = {
    "budget": budget,
    "platoon": platoon,
    "fleet": eight,
    "encode": encode,
    "memory": memory,
    "recorded": recorded,
    "sweep": sweep,
    "start": start,
    "scores": scores,
}


def main() -> None:
    """Measure a row and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("scenario", nargs="?", default="vehicle_platoon", help="of budget: what to run")
    parser.add_argument("--rounds", type=int, default=1, help="medians of so many")
    parser.add_argument("--seconds", type=float, help="virtual time")
    asked = parser.parse_args()
    if asked.row == "encode":
        print(json.dumps(encode(asked)))
        return
    found: list[dict[str, float]] = [ROWS[asked.row](asked) for _ in range(asked.rounds)]
    names = list(found[0])
    told = {name: statistics.median(each[name] for each in found) for name in names}
    print(
        f"{asked.row}, median of {asked.rounds}, {len(os.sched_getaffinity(0))} processors, {time.strftime('%Y-%m-%d')}"
    )
    for name in names:
        print(f"{told[name]:10.2f}  {name}")


if __name__ == "__main__":
    main()
