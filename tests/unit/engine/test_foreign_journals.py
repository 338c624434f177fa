"""A journal with valid records of another kind, shape or version is refused in one line with file and record."""

import struct
import zlib
from pathlib import Path
from typing import Any

import msgpack
import pytest

from simnet import cli
from simnet.engine.recovery.journal import FOLDER, FORMAT, LOG, Journal
from simnet.errors import InputError
from simnet.records import Scenario
from simnet.records.plain_data import to_plain
from simnet.version import __version__

INVOCATION = {"command": "simnet run", "overrides": [], "scenario_text": ""}


def write(folder: Path, *records: Any) -> Path:
    (folder / FOLDER).mkdir(parents=True)
    packed = [msgpack.packb(each) for each in records]
    (folder / FOLDER / LOG).write_bytes(
        b"".join(struct.pack(">II", len(each), zlib.crc32(each)) + each for each in packed)
    )
    return folder


@pytest.fixture
def begin(tiny: Scenario) -> list[Any]:
    return ["begin", FORMAT, __version__, {"scenario": to_plain(tiny), "hosts": 0, "invocation": INVOCATION}]


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (7, "is none of begin, answer, score, change, lost"),
        ("lost", "is none of"),
        ([], "is none of"),
        ({"kind": "answer"}, "is none of"),
        (["other", 1], "is none of"),
        ([["answer"], 1], "is none of"),
        (["answer", "h", 1, "coded", {}], "answer: has other values than str, int, str, dict, list"),
        (["answer", "h", 1, "coded", {}, [], 1], "answer: has other values"),
        (["answer", "h", True, "coded", {}, []], "answer: has other values"),
        (["answer", "h", "1", "coded", {}, []], "answer: has other values"),
        (["answer", ["h"], 1, "coded", {}, []], "answer: has other values"),
        (["answer", "h", 1, "decoded", {}, []], "answer: expected one of opened, announced, coded, plan"),
        (["answer", "h", 1, "coded", {}, ["text"]], "with payloads of bytes"),
        (["score", "s", 0, "d", {"psnr_db": 1.0}], "is missing"),
        (
            ["score", "s", 0, "d", {"psnr_db": "x", "ms_ssim": 1.0, "alone_psnr_db": 1.0, "alone_ms_ssim": 1.0}],
            "psnr_db",
        ),
        (["score", "s", 0.5, "d", {}], "score: has other values"),
        (["lost", "h", 1, None], "lost: has other values"),
        (["begin", FORMAT, __version__, {}], "is of kind begin; expected begin first, and once"),
    ],
)
def test_foreign_record_is_named(record: Any, complaint: str, begin: list[Any], tmp_path: Path) -> None:
    folder = write(tmp_path / "run", begin, record)
    with pytest.raises(InputError) as caught:
        Journal.resume(folder)
    said = str(caught.value)
    assert said.startswith(f"{folder / FOLDER / LOG}: not a run's journal: record 2 (byte ")
    assert complaint in said


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hosts": 10**9}, "hosts: expected a number from -1 to 10000"),
        ({"hosts": "2"}, "hosts: expected a number"),
        ({"invocation": {"command": 1}}, "invocation: expected command, overrides, scenario_text"),
        ({"invocation": INVOCATION | {"more": 1}}, "invocation: expected command"),
        ({"invocation": INVOCATION | {"overrides": [1]}}, "overrides: expected texts"),
        ({"invocation": "x"}, "invocation: expected a map"),
        ({"more": 1}, "expected scenario, hosts and invocation"),
        ({"scenario": {}}, "is missing"),
        ({"scenario": None}, "expected the fields of Scenario"),
    ],
)
def test_foreign_beginning_is_named(changes: dict[str, Any], complaint: str, begin: list[Any], tmp_path: Path) -> None:
    folder = write(tmp_path / "run", [*begin[:3], begin[3] | changes])
    with pytest.raises(InputError) as caught:
        Journal.resume(folder)
    assert "record 1 (byte 0)" in str(caught.value)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("version", ["0.0.1", "v" * 5000])
def test_journal_of_another_version_is_refused(version: str, begin: list[Any], tmp_path: Path) -> None:
    folder = write(tmp_path / "run", [begin[0], FORMAT, version, {"anything": 1}])
    with pytest.raises(InputError, match="begun by simnet") as caught:
        Journal.resume(folder)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "changes",
    [{"duration_ns": -5}, {"duration_ns": 10**25}, {"streams": []}, {"nodes": []}, {"links": []}, {"seed": -(10**30)}],
    ids=str,
)
def test_scenario_that_no_file_gives_is_refused(
    changes: dict[str, Any], begin: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if any(type(value) is int and abs(value) >= 2**63 for value in changes.values()):
        changes = {name: -(2**62) if value < 0 else 2**62 for name, value in changes.items()}
    begin[3]["scenario"] |= changes
    folder = write(tmp_path / "run", begin)
    assert cli.main(["run", "--resume", str(folder)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "record 1: a scenario that cannot be run" in said
