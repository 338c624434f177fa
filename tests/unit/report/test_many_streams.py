"""A run of many streams has a page and a table that a person can read, with figures of all of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from simnet import console, report
from simnet.many_streams import MOST_STREAMS, choose
from simnet.records import Scenario
from simnet.records.plain_data import to_plain
from support import run_folders as made
from support.pages import Page

COUNT = 90


def _many() -> Scenario:
    """A scenario with `COUNT` followers, each with a link of its own."""
    few = made.platoon(0.5)
    node = next(node for node in few.nodes if node.name == "follower_1")
    link, stream = few.links[0], few.streams[0]
    names = [f"car_{number}" for number in range(COUNT)]
    return replace(
        few,
        nodes=(
            *few.nodes,
            *(replace(node, name=name, cameras=(replace(node.cameras[0], name=f"{name}/front"),)) for name in names),
        ),
        links=(*few.links, *(replace(link, name=f"up_{name}", source=name) for name in names)),
        streams=tuple(replace(stream, name=f"{name}/front", side_information=()) for name in names),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenario = _many()
    one = [row for row in made.rows_of(made.platoon(0.5)) if row.stream == "leader/front"]
    rows = [
        replace(row, stream=stream.name, side_sources=(), side_age_ns=None, link_bytes=1000 + number)
        for number, stream in enumerate(scenario.streams)
        for row in one
    ]
    rows.sort(key=lambda row: row.capture_ns)
    return made.write_run(tmp_path_factory.mktemp("many"), scenario, rows, made.bins_of(scenario), keep=False)


def test_page_sums_up_all_streams_and_shows_a_few(folder: Path) -> None:
    page = Page(report.write(folder))
    assert page.row(f"All {COUNT} streams", "kbit/s")
    assert len(page.tables["Rate and quality"]) - 1 == 20
    assert f"Of {COUNT} streams the page shows 20 one by one" in page.text
    assert "run.json" in page.text
    assert len(page.tables["Nodes and cameras"]) - 1 < 30
    assert page.plots["map"]["data"][0]["mode"] == "markers"


def test_terminal_shows_a_few_streams_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from simnet.runfolder.run_manifest import read_manifest

    console.show_summary(to_plain(read_manifest(folder).summary))
    said = capsys.readouterr().out
    assert said.count("car_") == 20
    assert f"20 of {COUNT} streams" in said


def test_choice_has_worst_middle_and_best() -> None:
    fared = {f"s{number:03}": (number / 100,) for number in range(100)}
    chosen = choose(fared)
    assert chosen[:12] == tuple(f"s{number:03}" for number in range(12))
    assert chosen[12:16] == ("s048", "s049", "s050", "s051")
    assert chosen[16:] == ("s096", "s097", "s098", "s099")
    assert choose(dict(list(fared.items())[:MOST_STREAMS])) == tuple(list(fared)[:MOST_STREAMS])
