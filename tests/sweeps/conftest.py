"""A scenario of small recorded pictures that is swept in seconds, and a cluster of two processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from distributed import Client

from simnet.cli import main

FRAMES = 12

SCENARIO = """\
# Two cars send to a mast with a camera of its own.
seed: 3
duration: 1 s
world: {kind: pictures, path: PICTURES}
nodes:
  car: {position: [0, 0, 0], cameras: {a: {size: [64, 48], rate: 10 Hz, source: a}}}
  van: {position: [5, 0, 0], cameras: {b: {size: [64, 48], rate: 10 Hz, source: b}}}
  mast: {position: [9, 0, 0], cameras: {s: {size: [64, 48], rate: 10 Hz, source: s}}}
links:
  car_up: {from: car, to: mast, bandwidth: 200 kbit/s, delay: 5 ms, loss: {model: independent, mean: 5 %}}
  van_up: {from: van, to: mast, bandwidth: 200 kbit/s, delay: 5 ms, loss: {model: independent, mean: 5 %}}
streams:
  car/a: {codec: jpeg, rate: {quality: 0.4}}
  van/b: {codec: jpeg, rate: {quality: 0.4}, side_information: [car/a, mast/s, previous]}
fusion: {at: mast, deadline: 150 ms}
"""


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario's file; its cameras see one wide picture that drifts by."""
    root = tmp_path_factory.mktemp("swept")
    draw = np.random.default_rng(3)
    wide = cv2.GaussianBlur(draw.uniform(0, 255, (48, 64 + 4 * FRAMES, 3)), (5, 5), 0)
    for shift, name in enumerate("abs"):
        (root / "pictures" / name).mkdir(parents=True)
        for frame in range(FRAMES):
            left = 2 * frame + 5 * shift
            picture = wide[:, left : left + 64].astype(np.uint8)
            cv2.imwrite(str(root / "pictures" / name / f"{frame:03}.png"), picture)
    file = root / "cars.yaml"
    file.write_text(SCENARIO.replace("PICTURES", str(root / "pictures")))
    return file


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, processes of their own as on a real cluster."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard", "--host", "127.0.0.1"]
    worker = ["worker", *common, "--no-nanny", "--nthreads", "1", "--local-directory", str(folder)]
    with (folder / "log").open("wb") as log, ExitStack() as stack:
        for arguments in (["scheduler", *common, "--port", "0", "--dashboard-address", "127.0.0.1:0"], worker, worker):
            dask = [sys.executable, "-m", "dask", *arguments]
            process = stack.enter_context(subprocess.Popen(dask, stdout=log, stderr=log))
            stack.callback(process.kill)
        until = time.monotonic() + 60
        while not file.exists() or not file.read_text().strip():
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address


class Swept:
    """What one `simnet sweep --json` came to."""

    def __init__(self, folder: Path, said: dict[str, Any]) -> None:
        self.folder, self.said = folder, said

    @property
    def csv(self) -> bytes:
        return (self.folder / "table.csv").read_bytes()

    @property
    def tables(self) -> tuple[bytes, bytes]:
        return self.csv, (self.folder / "table.parquet").read_bytes()


@pytest.fixture
def sweep(scenario: Path, cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Swept]:
    """Sweep the scenario on the cluster, or on `workers` of its own, with a store of the test's own."""

    def go(
        *arguments: str, out: str = "sweep", status: int = 0, workers: int | None = None, store: str = "store"
    ) -> Swept:
        folder = tmp_path / out
        where = ["--scheduler", cluster] if workers is None else ["--workers", str(workers)]
        typed = ["sweep", str(scenario), *arguments, *where, "--out", str(folder), "--cache", str(tmp_path / store)]
        assert main([*typed, "--no-report", "--json"]) == status
        return Swept(folder, json.loads(capsys.readouterr().out.splitlines()[-1]))

    return go
