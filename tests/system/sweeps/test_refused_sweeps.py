"""A sweep that cannot be is refused in one line, before anything is run."""

from pathlib import Path

import pytest

from simnet.cli import main
from simnet.sweeps import workers


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--codec", "jpeg,nope"], "nope: unknown codec"),
        (["--codec", "jpeg,"], "expected codecs such as"),
        (["--seeds", "many"], "--seeds many"),
        (["--seeds", "0"], "--seeds 0"),
        (["--seeds", "0:99999999999999"], "at most 100000"),
        (["--seeds", "1:99999999999999999999"], "at most 100000"),
        (["--set", "links"], "expected KEY=VALUE"),
        (["--set", "seed=1,2", "--set", "seed=3"], "given twice"),
        (["--scheduler", "tcp://127.0.0.1:9"], "no answer"),
        (["--cache-size", "many"], "--cache-size: 'many' is no number with a unit"),
        (["--cache-size", "10kB"], "expected at least 1000000"),
        (["--workers", "0"], "expected a whole number"),
    ],
)
def test_bad_input_is_one_line(scenario: Path, tmp_path: Path, capsys, monkeypatch, arguments: list[str], told: str):
    monkeypatch.setattr(workers, "CONNECT_S", 1)
    where = ["--out", str(tmp_path / "sweep"), "--cache", str(tmp_path / "store"), "--no-report"]
    try:
        status = main(["sweep", str(scenario), *arguments, *where])
    except SystemExit as end:
        status = end.code
    # On a busy machine it may say now and then that it is still preparing.
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("simnet: sweep: ")]
    assert status == 2
    assert len(lines) == 1
    assert told in lines[0]


def test_foreign_folder_is_left_alone(scenario: Path, tmp_path: Path, capsys):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear all")
    assert main(["sweep", str(scenario), "--out", str(tmp_path / "letters"), "--cache", str(tmp_path / "store")]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "letters").iterdir()] == ["dear.txt"]
