"""A cluster of two processes, and sweeps on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from simnet.cli import main
from support.swept_scenario import scenario
from support.waiting import wait_until


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
        wait_until(lambda: file.exists() and file.read_text().strip())
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
