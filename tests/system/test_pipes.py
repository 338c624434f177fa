"""Pipes where files are expected, and output that is closed: one line at once, no wait and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simnet.errors import InputError, PictureError
from simnet.records import Row
from simnet.runfolder.record_tables import read_records
from simnet.runfolder.run_manifest import read_manifest
from simnet.world.recordings.film import Film
from support.places import ROOT


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "run.json")
    return tmp_path / "run.json"


def test_a_pipe_is_no_file_of_a_run(pipe: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json: not a regular file"):
        read_manifest(pipe.parent)
    with pytest.raises(InputError, match=r"run\.json: not a regular file"):
        read_records(pipe, Row)


def test_a_pipe_is_no_film(pipe: Path) -> None:
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(PictureError, match="not a regular file; expected a video"):
            Film(path)


@pytest.mark.parametrize("command", [["ls"], ["check", "stereo_pair"]])
def test_output_may_be_closed(command: list[str]) -> None:
    typed = " ".join([sys.executable, "-m", "simnet", *command, ">&-"])
    done = subprocess.run(["sh", "-c", typed], stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_an_example_ends_with_the_reader_of_its_output() -> None:
    typed = f"{sys.executable} {ROOT / 'examples' / 'rfc8867.py'} 5.1 --seconds 1 | head -1"
    done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=False)
    assert (done.stderr, len(done.stdout.splitlines())) == ("", 1)
