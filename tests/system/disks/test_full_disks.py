"""Every writer says in one line what the disk refuses; what was written stays whole, and it works as soon as there is room."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet import cli
from simnet.errors import OutputError
from simnet.learn.checkpoints import save
from simnet.records import Row
from simnet.runfolder.folder_names import ROWS
from simnet.runfolder.record_tables import read_records
from simnet.store import Store
from support import tiny_training
from support.small_disks import SmallDisk, disk
from support.small_scenario import FILE
from support.tiny_runs import pictures

__all__ = ["disk", "pictures"]

TRIES = int(os.environ.get("SIMNET_DISKS", "4"))
"""How many sizes of disk and of file a run is tried with."""
Writer = Callable[[Path], None]


def spread(least: int, most: int) -> list[int]:
    """Return `TRIES` different sizes, the larger the further apart; a run needs more than `most`."""
    return sorted({round(least * (most / least) ** (step / (TRIES - 1))) for step in range(TRIES)})


class CommandFailedError(Exception):
    """A command's status and what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


@pytest.fixture
def simnet(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command; return its output."""

    def go(*arguments: object) -> str:
        status = cli.main([str(each) for each in arguments])
        shown = capsys.readouterr()
        if status:
            raise CommandFailedError(status, shown.err)
        return shown.out

    return go


@pytest.fixture(scope="module")
def scenario(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("scenario") / "small.yaml"
    file.write_text(FILE.replace("PICTURES", str(pictures)))
    return file


@pytest.fixture(scope="module")
def finished(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run without a page."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert cli.main(["run", str(scenario), "--out", str(folder), "--no-report", "--json"]) == 0
    return folder


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs of pictures."""
    folder = tmp_path_factory.mktemp("pairs")
    draw = np.random.default_rng(4)
    for view in ("left", "right"):
        (folder / view).mkdir()
        for number in range(2):
            Image.fromarray(draw.integers(0, 255, (192, 192, 3), np.uint8)).save(folder / view / f"{number}.png")
    return folder


@pytest.fixture
def writers(simnet, scenario: Path, finished: Path, pairs: Path, pictures: Path, tmp_path: Path) -> dict[str, Writer]:
    """Everything that writes, by name: each writes into the folder that it is given."""
    source, coded = pictures / "a" / "000.png", tmp_path / "a.snet"
    simnet("encode", source, "-o", coded, "--codec", "jpeg")
    other = tmp_path / "other"
    shutil.copytree(finished, other)
    one = ("--seeds", "1", "--workers", "1", "--no-report", "--json")

    def store(folder: Path) -> None:
        kept = Store(folder / "store", 10**6)
        for number in range(40):
            kept.put("records", str(number), bytes(10_000))
        kept.close()

    return {
        "run": lambda folder: simnet("run", scenario, "--out", folder / "run", "--json"),
        "hosts": lambda folder: simnet("run", scenario, "--hosts", 1, "--out", folder / "run", "--json", "--no-report"),
        **{
            kind: lambda folder, kind=kind: simnet(
                "run", scenario, "--out", folder / "run", "--json", "--no-report", "--export", kind
            )
            for kind in ("csv", "pcap", "mcap", "mp4", "prometheus")
        },
        "sweep": lambda folder: simnet(
            "sweep", scenario, *one, "--out", folder / "sweep", "--cache", tmp_path / "cache"
        ),
        "cache": lambda folder: simnet(
            "sweep", scenario, *one, "--out", tmp_path / "sweep", "--cache", folder / "cache"
        ),
        "store": store,
        "report": lambda folder: simnet("report", finished, "--out", folder / "page.html"),
        "comparison": lambda folder: simnet("report", finished, other, "--out", folder / "page.html"),
        "evaluation": lambda folder: simnet(
            "evaluate", "--data", f"pairs:{pairs}", "--codec", "jpeg", "--qualities", "0.2", "--out", folder / "page"
        ),
        "encode": lambda folder: simnet("encode", source, "-o", folder / "b.snet", "--codec", "jpeg"),
        "decode": lambda folder: simnet("decode", coded, "-o", folder / "b.png"),
        "keys": lambda folder: simnet("keys", folder / "keys"),
        "training": lambda folder: tiny_training.train(tiny_training.recipe(steps=4), folder / "training"),
        "checkpoint": lambda folder: save(folder / "last.pt", {"step": 1}),
    }


NAMES = (
    "run", "hosts", "csv", "pcap", "mcap", "mp4", "prometheus", "sweep", "cache", "store", "report", "comparison",
    "evaluation", "encode", "decode", "keys", "training", "checkpoint",
)  # fmt: skip


def refused(write: Writer, folder: Path) -> str:
    """Check that a writer fails with one line and status 1; return the line."""
    with pytest.raises((CommandFailedError, OutputError)) as caught:
        write(folder)
    error = caught.value
    if isinstance(error, CommandFailedError):
        assert error.status == 1, error.said
        assert error.said.startswith("simnet: "), error.said
    said = str(error).strip()
    assert "\n" not in said
    return said


@contextmanager
def limited(kind: int, limit: int) -> Iterator[None]:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


@pytest.mark.parametrize("name", NAMES)
def test_full_disk_is_one_line_and_room_is_enough(name: str, writers: dict[str, Writer], disk: SmallDisk) -> None:
    write, folder = writers[name], disk.path
    disk.leave_pages(0)
    said = refused(write, folder)
    assert "No space left on device; expected room" in said or "full" in said, said
    disk.empty()
    write(folder)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"hosts", "csv", "prometheus", "cache"}])
