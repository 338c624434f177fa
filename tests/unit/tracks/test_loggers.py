"""What loggers write that is not quite a track: no heights, no fix, repeated and reset clocks, jumps, other forms."""

import gzip
import json
from pathlib import Path

import pytest

from simnet.errors import InputError
from simnet.records import SECOND_NS
from simnet.tracks import Track, gpx, mission_plan, sumo, waypoint_table
from simnet.tracks.waypoint_table import Columns


def points(*fields: tuple[float, float, float | None, str]) -> str:
    rows = [
        f'<trkpt lat="{lat}" lon="{lon}">{"" if ele is None else f"<ele>{ele}</ele>"}<time>{time}</time></trkpt>'
        for lat, lon, ele, time in fields
    ]
    return f"<trkseg>{''.join(rows)}</trkseg>"


def gpx_file(folder: Path, *tracks: str, head: str = "", encoding: str = "utf-8") -> Path:
    text = f'{head}<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">{"".join(tracks)}</gpx>'
    (folder / "a.gpx").write_bytes(text.encode(encoding))
    return folder / "a.gpx"


def at(second: int) -> str:
    return f"2024-05-01T10:00:{second:02d}Z"


def csv_track(folder: Path, text: str | bytes, columns: Columns) -> Track:
    file = folder / "a.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return waypoint_table.read(file, columns)


def heights(found: Track) -> list[float | None]:
    return [place[2] for place in found.places]


def test_points_without_a_height_take_that_of_their_neighbours_in_time(tmp_path: Path) -> None:
    rows = ((47, 8, 430, at(0)), (47, 8.0001, None, at(1)), (47, 8.0002, None, at(3)), (47, 8.0003, 470, at(4)))
    assert heights(gpx.read(gpx_file(tmp_path, f"<trk>{points(*rows)}</trk>"), None)) == [430, 440, 460, 470]
    ends = ((47, 8, None, at(0)), (47, 8.0001, 430, at(1)), (47, 8.0002, None, at(2)))
    assert heights(gpx.read(gpx_file(tmp_path, f"<trk>{points(*ends)}</trk>"), None)) == [430, 430, 430]
    table = csv_track(tmp_path, "t,x,y,z\n0,0,0,1\n1,1,0,\n2,2,0,3\n", Columns("x", "y", False, "z", "t"))
    assert heights(table) == [1, 2, 3]


def test_places_before_the_first_fix_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ((0, 0, 0, at(0)), (0, 0, 0, at(1)), (47, 8, 400, at(2)), (47, 8.0001, 400, at(3)))
    found = gpx.read(gpx_file(tmp_path, f"<trk>{points(*rows)}</trk>"), None)
    assert [place[:2] for place in found.places] == [(47, 8), (47, 8.0001)]
    assert "2 points at (0, 0)" in caplog.text
    island = ((0, 0, 0, at(0)), (0, 0.0001, 0, at(1)))
    assert len(gpx.read(gpx_file(tmp_path, f"<trk>{points(*island)}</trk>"), None).places) == 2


def test_a_jump_that_no_vehicle_makes_is_refused(tmp_path: Path) -> None:
    rows = ((47, 8, 400, at(0)), (48, 8, 400, at(1)), (47, 8.0001, 400, at(2)))
    with pytest.raises(InputError, match=r"point 2: 111 km from the point before .* in 1 s; expected at most 1000 m/s"):
        gpx.read(gpx_file(tmp_path, f"<trk>{points(*rows)}</trk>"), None)


def test_points_of_one_time_become_their_mean(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ((47, 8, 400, at(0)), (47, 8.0002, 402, at(1)), (47, 8.0004, 404, at(1)), (47, 8.0006, 400, at(2)))
    found = gpx.read(gpx_file(tmp_path, f"<trk>{points(*rows)}</trk>"), None)
    assert [round((t_ns - found.clock_ns) / SECOND_NS) for t_ns in found.times_ns] == [0, 1, 2]
    assert found.places[1] == pytest.approx((47, 8.0003, 403))
    assert "1 point with the time of another" in caplog.text
    table = csv_track(tmp_path, "t,x,y,h\n0,0,0,350\n0,2,0,10\n1,3,0,0\n", Columns("x", "y", False, None, "t", "h"))
    assert table.places == ((1, 0, None), (3, 0, None))
    assert table.headings_deg == pytest.approx((360, 360))


def test_sumo_with_two_digits_repeats_times(tmp_path: Path) -> None:
    steps = "".join(
        f'<timestep time="{time}"><vehicle id="v" x="{x}" y="0" angle="90"/></timestep>'
        for time, x in (("0.00", 0), ("0.01", 1), ("0.01", 2), ("0.02", 3))
    )
    (tmp_path / "f.xml.gz").write_bytes(gzip.compress(f"<fcd-export>{steps}</fcd-export>".encode()))
    found = sumo.read(tmp_path / "f.xml.gz", ["v"], geographic=False)["v"]
    assert [place[0] for place in found.places] == [0, 1.5, 3]


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"a\.csv:4: t '3' is 2 s before '5', the latest so far: a clock that was set back"
    ):
        csv_track(tmp_path, "t,x,y\n1,0,0\n5,1,0\n3,2,0\n", Columns("x", "y", False, None, "t"))


