"""Recorded bandwidths in a scenario: found, read, digested, written out, and refused with their place."""

from __future__ import annotations

import hashlib

import pytest

from simnet import scenario, shipped

UP = "bandwidth: 400 kbit/s"
CSV = "trace: drive.csv, column: rate, unit: kbit/s"


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "drive.csv").write_text("s,rate\n0,100\n2,300\n", encoding="utf-8")
    (tmp_path / "cell.up").write_text("1\n2\n3\n", encoding="utf-8")


def link(loaded, name: str = "up"):
    return next(each for each in loaded.links if each.name == name)


def test_trace_beside_the_scenario_is_digested(write, tmp_path):
    loaded = scenario.load(write((UP, f"bandwidth: {{{CSV}, time: s, start: 5 s}}")))
    trace = link(loaded).trace
    assert trace.path == str(tmp_path / "drive.csv")
    assert trace.digest == hashlib.sha256((tmp_path / "drive.csv").read_bytes()).hexdigest()
    assert (trace.kind, trace.unit, trace.time_column, trace.start_ns) == ("csv", "kbit/s", "s", 5 * 10**9)
    assert link(loaded).bandwidth_bps == 200e3  # 2 s of 100 and 2 s of 300
    assert link(loaded, "up.return").trace == trace
    assert link(loaded, "up_van").trace is None


@pytest.mark.parametrize(
    "bandwidth", [f"{{{CSV}}}", f"{{{CSV}, time: s}}", "{trace: cell.up}", f"{{{CSV}, period: 2 s, start: 1 s}}"]
)
def test_printed_traces_load_back_equally(write, tmp_path, bandwidth):
    loaded = scenario.load(write((UP, f"bandwidth: {bandwidth}, return: {{bandwidth: 1 Mbit/s}}")))
    (tmp_path / "printed.yaml").write_text(scenario.dump(loaded), encoding="utf-8")
    assert scenario.load(str(tmp_path / "printed.yaml")).links == loaded.links


def test_override_resolves_a_trace_from_current_folder(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = scenario.load(write(), ["links.*.bandwidth={trace: cell.up}", "links.up.bandwidth.start=1 s"])
    assert {each.trace.kind for each in loaded.links} == {"mahimahi"}
    assert [link(loaded, name).trace.start_ns for name in ("up", "up_van")] == [10**9, 0]


@pytest.mark.parametrize(
    ("bandwidth", "message"),
    [
        ("{trace: gone}", "links.up.bandwidth.trace: no file 'gone'"),
        ("{column: rate}", "links.up.bandwidth.trace: required key is missing"),
        ("{trace: cell.up, colour: a}", "links.up.bandwidth.colour: unknown key"),
        ("{trace: cell.up, unit: kbit/s}", "unit given with a mahimahi trace"),
        ("{trace: drive.csv, column: rate}", "a csv trace without unit; expected unit: kbit/s"),
        ("{trace: drive.csv, column: rate, unit: furlong}", "links.up.bandwidth.unit: 'furlong' is unknown"),
        (f"{{{CSV}, time: s, period: 1 s}}", "both time and period given"),
        (f"{{{CSV}, start: 3 m}}", "links.up.bandwidth.start: '3 m' is not a time"),
        ("{trace: drive.csv, format: mahimahi}", "drive.csv:1: text of 6 characters is no opportunity"),
        ("{trace: drive.csv, column: speed, unit: kbit/s}", "drive.csv:1: no column 'speed'; expected one of: s, rate"),
        (f"{{trace: cell.up, digest: {'f' * 64}}}", f"expected {'f' * 64}"),
        ("{100 m: fast}", "links.up.bandwidth.100 m: 'fast' is no number with a unit"),
    ],
)
def test_trace_faults_name_their_place(refusal, bandwidth, message):
    said = refusal((UP, f"bandwidth: {bandwidth}"))
    assert said.startswith("small.yaml:9:")
    assert message in said


def test_shipped_traces_can_be_links(write):
    about = {
        "halved.csv": (1.2e6, 1.5e6, "column: rate", "unit: kbit/s", "period: 3 s"),
        "hills.csv": (3e5, 1e6, "column: uplink", "unit: kbit/s", "time: second"),
        "hills.up": (3e5, 1e6),
        "satellite.csv": (1e7, 1.4e7, "column: uplink", "unit: kbit/s", "time: second"),
        "urban_5g.csv": (4e6, 5e6, "column: uplink", "unit: kbit/s", "time: second"),
    }
    found = sorted(shipped.folder("scenarios").glob("traces/*"))
    assert [file.name for file in found] == ["README.md", *about]
    assert all(f"`{name}`" in found[0].read_text() for name in about)
    for file in found[1:]:
        slowest, fastest, *columns = about[file.name]
        keys = ", ".join((f"trace: {file}", *columns))
        trace = link(scenario.load(write((UP, f"bandwidth: {{{keys}}}"))))
        assert slowest < trace.bandwidth_bps < fastest
