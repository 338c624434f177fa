"""A run's folder comes back as it was written; a damaged or foreign one is refused in one line."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from simnet.errors import InputError, OutputError
from simnet.runfolder import run_manifest, run_reader
from simnet.runfolder.folder_names import LINKS, MANIFEST, ROWS
from support import run_folders as made

SCENARIO = made.platoon(2.0)
RUN_ROWS, RUN_BINS = made.rows_of(SCENARIO), made.bins_of(SCENARIO)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_run(tmp_path_factory.mktemp("run"), SCENARIO, RUN_ROWS, RUN_BINS, keep=False)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "run")


def test_folder_comes_back_as_written(whole: Path) -> None:
    found = run_reader.read(whole)
    assert found.rows == tuple(RUN_ROWS)
    assert found.bins == tuple(RUN_BINS)
    assert found.manifest == made.manifest(SCENARIO, RUN_ROWS)


def test_empty_tables_come_back_empty(tmp_path: Path) -> None:
    found = run_reader.read(made.write_run(tmp_path, SCENARIO, [], [], keep=False))
    assert (found.rows, found.bins) == ((), ())


def _change(key: str, value: object) -> Callable[[dict[str, object]], object]:
    return lambda data: data.update({key: value})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_change("format", 2), "not of format 1"),
        (lambda data: data.pop("format"), "not of format 1"),
        (_change("colour", 1), "the field colour is unknown"),
        (lambda data: data.pop("cpu"), "the field cpu is missing"),
        (_change("timings", {"run": "long"}), "RunManifest.timings.run: a str; expected float"),
        (lambda data: data["scenario"].pop("seed"), "RunManifest.scenario: the field seed is missing"),
        (lambda data: data["summary"].update(virtual_s=1e300), r"summary\.virtual_s: 1e\+300"),
        (lambda data: data["scenario"]["fusion"].update(node="moon"), "names a node 'moon' that it has not"),
        (lambda data: data["scenario"]["streams"][0].update(name="moon/a"), "names a camera 'moon/a' that it has not"),
        (lambda data: data["scenario"]["nodes"].append(data["scenario"]["nodes"][0]), "nodes: two of one name"),
    ],
)
def test_damaged_manifest_is_refused_by_field(
    folder: Path, damage: Callable[[dict[str, object]], object], said: str
) -> None:
    data = json.loads((folder / MANIFEST).read_text())
    damage(data)
    (folder / MANIFEST).write_text(json.dumps(data))
    with pytest.raises(InputError, match=said) as caught:
        run_reader.read(folder)
    assert "\n" not in str(caught.value)
    assert str(folder / MANIFEST) in str(caught.value)


@pytest.mark.parametrize("name", [ROWS, LINKS])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.drop_columns([table.column_names[1]]), "is missing"),
        (
            lambda table: table.append_column("colour", pa.nulls(len(table), pa.string())),
            "the column colour is unknown",
        ),
        (
            lambda table: table.set_column(0, table.column_names[0], pa.array(range(len(table)))),
            "holds int64; expected string",
        ),
        (lambda table: table.set_column(0, table.column_names[0], pa.nulls(len(table), pa.string())), "has gaps"),
    ],
)
def test_foreign_table_is_refused_by_column(
    folder: Path, name: str, change: Callable[[pa.Table], pa.Table], said: str
) -> None:
    parquet.write_table(change(parquet.read_table(folder / name)), folder / name)
    with pytest.raises(InputError, match=said) as caught:
        run_reader.read(folder)
    assert str(folder / name) in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("sequence", -1, "a number or a size"),
        ("size_bytes", 2**60, "a number or a size"),
        ("capture_ns", -(2**62), "a time"),
        ("decode_ns", 2**62, "a time"),
        ("psnr_db", 1e308, "a rate or a quality"),
    ],
)
def test_row_that_no_run_holds_is_named(folder: Path, column: str, value: float, said: str) -> None:
    table = parquet.read_table(folder / ROWS)
    place = table.column_names.index(column)
    values = [value, *table.column(place).to_pylist()[1:]]
    changed = table.set_column(place, table.schema.field(place), pa.array(values, table.schema.field(place).type))
    parquet.write_table(changed, folder / ROWS)
    with pytest.raises(InputError, match=rf"{ROWS}: row \d+ in order of time: {said} that is out of range; expected"):
        run_reader.read(folder)


def test_unknown_outcome_is_refused(folder: Path) -> None:
    table = parquet.read_table(folder / ROWS)
    place = table.column_names.index("outcome")
    parquet.write_table(table.set_column(place, "outcome", pa.array(["eaten"] * len(table))), folder / ROWS)
    with pytest.raises(InputError, match="'eaten' is not a valid Outcome"):
        run_reader.read(folder)


def test_killed_writer_leaves_old_manifest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_manifest.read_manifest(folder)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OutputError, match="No space left"):
        run_manifest.write_manifest(folder, dataclasses.replace(before, cpu="another"))
    assert run_manifest.read_manifest(folder) == before
    assert sorted(file.name for file in folder.iterdir()) == sorted([MANIFEST, ROWS, LINKS])
