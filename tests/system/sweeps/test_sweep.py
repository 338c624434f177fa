"""A sweep leaves the same files however it is run, and computes nothing twice."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
import yaml

from simnet import engine, shipped
from simnet.engine import preflight
from simnet.engine.run_options import RunOptions
from simnet.runfolder import run_reader, sweep_reader
from simnet.sweeps import grid
from simnet.sweeps.grid import Grid
from support.waiting import wait_until

BANDWIDTHS = ("--set", "links.*.bandwidth=60kbit/s,200kbit/s")
KILLS = int(os.environ.get("SIMNET_KILLS", "2"))


def _count(folder: Path) -> int:
    """How many files are there so far."""
    return sum(1 for _ in folder.rglob("*"))


def _rows(swept) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(swept.csv.decode())))


def test_table_has_one_row_per_point_and_stream(sweep):
    first = sweep(*BANDWIDTHS, "--codec", "jpeg,webp", "--seeds", "2")
    assert {name: first.said[name] for name in ("cells", "ran", "reused", "failed")} == {
        "cells": 8, "ran": 8, "reused": 0, "failed": 0,
    }  # fmt: skip
    rows = _rows(first)
    keys = [(row["links.*.bandwidth"], row["codec"], row["seed"], row["stream"]) for row in rows]
    assert keys == [
        (bandwidth, codec, seed, stream)
        for bandwidth in ("60kbit/s", "200kbit/s")
        for codec in ("jpeg", "webp")
        for seed in ("3", "4")
        for stream in ("car/a", "van/b")
    ]
    for row in rows:
        assert float(row["offered_kbit_s"]) == {"60kbit/s": 60, "200kbit/s": 200}[row["links.*.bandwidth"]]
        assert int(row["frames"]) == 10
        outcomes = ("in_time", "late", "lost", "corrupt", "reference_lost", "node_lost")
        assert sum(int(row[outcome]) for outcome in outcomes) == 10
        assert float(row["shown_psnr_db"]) <= float(row["psnr_db"]) + 1e-6 or int(row["in_time"]) == 10

    again = sweep(*BANDWIDTHS, "--codec", "jpeg,webp", "--seeds", "2")
    assert (again.said["ran"], again.said["reused"], again.said["encodes"]) == (0, 8, 0)
    assert again.tables == first.tables


def test_sweep_folder_records_points_and_displayed_pictures(sweep):
    swept = sweep("--set", "links.*.bandwidth=60kbit/s")
    read = sweep_reader.read(swept.folder)
    assert [(point.codec, point.seed, point.failed) for point in read.points] == [("", 3, None)]
    cell = read.cell(read.points[0])
    assert len(cell.displayed) == len(cell.run.rows) == 20
    for row in cell.run.rows:
        shown = next(each for each in cell.displayed if (each.stream, each.sequence) == (row.stream, row.sequence))
        if row.outcome.value.startswith("decoded"):
            assert (shown.psnr_db, shown.ms_ssim) == (row.psnr_db, row.ms_ssim)
        else:
            assert shown.psnr_db < 40
    for stream in ("car~a", "van~b"):
        assert (cell.run.path / "pictures" / stream / "5_original.png").is_file()
    assert not list((swept.folder / "cells").glob(".making*"))


def test_exports_lie_in_each_cell(sweep):
    point = ("--set", "links.*.bandwidth=60kbit/s")
    first = sweep(*point)
    cells = first.folder / "cells"
    for kinds, ran, files in (
        (("--export", "csv,mp4"), 1, {"rows.csv", "links.csv", "video/car~a.mp4", "video/van~b.mp4"}),
        (("--export", "pcap"), 1, {"rows.csv", "links.csv", "video/car~a.mp4", "video/van~b.mp4", "packets.pcapng"}),
        (("--export", "csv"), 0, {"rows.csv"}),
        ((), 0, {"rows.csv"}),
    ):
        swept = sweep(*point, *kinds)
        assert (swept.said["ran"], swept.said["encodes"]) == (ran, 0), kinds
        assert swept.tables == first.tables
        (cell,) = cells.iterdir()
        assert files <= {str(file.relative_to(cell)) for file in cell.rglob("*")}
    (cell / "rows.csv").unlink()
    assert sweep(*point).said["ran"] == 0, "nobody asks for what is missing"
    assert sweep(*point, "--export", "csv").said["ran"] == 1
    assert (cell / "rows.csv").is_file()


@pytest.mark.parametrize("codec", ["jpeg", "jpeg+fuse", "h264"])
def test_cell_equals_a_plain_run(sweep, scenario: Path, tmp_path: Path, codec: str):
    setting = ("streams.*.rate", "{target: 90 kbit/s}")
    swept = sweep("--set", "=".join(setting), "--codec", codec)
    point = grid.points(Grid(str(scenario), {setting[0]: [setting[1]]}, [codec]))[0]
    plain = engine.run(preflight.clip(point.scenario), tmp_path / "plain", RunOptions(report=False))
    assert {row["fingerprint"] for row in _rows(swept)} == {plain.summary["fingerprint"]}
    read = sweep_reader.read(swept.folder)
    mine, theirs = read.cell(read.points[0]).run.rows, run_reader.read(tmp_path / "plain").rows
    assert [{**_plain(row), "run": ""} for row in mine] == [{**_plain(row), "run": ""} for row in theirs]


def _plain(row) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__slots__}


def test_other_bandwidths_reuse_all_encodings(sweep):
    first = sweep(*BANDWIDTHS, "--codec", "jpeg,h264")
    # Once a frame, stream and codec: what two workers code at the same time counts twice at most.
    assert 40 <= first.said["encodes"] <= 80
    others = sweep("--set", "links.*.bandwidth=80kbit/s,150kbit/s,1Mbit/s", "--codec", "jpeg,h264", out="others")
    assert (others.said["ran"], others.said["encodes"]) == (6, 0)
    fresh = sweep(
        "--set", "links.*.bandwidth=80kbit/s,150kbit/s,1Mbit/s", "--codec", "jpeg,h264", out="fresh", store="new"
    )
    assert fresh.said["encodes"] > 0
    assert fresh.tables == others.tables


def test_table_is_the_same_for_any_workers(sweep):
    arguments = (*BANDWIDTHS, "--codec", "jpeg+fuse,h264")
    tables = [
        sweep(*arguments, out=f"on-{workers}", workers=workers, store=f"store-{workers}").tables
        for workers in (None, 1, 2)
    ]
    assert tables[0] == tables[1] == tables[2]


def test_killed_sweep_resumes_to_the_same_table(sweep, scenario: Path, tmp_path: Path):
    arguments = (*BANDWIDTHS, "--codec", "jpeg,h264")
    whole = sweep(*arguments, out="whole")
    draw = random.Random(5)
    common = [
        "--no-report",
        "--workers",
        "2",
        "--cache",
        str(tmp_path / "killed-store"),
        "--out",
        str(tmp_path / "killed"),
    ]
    command = [sys.executable, "-m", "simnet", "sweep", str(scenario), *arguments, *common]
    for _ in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as victim:
            files = draw.randint(1, _count(whole.folder))
            wait_until(lambda: _count(tmp_path / "killed") >= files or victim.poll() is not None, 240)  # noqa: B023
            victim.send_signal(signal.SIGKILL)
    resumed = sweep(*arguments, out="killed", store="killed-store")
    assert resumed.said["failed"] == 0
    assert resumed.tables == whole.tables


@pytest.mark.parametrize("harm", ["gone", "cut", "empty"])
def test_damaged_cell_is_made_again(sweep, harm: str):
    whole = sweep(*BANDWIDTHS)
    cell = next((whole.folder / "cells").iterdir())
    if harm == "gone":
        (cell / "run.json").unlink()
    elif harm == "cut":
        rows = (cell / "rows.parquet").read_bytes()
        (cell / "rows.parquet").write_bytes(rows[: len(rows) // 2])
    else:
        shutil.rmtree(cell)
        cell.mkdir()
    mended = sweep(*BANDWIDTHS)
    assert (mended.said["ran"], mended.said["reused"]) == (1, 1)
    assert mended.tables == whole.tables


def test_two_sweeps_share_a_folder_and_a_store(sweep, scenario: Path, tmp_path: Path):
    own = ("--codec", "jpeg", *BANDWIDTHS, "--seeds", "2")
    others = ["--codec", "jpeg,webp", *BANDWIDTHS, "--no-report", "--workers", "1"]
    where = ["--out", str(tmp_path / "sweep"), "--cache", str(tmp_path / "store")]
    other = threading.Thread(
        target=subprocess.run, args=([sys.executable, "-m", "simnet", "sweep", str(scenario), *others, *where],)
    )
    other.start()
    sweep(*own)
    other.join()
    both = sweep(*own)
    assert both.said["ran"] == 0
    assert Counter((row["codec"], row["seed"]) for row in _rows(both)) == {
        ("jpeg", "3"): 4, ("jpeg", "4"): 4, ("webp", "3"): 4,
    }  # fmt: skip


def test_failing_cell_is_reported_and_others_continue(sweep, scenario: Path, tmp_path: Path):
    gone = tmp_path / "gone"
    for name in "abs":
        (gone / name).mkdir(parents=True)
    arguments = ("--set", f"world.path={scenario.parent / 'pictures'},{gone}", "--codec", "jpeg,webp")
    swept = sweep(*arguments, status=1)
    assert {name: swept.said[name] for name in ("cells", "ran", "failed")} == {"cells": 4, "ran": 2, "failed": 2}
    for line in swept.said["failures"]:
        assert f"world.path={gone}" in line
        assert "Traceback" not in line
    assert len(_rows(swept)) == 4
    points = sweep_reader.read(swept.folder).points
    assert [point.failed is None for point in points].count(True) == 2

    # What has been mended is run again, and only that.
    shutil.copytree(scenario.parent / "pictures", gone, dirs_exist_ok=True)
    shutil.copy(gone / "a" / "003.png", gone / "a" / "002.png")
    mended = sweep(*arguments)
    assert (mended.said["ran"], mended.said["reused"], mended.said["failed"]) == (2, 2, 0)
    assert all(point.failed is None for point in sweep_reader.read(mended.folder).points)

    # A copy of pictures that have been seen needs no run.
    shutil.copytree(scenario.parent / "pictures", tmp_path / "copy")
    copied = sweep("--set", f"world.path={tmp_path / 'copy'}", "--codec", "jpeg,webp")
    assert (copied.said["ran"], copied.said["reused"], copied.said["failed"]) == (0, 2, 0)


def test_changed_checkpoint_reruns_exactly_its_cells(sweep, tmp_path: Path):
    import numpy as np
    from safetensors.numpy import load_file, save_file

    from simnet.codec import model

    own = tmp_path / "own"
    shutil.copytree(shipped.folder("models") / "factorized", own)
    arguments = ("--codec", f"jpeg,factorized,factorized={own}", *BANDWIDTHS)
    first = sweep(*arguments)
    assert first.said["ran"] == 6
    before = {(row["codec"], row["links.*.bandwidth"], row["stream"]): row for row in _rows(first)}

    weights = load_file(own / "weights.safetensors")
    weights["backbone.g_s.0.weight"] *= np.float32(1.01)
    save_file(weights, own / "weights.safetensors")
    manifest = yaml.safe_load((own / "manifest.yaml").read_text())
    manifest["digests"]["weights.safetensors"] = model.file_digest(own / "weights.safetensors")
    (own / "manifest.yaml").write_text(yaml.safe_dump(manifest))

    second = sweep(*arguments)
    assert (second.said["ran"], second.said["reused"]) == (2, 4)
    for row in _rows(second):
        was = before[row["codec"], row["links.*.bandwidth"], row["stream"]]
        assert (row == was) == ("=" not in row["codec"])
    assert len(_rows(second)) == len(before)


def test_broken_sweep_file_is_named(sweep, tmp_path: Path):
    from simnet.errors import InputError

    swept = sweep()
    point = next((swept.folder / "asked").glob("*.json"))
    said = json.loads(point.read_text())
    for broken in ({"point": "x"}, [], said | {"seed": "x"}, said | {"codec": None}):
        point.write_text(json.dumps(broken))
        with pytest.raises(InputError, match=point.name):
            sweep_reader.read(swept.folder)
