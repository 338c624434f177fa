"""What is wrong with a path's file is one line: the scenario's place, the file and the line or element, what was expected."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnet.errors import InputError
from simnet.tracks import (
    gpx,
    mission_plan,
    sumo,
    waypoint_table,
)

from .conftest import CSV, FCD, GPX, SURVEY, mission, simple

VEH0 = "{sumo: fcd.xml, vehicle: veh0}"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("path: {sumo: gone.xml, vehicle: a}", "4:21: nodes.n0.path.sumo: no file 'gone.xml'; expected a track (sumo)"),
        ("path: {sumo: fcd.xml}", "sumo given without vehicle; expected vehicle: veh0"),
        (
            "path: {gpx: flight.gpx, plan: survey.plan}",
            "gpx and plan given; expected one of sumo, gpx, plan, csv, points",
        ),
        ("path: {}", "no file given; expected one of sumo, gpx, plan, csv, points"),
        ("path: {gpx: flight.gpx, vehicle: a}", "vehicle given with gpx; expected vehicle only with sumo"),
        ("path: {sumo: fcd.xml, vehicel: veh0}", "nodes.n0.path.vehicel: unknown key (did you mean 'vehicle'?)"),
        (
            "path: {sumo: fcd.xml, vehicle: veh2}",
            "fcd.xml: no vehicle 'veh2' (did you mean 'veh1'?); expected one of: veh0, veh1, walker",
        ),
        (
            f"path: {VEH0}, speed: 3 m/s",
            "speed given with a path that has times; expected begin in the path, or nothing",
        ),
        ("path: {gpx: flight.gpx}, speed: 3 m/s", "nodes.n0.speed: flight.gpx has times; expected no speed"),
        ("path: {csv: way.csv, x: east, y: north}", "nodes.n0.path: way.csv has no times; expected speed: 36 km/h"),
        ("path: {csv: way.csv, x: east}", "csv given without its columns; expected x and y, or latitude and longitude"),
        ("path: {csv: way.csv, x: east, latitude: a, longitude: b}", "expected x and y, or latitude and longitude"),
        ("path: {csv: way.csv, x: east, y: north, altitude: up}", "altitude given with other coordinates; expected z"),
        (
            "path: {csv: way.csv, x: east, y: nord}",
            "way.csv:1: no column 'nord'; expected one of: t, east, north, up, yaw",
        ),
        ("path: {gpx: flight.gpx, track: fligt}", "flight.gpx: no track 'fligt'; expected one of: flight"),
        ("path: {gpx: flight.gpx, begin: 3 m}", "nodes.n0.path.begin: '3 m' is not a time"),
        (
            f"path: {VEH0[:-1]}, begin: 3 s}}",
            "4:52: nodes.n0.path.begin: 3 s is after the track's end; expected less than 2.5 s, where fcd.xml ends",
        ),
        ("path: {points: [[0, 0], [1, 1]]}", "points given without times or speed"),
        ("path: {points: [[0, 0], [1, 1]], times: [0 s]}", "1 times for 2 points; expected one for each"),
        ("path: {points: [[0, 0], [1, 1]], times: [1 s, 1 s]}", "1 s comes after 1 s; expected ascending times"),
        ("path: 7", "nodes.n0.path: 7 does not fit; expected a valid list, such as [[0, 0], [110, 0]]"),
        ("path: [[0, 0]], speed: 1 m/s", "nodes.n0.path: 1 given; expected at least 2"),
    ],
)
def test_faults_of_track_keys_are_one_line(refusal: Callable[..., str], node: str, message: str) -> None:
    said = refusal(node)
    assert said.startswith("moving.yaml:4:")
    assert message in said


def test_timed_track_cannot_be_followed(refusal: Callable[..., str]) -> None:
    said = refusal(f"path: {VEH0}", "follows: n0, gap: 8 m")
    assert "nodes.n1.follows: 'n0' goes by the times of its path; expected a node that goes at a speed" in said


SUMO = [
    (("</fcd-export>\n", ""), "fcd.xml:15: no valid XML: no element found"),
    (('time="11.00"', 'time="9.00"'), "fcd.xml:6: time '9.00' is 1 s before '10.00', the latest so far"),
    (
        ('id="veh0" x="20.00"', 'id="veh0" x="east"'),
        "fcd.xml:11: vehicle veh0: x is text of 4 characters; expected a number",
    ),
    ((' x="0.00"', ""), "fcd.xml:4: <vehicle> without x; expected SUMO's FCD output"),
    (("fcd-export", "routes"), "fcd.xml:2: <routes>; expected <fcd-export> with <timestep>"),
    (("<fcd-export", '<!DOCTYPE a [<!ENTITY b "c">]><fcd-export'), "fcd.xml:2: an entity is declared"),
    (("timestep", "comment"), "fcd.xml:3: <comment>; expected <fcd-export> with <timestep>"),
]
TRACKS = [
    (("</trk>", ""), "flight.gpx:13: no GPX"),
    (
        ('lat="52.5"', 'lat="95"'),
        "flight.gpx: flight, point 1: latitude is '95.0'; expected a number from -89.9 to 89.9",
    ),
    (
        ("10:00:10Z", "09:00:10Z"),
        "flight, point 2: time '2024-05-01 09:00:10+00:00' is 3590 s before '2024-05-01 10:00:00+00:00'",
    ),
    (("<time>2024-05-01T10:00:10Z</time>", ""), "flight, point 2: no time where those before have"),
    (("<time>2024-05-01T10:00:00Z</time>", ""), "flight, point 2: a time where those before have none"),
    (("trkpt", "wpt"), "flight.gpx: no point of a track or a route; expected a GPX track"),
    (
        ("</trk>", '</trk><rte><name>b</name><rtept lat="1" lon="2"/></rte>'),
        "2 tracks; expected track: one of flight (1), b (2)",
    ),
]
ROWS = [
    (("1.5,", "-1,"), "way.csv:3: t '-1' is 1 s before '0', the latest so far: a clock that was set back"),
    (("15,20", "15"), "way.csv:4: 4 fields; expected 5 as in the first line"),
    (("15,20", "15,nan"), "way.csv:4: north is 'nan'; expected a number from -1e+07 to 1e+07"),
    (
        ("1.5,", "noon,"),
        "way.csv:3: t is text of 4 characters; expected seconds, or a date and time of ISO 8601; for others name the format",
    ),
    ((",yaw", ",t"), "way.csv:1: two columns 't'; expected one of: t, east, north, up, t, or a number from 1 to 5"),
    ((CSV[CSV.index("\n") :], "\n"), "way.csv:1: no row; expected waypoints below the names of columns"),
]


def _changed(folder: Path, name: str, text: str, change: tuple[str, str]) -> Path:
    assert change[0] in text
    (folder / name).write_text(text.replace(*change), encoding="utf-8")
    return folder / name


def _said(read: Callable[[], Any], folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read()
    assert str(caught.value).isprintable()
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(("change", "message"), SUMO)
def test_faults_of_floating_car_data_are_one_line(files: Path, change: tuple[str, str], message: str) -> None:
    file = _changed(files, "fcd.xml", FCD, change)
    assert _said(lambda: sumo.read(file, ("veh0",), geographic=False), files).startswith(message)


@pytest.mark.parametrize(("change", "message"), TRACKS)
def test_faults_of_gpx_are_one_line(files: Path, change: tuple[str, str], message: str) -> None:
    file = _changed(files, "flight.gpx", GPX, change)
    assert message in _said(lambda: gpx.read(file, None), files)


@pytest.mark.parametrize(("change", "message"), ROWS)
def test_faults_of_csv_are_one_line(files: Path, change: tuple[str, str], message: str) -> None:
    file = _changed(files, "way.csv", CSV, change)
    columns = waypoint_table.Columns("east", "north", False, "up", "t", "yaw")
    assert _said(lambda: waypoint_table.read(file, columns), files).startswith(message)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{", "survey.plan:1: no valid JSON: "),
        ("[]", "survey.plan: no mission; expected a QGroundControl plan (fileType: Plan)"),
        (
            mission(plannedHomePosition=[1, 2]),
            "mission.plannedHomePosition: no list of 3; expected [latitude, longitude, altitude]",
        ),
        (mission(hoverSpeed=0), "survey.plan: mission: hoverSpeed is '0'; expected a number from 0.01"),
        (
            mission(simple(16, 1, 2, 3), simple(83, 1, 2, 3)),
            "mission.items[1]: command 83 is not understood; expected one of",
        ),
        (
            mission(simple(16, 1, 2, 3, frame=10)),
            "mission.items[0]: frame 10 is not understood; expected 3 (altitude above",
        ),
        (mission(simple(16, 1, 2, None)), "mission.items[0]: altitude (params[6]) is 'None'; expected a number"),
        (
            mission({"type": "ComplexItem", "complexItemType": "StructureScan"}),
            "mission.items[0]: item 'StructureScan' is not understood; expected a SimpleItem, a survey",
        ),
        (
            mission({"type": "ComplexItem", "TransectStyleComplexItem": {"Items": [simple(16, 99, 0, 5)]}}),
            "mission.items[0].TransectStyleComplexItem.Items[0]: latitude is '99'; expected",
        ),
        (mission({"type": "SimpleItem", "command": 16}), "mission.items[0]: NAV_WAYPOINT without params"),
        (mission(items=None), "mission.items: no list; expected the items of a mission"),
    ],
)
def test_faults_of_plans_are_one_line(files: Path, written: Any, message: str) -> None:
    file = files / "survey.plan"
    file.write_text(written if isinstance(written, str) else json.dumps(written), encoding="utf-8")
    assert message in _said(lambda: mission_plan.read(file), files)


TEXTS = {"fcd.xml": FCD, "flight.gpx": GPX, "way.csv": CSV, "survey.plan": json.dumps(SURVEY)}
READ: dict[str, Callable[[Path], Any]] = {
    "fcd.xml": lambda file: sumo.read(file, ("veh0", "veh1"), geographic=False),
    "flight.gpx": lambda file: gpx.read(file, None),
    "way.csv": lambda file: waypoint_table.read(file, waypoint_table.Columns("east", "north", False, "up", "t", "yaw")),
    "survey.plan": mission_plan.read,
}


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_refused_or_read_but_never_crash(tmp_path: Path, name: str, data: st.DataObject) -> None:
    text = TEXTS[name].encode()
    at = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 12))
    file = tmp_path / name
    file.write_bytes(text[:at] + data.draw(st.binary(max_size=4)) + text[at + length :])
    try:
        READ[name](file)
    except InputError as error:
        assert str(error).isprintable()  # noqa: PT017 - it need not be refused
