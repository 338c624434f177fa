"""Control, bidirectional and invisible characters of names come out as escapes, wherever text is printed."""

import dataclasses
import logging
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from simnet import cli, scenario
from simnet.dashboard import html_text
from simnet.printable import PrintableFormatter, names_of_file, of_file, printable
from simnet.report.page_template import render

ODD = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
ODD += ["\u200b", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\ufeff", "\u061c", "\udcff", "\U000e0041"]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_odd_characters_are_escaped(odd: str) -> None:
    shown = printable(f"a{odd}b")
    assert shown.isprintable()
    assert shown.startswith("a\\")
    assert shown.endswith("b")


def test_ordinary_text_stays() -> None:
    for text in ("vehicle_platoon", "Größe 5 µs · ✓", "日本語", "a\\nb"):
        assert printable(text) == text
    assert printable("a\nb", keep="\n") == "a\nb"


def test_values_of_files_are_shown_only_if_they_are_numbers() -> None:
    assert [of_file(each) for each in ("-1.5e3", "2024-01-01T10:00:00Z", None)] == [
        "'-1.5e3'", "'2024-01-01T10:00:00Z'", "'None'",
    ]  # fmt: skip
    assert of_file("hunter2") == "text of 7 characters"
    assert names_of_file(["t", "x [m]"]) == "t, x [m]"
    assert names_of_file(["t", "$6$x"]) == "its 2, which do not look like names"


def test_log_records_are_one_printable_line() -> None:
    record = logging.makeLogRecord({"msg": "refused %s", "args": ("a\x1b[2J\nb\u202e",), "levelname": "WARNING"})
    assert PrintableFormatter().format(record) == r"refused a\x1b[2J\nb\u202e"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "no\x1b[31m\u202e.yaml"],
        ["run", "stereo_pair", "--set", "seed=\x1b]0;title\x07"],
        ["check", "stereo_pair", "--set", "nodes.\u2066x\x9b.position=1"],
        ["report", "no\u200b\x08folder"],
        ["encode", "no\x1b.png", "-o", "x"],
        ["decode", "no\x1b.snet", "-o", "x\u202e.png"],
        ["keys", "/proc/no\x1b"],
        ["train", "no\x1b"],
        ["sweep", "no\x1b", "--out", "/proc/no"],
        ["evaluate", "--codec", "no\x1b", "--data", "pairs:\u202e"],
        ["import", "no\x1b.pt"],
        ["no\x1b"],
        ["ls", "--no\x1b"],
        ["camera", "stereo_pair", "--node", "x\x1b", "--connect", "ipc:///tmp/x"],
    ],
    ids=shlex.join,
)
def test_complaints_are_printable(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments)
    said = capsys.readouterr().err
    assert said.endswith("\n")
    assert said[:-1].isprintable()
    assert "\\" in said


def test_name_that_is_no_utf8_is_one_line() -> None:
    command = [sys.executable.encode(), b"-m", b"simnet", b"run", b"no\xff.yaml"]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count(b"\n") == 1
    assert rb"no\udcff.yaml" in ended.stderr


def test_folder_with_brackets_is_printed_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets are markup to the library that prints tables."""
    from simnet import console

    console.show_sweep({"cells": 1, "ran": 1, "reused": 0, "failed": 0, "wall_s": 1.0, "encodes": 1, "decodes": 1,
                        "table": f"{tmp_path}/[/red]\x1b[31m", "report": None})  # fmt: skip
    assert f"{tmp_path}/[/red]\\x1b[31m" in capsys.readouterr().out


def test_scenario_with_odd_names_is_written_readably(tmp_path: Path) -> None:
    loaded = scenario.load("stereo_pair")
    odd = dataclasses.replace(loaded, purpose="a\u202eb", world=dataclasses.replace(loaded.world, path="p\u202e\x1b/é"))
    text = scenario.dump(odd)
    assert printable(text, keep="\n") == text
    assert yaml.safe_load(text)["world"]["path"] == "p\u202e\x1b/é"
    assert "é" in scenario.dump(dataclasses.replace(loaded, world=dataclasses.replace(loaded.world, path="é")))


def test_live_page_shows_escapes() -> None:
    assert html_text.waiting("tcp://\u202e<b>").count("tcp://\\u202e&lt;b&gt;") == 2


def test_page_shows_escapes() -> None:
    page = render("base.html", figures={}, title="a\u202eb<i>")
    assert "a\\u202eb&lt;i&gt;" in page
