"""Which points a user asks for, and what is refused before anything runs."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from simnet.commands.sweep import split
from simnet.errors import SimnetError
from simnet.sweeps import grid
from simnet.sweeps.cell_identity import CellNames
from simnet.sweeps.grid import Grid

BANDWIDTHS = {"links.*.bandwidth": ["100 kbit/s", "1 Mbit/s"]}


def test_every_combination_is_one_point(scenario: Path):
    points = grid.points(Grid(str(scenario), BANDWIDTHS, ["jpeg", "webp"], [1, 2, 3]))
    assert len({point.point for point in points}) == len(points) == 2 * 2 * 3
    assert {(point.codec, point.scenario.seed) for point in points} == {
        (c, s) for c in ("jpeg", "webp") for s in (1, 2, 3)
    }
    for point in points:
        assert {link.bandwidth_bps for link in point.scenario.links if link.source != "mast"} == (
            {1e5} if point.settings == (("links.*.bandwidth", "100 kbit/s"),) else {1e6}
        )
        assert {stream.codec for stream in point.scenario.streams} == {point.codec}


def test_codec_without_side_information_waits_for_none(scenario: Path):
    alone, fused, own = (
        grid.points(Grid(str(scenario), {}, [codec]))[0].scenario for codec in ("jpeg", "jpeg+fuse", "atn")
    )
    assert [stream.side_information for stream in alone.streams] == [(), ()]
    assert fused.streams[1].side_information == own.streams[1].side_information == ("car/a", "mast/s", "previous")


def test_overridden_seed_is_a_seed(scenario: Path):
    one, two = grid.points(Grid(str(scenario), {"seed": ["5", "6"]}, ["jpeg"]))
    assert (one.scenario.seed, two.scenario.seed) == (5, 6)
    assert one.settings == two.settings == ()
    assert [one, two] == grid.points(Grid(str(scenario), {}, ["jpeg"], [5, 6]))


def test_point_is_repeatable_by_its_overrides(scenario: Path):
    from simnet import scenario as scenarios

    for point in grid.points(Grid(str(scenario), BANDWIDTHS, ["jpeg", "avif+fuse", "atn=atn-free"], [5])):
        assert scenarios.load(str(scenario), list(point.overrides)) == point.scenario


def test_neighbouring_points_share_no_encoding(scenario: Path):
    points = grid.points(Grid(str(scenario), BANDWIDTHS, ["jpeg", "webp"], [1, 2]))
    for one, other in itertools.pairwise(points):
        assert (one.codec, one.scenario.seed) != (other.codec, other.scenario.seed)


@pytest.mark.parametrize(
    ("settings", "codecs", "seeds", "told"),
    [
        ({"links.*.bandwith": ["1 Mbit/s"]}, [], [], "unknown key 'bandwith'"),
        ({"links.uplink*.bandwidth": ["1 Mbit/s"]}, [], [], "unknown key 'uplink*'"),
        ({"links.*.bandwidth": ["1 Mbit/s", "fast"]}, [], [], "'fast' is no number with a unit"),
        ({"links.*.bandwidth": []}, [], [], "no value"),
        ({"links.*.bandwidth": ["1 Mbit/s", "1 Mbit/s"]}, [], [], "a value is there twice"),
        ({"links.*.bandwidth": ["1 Mbit/s", "1000 kbit/s"]}, [], [], "1 Mbit/s and 1000 kbit/s come to the same"),
        ({"streams.*.codec": ["jpeg", "webp"]}, ["jpeg"], [], "jpeg and webp come to the same scenario"),
        ({}, ["atn=lowres"], [], "model lowres is for codec lowres; expected one for atn: atn, atn-free"),
        ({"links.*.bandwidth": [""]}, [], [], "no value"),
        ({"seed": ["one"]}, [], [], "--set seed=one"),
        ({}, ["recorded"], [], "which rows?"),
        ({}, [], [-1], "seed -1"),
        ({"seed": ["1", "2"]}, [], [1], "--set seed and --seeds"),
        ({}, ["jpg"], [], "jpg: unknown codec"),
        ({}, ["atn+fuse"], [], "uses side information by itself"),
        ({"seed": [str(n) for n in range(1000)]}, ["jpeg"] * 200, [], "a grid of 200000 points"),
    ],
)
def test_impossible_grid_is_refused(scenario: Path, settings, codecs, seeds, told: str):
    def name() -> list[str]:
        return [CellNames().name(point.scenario) for point in grid.points(Grid(str(scenario), settings, codecs, seeds))]

    with pytest.raises(SimnetError, match=re.escape(told)):
        name()


def test_commas_separate_values_outside_brackets_and_quotes():
    assert split("1 Mbit/s,2 Mbit/s") == ["1 Mbit/s", "2 Mbit/s"]
    assert split("{quality: 0.5, target: null},adaptive") == ["{quality: 0.5, target: null}", "adaptive"]
    assert split("[a, b],'c,d'") == ["[a, b]", "'c,d'"]


def name(file: Path, **changes: list[str]) -> str:
    return CellNames().name(grid.points(Grid(str(file), changes))[0].scenario)


def test_cell_name_depends_on_row_inputs_only(scenario: Path, tmp_path: Path):
    copied = tmp_path / "renamed.yaml"
    copied.write_text("# Another purpose.\n" + scenario.read_text() + "node_timeout: 5 s\n")
    assert name(copied) == name(scenario)
    assert len({name(scenario), name(scenario, seed=["4"]), name(scenario, duration=["0.5 s"])}) == 3


@pytest.fixture
def moved(scenario: Path, tmp_path: Path) -> Path:
    """The same scenario and the same pictures, copied to another place a day later."""
    shutil.copytree(scenario.parent / "pictures", tmp_path / "pictures")
    for file in (tmp_path / "pictures").rglob("*.png"):
        os.utime(file, (time.time() + 86_400,) * 2)
    copied = tmp_path / scenario.name
    copied.write_text(scenario.read_text().replace(str(scenario.parent), str(tmp_path)))
    return copied


def test_copied_data_set_names_the_same_cells(scenario: Path, moved: Path):
    assert name(moved) == name(scenario)


@pytest.mark.parametrize("change", ["other pixels", "swapped", "renamed", "removed"])
def test_changed_data_set_names_other_cells(scenario: Path, moved: Path, change: str):
    first, second, *_ = sorted((moved.parent / "pictures" / "a").glob("*.png"))
    if change == "other pixels":
        first.write_bytes(second.read_bytes())
    elif change == "swapped":
        one, other = first.read_bytes(), second.read_bytes()
        first.write_bytes(other)
        second.write_bytes(one)
    elif change == "renamed":
        second.rename(second.with_name("000b.png"))
    else:
        second.unlink()
    assert name(moved) != name(scenario)


def test_pictures_after_the_end_do_not_count(scenario: Path, moved: Path):
    last = max((moved.parent / "pictures" / "a").glob("*.png"))
    shutil.copy(last, last.with_name("999.png"))
    assert name(moved, duration=["0.5 s"]) == name(scenario, duration=["0.5 s"])


def test_each_file_is_read_once_per_process(moved: Path, monkeypatch: pytest.MonkeyPatch):
    opened: list[Path] = []
    plainly = Path.open

    def counting(self: Path, *arguments, **options):
        opened.append(self)
        return plainly(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", counting)
    for seed in ("1", "2", "3"):
        name(moved, seed=[seed])
    pictures = [file for file in opened if file.suffix == ".png"]
    assert len(pictures) == len(set(pictures)) == 3 * 10