@pytest.mark.parametrize(
    ("first", "second", "form"),
    [
        ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:01Z", None),
        ("2020.02.13_10.00.01", "2020.02.13_10.00.02", None),
        ("13/02/2020 10:00:01", "13/02/2020 10:00:02", "%d/%m/%Y %H:%M:%S"),
        ("1581588001000", "1581588002000", "unix_ms"),
        ("1581588001.25", "1581588002.25", None),
        ("10:00:01", "10:00:02", "%H:%M:%S"),
    ],
)
def test_times_are_read_in_every_form(tmp_path: Path, first: str, second: str, form: str | None) -> None:
    text = f"t,x,y\n{first},0,0\n{second},1,0\n"
    found = csv_track(tmp_path, text, Columns("x", "y", False, None, "t", time_format=form))
    assert found.times_ns[1] - found.times_ns[0] == SECOND_NS


def test_milliseconds_taken_for_seconds_are_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="for milliseconds or smaller name the format: unix_ms or unix_us"):
        csv_track(tmp_path, "t,x,y\n1581588001000,0,0\n", Columns("x", "y", False, None, "t"))


@pytest.mark.parametrize("text", ["0,5,1\n1,6,1\n", "0;5;1\n1;6;1\n", "time\teast\tnorth\n0\t5\t1\n1\t6\t1\n"])
def test_columns_go_by_number_with_a_header_or_without(tmp_path: Path, text: str) -> None:
    found = csv_track(tmp_path, text, Columns("2", "3", False, None, "1"))
    assert found.places == ((5, 1, None), (6, 1, None))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_tables_are_read_in_the_encoding_that_they_have(tmp_path: Path, encoding: str) -> None:
    found = csv_track(tmp_path, "höhe,x,y\n7,5,1\n".encode(encoding), Columns("x", "y", False, "höhe"))
    assert found.places == ((5, 1, 7),)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_gpx_is_read_in_the_encoding_that_it_declares(tmp_path: Path, encoding: str) -> None:
    way = f"<trk><name>Höhenweg</name>{points((47, 8, 400, at(0)))}</trk>"
    file = gpx_file(tmp_path, way, head=f'<?xml version="1.0" encoding="{encoding}"?>', encoding=encoding)
    assert gpx.read(file, "Höhenweg").places == ((47, 8, 400),)


def test_tracks_of_one_name_are_chosen_by_number(tmp_path: Path) -> None:
    tracks = [f"<trk><name>LOG</name>{points((47, lon, 400, at(0)))}</trk>" for lon in (8, 9)]
    file = gpx_file(tmp_path, *tracks)
    assert gpx.read(file, "2").places[0][1] == 9
    for name in ("LOG", "3", "0", None):
        with pytest.raises(InputError, match=r"LOG \(1\), LOG \(2\)"):
            gpx.read(file, name)


def plan(folder: Path, *items: dict[str, object]) -> Track:
    mission = {
        "plannedHomePosition": [47, 8, 400],
        "hoverSpeed": 5,
        "cruiseSpeed": 15,
        "vehicleType": 2,
        "items": items,
    }
    (folder / "a.plan").write_text(json.dumps({"fileType": "Plan", "mission": mission}))
    return mission_plan.read(folder / "a.plan")


def item(command: int, *params: float, frame: int = 3) -> dict[str, object]:
    full = [*params, *[0] * (7 - len(params))]
    return {"type": "SimpleItem", "command": command, "frame": frame, "params": full}


def test_commands_that_move_nothing_are_passed_over(tmp_path: Path) -> None:
    goal = item(16, 0, 0, 0, 0, 47.001, 8, 20)
    for command in (80, 115, 183, 189, 195, 196, 197, 201, 206, 530, 2000, 31010, 42600):
        assert plan(tmp_path, item(command, 1, 2, 3), goal).places == plan(tmp_path, goal).places
    for command in (83, 112, 177, 192):
        with pytest.raises(InputError, match=f"command {command} is not understood"):
            plan(tmp_path, item(command), goal)


def test_vtol_take_off_and_landing_patterns_are_flown(tmp_path: Path) -> None:
    landing = {
        "type": "ComplexItem",
        "complexItemType": "vtolLandingPattern",
        "landingApproachCoordinate": [47.002, 8, 30],
        "landCoordinate": [47.003, 8, 0],
        "altitudesAreRelative": True,
    }
    found = plan(tmp_path, item(84, 0, 0, 0, 0, 47, 8, 50), landing)
    assert found.places[1] == (47, 8, 450)
    assert found.places[-3:] == ((47.002, 8, 430), (47.003, 8, 430), (47.003, 8, 400))