def test_read_only_disk_is_one_line(name: str, writers: dict[str, Writer], disk: SmallDisk) -> None:
    disk.protect()
    said = refused(writers[name], disk.path)
    assert "ead-only" in said or "readonly" in said or "unable to open" in said, said


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in {"sweep", "cache", "hosts", "csv", "prometheus"}]
)
def test_limit_on_file_sizes_is_one_line(name: str, writers: dict[str, Writer], tmp_path: Path) -> None:
    write, folder = writers[name], tmp_path / "here"
    folder.mkdir()
    with limited(resource.RLIMIT_FSIZE, 10):
        said = refused(write, folder)
    assert "File too large; expected a higher limit" in said or "ulimits" in said, said
    write(folder)


@pytest.mark.parametrize("name", ["encode", "decode", "report", "checkpoint"])
def test_vanished_folder_is_one_line(name: str, writers: dict[str, Writer], tmp_path: Path) -> None:
    assert "No such file or directory; expected its folder to be there" in refused(writers[name], tmp_path / "gone")


def fingerprint(output: str) -> str:
    return json.loads(output.splitlines()[-1])["fingerprint"]


@pytest.mark.parametrize("pages", spread(1, 300))
def test_run_goes_on_as_soon_as_the_disk_has_room(
    pages: int, simnet, scenario: Path, finished: Path, disk: SmallDisk
) -> None:
    expected = json.loads((finished / "run.json").read_text())["summary"]["fingerprint"]
    out = disk.path / "run"
    disk.leave_pages(pages)
    refused(lambda _: simnet("run", scenario, "--out", out, "--json", "--export", "pcap,csv"), disk.path)
    if (out / ROWS).exists():
        assert len(read_records(out / ROWS, Row)) == len(read_records(finished / ROWS, Row))
    disk.empty()
    how = ("--resume", out) if (out / "journal").exists() else (scenario, "--out", out)
    assert fingerprint(simnet("run", *how, "--json", "--export", "pcap,csv")) == expected
    assert not list(out.rglob("*.part"))


@pytest.mark.parametrize("size_bytes", spread(300, 1_000_000))
def test_run_goes_on_with_larger_files(size_bytes: int, simnet, scenario: Path, finished: Path, tmp_path: Path) -> None:
    expected = json.loads((finished / "run.json").read_text())["summary"]["fingerprint"]
    out = tmp_path / "run"
    with limited(resource.RLIMIT_FSIZE, size_bytes):
        refused(lambda _: simnet("run", scenario, "--out", out, "--json"), tmp_path)
    how = ("--resume", out) if (out / "journal").exists() else (scenario, "--out", out)
    assert fingerprint(simnet("run", *how, "--json")) == expected


def test_folder_that_vanishes_in_the_middle_is_one_line(simnet, scenario, tmp_path, monkeypatch) -> None:
    from simnet.engine.recovery.journal import Journal

    recorded = Journal.record_score

    def vanish(journal: Journal, *score: object) -> None:
        recorded(journal, *score)  # type: ignore[arg-type]
        shutil.rmtree(tmp_path / "run", ignore_errors=True)

    monkeypatch.setattr(Journal, "record_score", vanish)
    said = refused(lambda _: simnet("run", scenario, "--out", tmp_path / "run", "--json"), tmp_path)
    assert "No such file or directory" in said


@pytest.mark.parametrize("limit", [6, 12, 20, 40, 63])
def test_too_few_open_files_are_one_line(limit: int, scenario: Path, tmp_path: Path) -> None:
    """In a process of its own: this one has files open."""
    command = [sys.executable, "-m", "simnet", "run", str(scenario), "--out", str(tmp_path / "run"), "--no-report"]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "open files (ulimit -n)" in ended.stderr


@pytest.mark.parametrize("arguments", [["ls"], ["check", "stereo_pair"], ["run", "--help"], ["--version"]])
def test_output_to_a_full_disk_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "simnet", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == "simnet: error: the system: No space left on device; expected room on its disk\n"


def test_device_is_written_to_and_stays_one(simnet, pictures: Path) -> None:
    """A file that is renamed into place would take the place of /dev/null."""
    simnet("encode", pictures / "a" / "000.png", "-o", "/dev/null", "--codec", "jpeg")
    assert not Path("/dev/null").is_file()
    with pytest.raises(CommandFailedError, match="/dev/full: cannot be written: No space left on device"):
        simnet("encode", pictures / "a" / "000.png", "-o", "/dev/full", "--codec", "jpeg")
    assert not Path("/dev/full").is_file()
