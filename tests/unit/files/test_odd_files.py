"""Files that are too large, too deep, full of references, or of another kind: one line soon, without what they hold."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simnet import scenario, traces
from simnet.errors import InputError, ScenarioError
from simnet.learn import recipe
from simnet.records import TraceConfig
from simnet.runfolder import run_manifest, sweep_reader
from simnet.scenario import document
from simnet.tracks import gpx, mission_plan, sumo, waypoint_table

SECRET = "Tr0ub4dor&3"
SHADOW = f"root:$6${SECRET}$hash:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"
SECRETS = {
    "shadow": SHADOW,
    "yaml": f"apiVersion: v1\npassword: {SECRET}\n",
    "nested": f"database: {{password: {SECRET}}}\n",
    "key": f"{SECRET}: 1\n",
    "broken": f"password: [{SECRET}\n",
    "alias": f"seed: *{SECRET}\n",
    "tag": f"seed: !{SECRET} 1\n",
    "standard tag": f"seed: !!int {SECRET}\n",
    "anchor": f"a: &{SECRET}\n b: &{SECRET} 1\n c: *x",
    "ini": f"[default]\nsecret = {SECRET}\n",
    "json": json.dumps({"password": SECRET}),
    "text": SECRET,
    "csv": f"user,{SECRET}\nroot,{SECRET}\n",
    "xml": f"<secrets><{SECRET[:3]} key='{SECRET}'/></secrets>",
    "plan": json.dumps({"fileType": SECRET, "mission": {"items": SECRET}}),
}

Reader = Callable[[Path], object]
COLUMNS = waypoint_table.Columns("x", "y", geographic=False)
READERS: dict[str, Reader] = {
    "scenario": lambda file: scenario.load(str(file)),
    "recipe": lambda file: recipe.read(str(file)),
    "mahimahi": lambda file: traces.read(TraceConfig(str(file), "mahimahi", "")),
    "rates": lambda file: traces.read(TraceConfig(str(file), "csv", "", column="rate", unit="bit/s", period_ns=10**9)),
    "gpx": lambda file: gpx.read(file, None),
    "plan": mission_plan.read,
    "sumo": lambda file: sumo.read(file, ["a"], geographic=False),
    "waypoints": lambda file: waypoint_table.read(file, COLUMNS),
    "run.json": lambda file: run_manifest.read_manifest(_as(file, "run.json")),
    "point": lambda file: sweep_reader.read(_as(file, "asked/a.json").parent),
}


def _as(file: Path, name: str) -> Path:
    """Put the file where a folder has it, and return its folder."""
    place = file.parent / "folder" / name
    place.parent.mkdir(parents=True)
    place.write_bytes(file.read_bytes())
    return place.parent


def refusal(reader: Reader, file: Path) -> str:
    """Check that a file is refused soon, in one line that names it; return the line."""
    began = time.process_time()
    with pytest.raises(InputError) as caught:
        reader(file)
    assert time.process_time() - began < 20
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 1000
    return said


@pytest.mark.parametrize("content", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_error_does_not_print_what_a_file_holds(reader: Reader, content: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong"
    file.write_text(content)
    assert SECRET not in refusal(reader, file)


def _merges(count: int) -> str:
    bases = "".join(f"  b{number}: &b{number} {{k{number}: 1}}\n" for number in range(count))
    return f"seed: 1\nx:\n{bases}y:\n  <<: [{', '.join(f'*b{number}' for number in range(count))}]\n"


def _laughs(levels: int) -> str:
    rows = [f"a0: &a0 {json.dumps(['x'] * 9)}"]
    rows += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "\n".join(rows)


LARGE = {
    "merges": _merges(12_000),
    "few merges": _merges(900),
    "merge of a merge": "seed: 1\nb0: &b0 {a: 1}\n"
    + "".join(f"b{n}: &b{n} {{<<: *b{n - 1}}}\n" for n in range(1, 900)),
    "aliases": "seed: 1\na: &a 1\nb: [" + "*a, " * 20_000 + "]",
    "laughs": _laughs(12),
    "ten megabytes": "a: [" + "1, " * 3_300_000 + "]",
    "a megabyte of values": "seed: [" + "1," * 490_000 + "1]",
    "a megabyte of keys": "{" + ",".join(f"k{number}: 1" for number in range(80_000)) + "}",
    "deep flow": "a: " + "[" * 5000 + "]" * 5000,
    "deep maps": "a: " + "{a: " * 3000 + "1" + "}" * 3000,
    "deep block": "".join(" " * level + "a:\n" for level in range(1000)),
    "deep dashes": "- " * 5000 + "1",
    "huge number": "seed: " + "9" * 100_000,
    "huge hexadecimal": "seed: 0x" + "f" * 100_000,
    "huge sexagesimal": "seed: 1" + ":59" * 100_000,
    "huge exponent": "seed: 1e99999",
    "duplicate keys": "seed: 1\nseed: 2\n",
    "self": "seed: &a [*a]",
    "self merge": "seed: 1\nx: &a\n  <<: *a\n",
    "null byte": "seed: \0",
    "surrogates": 'seed: "\\ud800"',
    "many documents": "--- 1\n" * 100_000,
    "comment": "#" * 999_000,
}


@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("reader", [READERS["scenario"], READERS["recipe"]], ids=["scenario", "recipe"])
def test_monstrous_yaml_is_refused_soon(reader: Reader, content: str, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text(content)
    refusal(reader, file)


NESTED = {
    "lists": "[" * 100_000 + "]" * 100_000,
    "maps": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "number": "9" * 100_000,
}


@pytest.mark.parametrize("content", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_deep_or_huge_json_is_refused(reader: Reader, content: str, tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text(content)
    refusal(reader, file)


LINE_READERS = ["mahimahi", "rates", "gpx", "plan", "waypoints"]


@pytest.mark.parametrize("name", LINE_READERS)
def test_endless_device_is_refused(name: str) -> None:
    assert "not a regular file" in refusal(READERS[name], Path("/dev/zero"))


@pytest.mark.parametrize("name", LINE_READERS)
def test_immense_file_is_refused(name: str, tmp_path: Path) -> None:
    immense = tmp_path / "immense"
    with immense.open("wb") as file:
        file.truncate(1 << 40)
    assert "larger than" in refusal(READERS[name], immense)


def test_merged_keys_keep_their_places() -> None:
    tree, places = document.read("base: &b {a: 1, c: 3}\nown:\n  <<: *b\n  a: 2\n", "f")
    assert tree["own"] == {"a": 2, "c": 3}
    assert places.of_value(("own", "a")).text == "f:4:6"
    assert places.of_value(("own", "c")).text == "f:1:20"


def test_key_that_is_no_name_is_not_shown() -> None:
    with pytest.raises(ScenarioError, match=r"f:2:1: \(a key of 5 characters\): duplicate key"):
        document.read("a$%&b: 1\na$%&b: 2\n", "f")
