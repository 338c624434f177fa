"""Lead a case through the command line alone, and say what came of it from the files that it left."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from cases import FRAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cases import Case

HERE = Path(__file__).parent
SCORES = ("psnr_db", "ms_ssim", "alone_psnr_db", "alone_ms_ssim")
"""Sums of floating-point numbers: exact on one machine, and not kept for others."""
TRAFFIC = ("traffic_sent_bytes", "traffic_delivered_bytes")
"""Columns that count nothing in runs without background traffic."""
PATIENCE_S = 300
OPTIONS = {
    "hosts": ["--hosts", "3"],
    "delays": ["--answer-delay", "0.02"],
    "hosts-delays": ["--hosts", "3", "--answer-delay", "0.02"],
    "paced": ["--realtime", "0.5"],
    "resumed-hosts": ["--hosts", "3"],
    "restarted": ["--hosts", "3"],
    "exported": ["--export", "mp4,pcap,csv"],
}


class RunError(Exception):
    """A run did not come to the end that it should."""


class Drive:
    """One case in a folder of its own, which is the current folder of all its processes."""

    def __init__(self, case: Case, tree: Path, folder: Path) -> None:
        self.case, self._folder = case, folder
        shutil.copytree(HERE / "scenarios", folder)
        self._environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(tree), str(HERE / "installed")]),
            "PYTHONDONTWRITEBYTECODE": "1",  # nothing may change beside a plug-in's source
            "OMP_WAIT_POLICY": "PASSIVE",
        }

    def result(self) -> dict[str, object]:
        """Lead it and return its line of the table."""
        way = self.case.way
        lead = {
            "cell": self._cell,
            "warm": self._warm,
            "resumed": self._resumed,
            "resumed-hosts": self._resumed,
            "restarted": self._restarted,
            "lost": self._lost,
            "machines": self._machines,
        }.get(way, self._run)
        return told(self._folder / (lead() or "out"))

    def _run(self) -> None:
        self._simnet(*self._command("run"), *OPTIONS.get(self.case.way, []))

    def _cell(self, out: str = "sweep") -> Path:
        settings = _settings(self.case.settings)
        few = ["--workers", "1", "--cache", "cache", "--no-report", "--json"]
        self._simnet("sweep", self.case.scenario, "--out", out, *few, *settings)
        found = list((self._folder / out).glob("**/run.json"))
        if len(found) != 1:
            raise RunError(f"{len(found)} cells; expected one")
        return found[0].parent

    def _warm(self) -> Path:
        self._cell("first")
        return self._cell("second")

    def _resumed(self) -> None:
        options = OPTIONS.get(self.case.way, [])
        broker = self._folder / "broker"
        ending = self._ending(FREEZE_BROKER=str(broker))
        process = self._start(*self._command("run"), *options, environment=ending)
        broker.write_text(str(process.pid))
        self._wait(process, expected=-9)
        if (self._folder / "out" / "run.json").exists():
            raise RunError("it ended before it was killed")
        self._simnet("run", "--resume", "out", "--json", "--no-report")

    def _restarted(self) -> None:
        self._simnet(*self._command("run"), *OPTIONS["restarted"], environment=self._ending())
        restarts = json.loads((self._folder / "out" / "run.json").read_text())["summary"]["restarts"]
        if restarts != 1:
            raise RunError(f"{restarts} restarts; expected 1")

    def _lost(self) -> None:
        hosts = str(len(self.case.cameras) + 1)  # fusion's too: nobody else is lost with the node
        self._simnet(*self._command("run"), "--hosts", hosts, "--restarts", "0", environment=self._ending())

    def _machines(self) -> None:
        scenario, wire = self.case.scenario, "ipc://wire"
        hosts = [self._start("fusion", scenario, "--connect", wire)]
        hosts += [self._start("camera", scenario, "--node", node, "--connect", wire) for node in self.case.cameras]
        self._simnet(*self._command("broker"), "--listen", wire)
        for host in hosts:
            self._wait(host)

    def _command(self, kind: str) -> list[str]:
        return [
            kind,
            self.case.scenario,
            "--out",
            "out",
            "--json",
            "--no-report",
            *_settings(self.case.settings),
        ]

    def _ending(self, **more: str) -> dict[str, str]:
        mark = {"FREEZE_FRAME": str(FRAME), "FREEZE_MARK": str(self._folder / "mark")}
        return self._environment | mark | more

    def _simnet(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._wait(self._start(*arguments, environment=environment))

    def _start(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen:
        with (self._folder / "log").open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "simnet", *arguments],
                cwd=self._folder,
                env=environment or self._environment,
                stdout=log,
                stderr=log,
            )

    def _wait(self, process: subprocess.Popen, expected: int = 0) -> None:
        try:
            status = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = "none in time"
        if status != expected:
            last = (self._folder / "log").read_text(encoding="utf-8").strip().splitlines()[-3:]
            raise RunError(f"status {status}, expected {expected}: {' / '.join(last)[-600:]}")


def told(folder: Path) -> dict[str, object]:
    """Return a finished run's fingerprint, digests of its files, and its outcomes."""
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / "rows.parquet").to_pydict()
    links = pq.read_table(folder / "links.parquet").to_pydict()
    pictures = [file for file in sorted(folder.glob("pictures/*/*")) if "shown" not in file.name]
    return {
        "fingerprint": json.loads((folder / "run.json").read_text(encoding="utf-8"))["summary"]["fingerprint"],
        # Columns that are younger than the table count where they say something.
        "rows": _digest(
            {
                name: values
                for name, values in rows.items()
                if name not in {"run", *SCORES} and (any(values) or name != "concealed")
            }
        ),
        "links": _digest({name: counts for name, counts in links.items() if any(counts) or name not in TRAFFIC}),
        "scores": _digest({name: rows[name] for name in SCORES}),
        "pictures": _files(folder, pictures),
        "outcomes": dict(sorted(Counter(rows["outcome"]).items())),
        "bytes": sum(rows["link_bytes"]),
    }


def _settings(settings: Sequence[str]) -> list[str]:
    return [part for text in settings for part in ("--set", text)]


def _digest(columns: dict[str, list]) -> str:
    return hashlib.sha256(json.dumps(columns, sort_keys=True).encode()).hexdigest()[:16]


def _files(folder: Path, files: Sequence[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.relative_to(folder)}\n".encode())
        whole.update(file.read_bytes())
    return whole.hexdigest()[:16]
