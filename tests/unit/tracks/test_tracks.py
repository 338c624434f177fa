"""Paths from files: where nodes are and look, on one clock and around one origin, whatever the format."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from simnet import scenario, tracks
from simnet.records import SECOND_NS, Scenario, Trajectory
from simnet.report import site_plan as report_plan
from simnet.tracks import poses
from simnet.wire.protocol.serialization import pack_records, unpack_records

Load = Callable[..., Scenario]


def _at(way: Trajectory, seconds: float) -> tuple[float, ...]:
    t_ns = round(seconds * SECOND_NS)
    return (*poses.position(way, t_ns), poses.heading_deg(way, t_ns) % 360)


def _ways(loaded: Scenario) -> list[Trajectory]:
    return [node.trajectory for node in loaded.nodes[:-1]]


def test_sumo_gives_metres_angles_and_one_clock(load: Load) -> None:
    car, other = _ways(
        load(
            "path: {sumo: fcd.xml, vehicle: veh0}", "path: {sumo: fcd.xml, vehicle: veh1}", head="origin: [52.5, 13.4]"
        )
    )
    assert _at(car, 0) == pytest.approx((0, -1.6, 0, 0))
    assert _at(car, 0.5) == pytest.approx((5, -1.6, 0, 0))
    assert _at(car, 1.75) == pytest.approx((15, 0.9, 0, 50))
    assert _at(car, 2.5) == _at(car, 50) == pytest.approx((20, 3.4, 0, 100))
    # It comes into the simulation a second after the file begins, and turns the short way, through north.
    assert _at(other, 0) == _at(other, 1) == pytest.approx((50, 2, 1.5, 100))
    assert _at(other, 1.75) == pytest.approx((49, 7, 2, 90))


def test_person_track_and_late_start_work(load: Load) -> None:
    (walker,) = _ways(load("path: {sumo: fcd.xml, vehicle: walker}"))
    assert (walker.waypoints_m, walker.times_ns) == (((3.0, 4.0, 0.0),), ())
    (car,) = _ways(load("path: {sumo: fcd.xml, vehicle: veh0, begin: 1 s}"))
    assert _at(car, 0) == pytest.approx((10, -1.6, 0, 0))


def test_sumo_longitudes_become_metres(load: Load, files: Path) -> None:
    text = (
        '<fcd-export><timestep time="0"><vehicle id="a" x="13.4" y="52.5" angle="0"/></timestep>'
        '<timestep time="2"><vehicle id="a" x="13.4" y="52.5009" angle="0"/></timestep></fcd-export>'
    )
    (files / "geo.xml").write_text(text)
    loaded = load("path: {sumo: geo.xml, vehicle: a, geo: true}")
    assert loaded.origin == (52.5, 13.4, 0.0)
    assert _at(_ways(loaded)[0], 1) == pytest.approx((0, 50.07, 0, 90), abs=0.01)


def test_gpx_gives_times_altitudes_and_headings_from_motion(load: Load) -> None:
    loaded = load("path: {gpx: flight.gpx}")
    (drone,) = _ways(loaded)
    assert loaded.origin == (52.5, 13.4, 40.0)
    assert _at(drone, 5) == pytest.approx((0, 50.07, 10, 90), abs=0.01)
    assert _at(drone, 15.25) == pytest.approx((50.92, 100.14, 20, 0), abs=0.1)
    assert drone.source.startswith("flight.gpx sha256:")


def test_gpx_without_times_uses_a_speed(load: Load, files: Path) -> None:
    points = '<rtept lat="0" lon="0"/><rtept lat="0" lon="0"/><rtept lat="0" lon="0.001"/>'
    (files / "route.gpx").write_text(f'<gpx version="1.1"><rte><name>r</name>{points}</rte></gpx>')
    (way,) = _ways(load("path: {gpx: route.gpx}, speed: 36 km/h, start: 1 m"))
    assert (len(way.waypoints_m), way.times_ns) == (2, ())
    assert _at(way, 3) == pytest.approx((31, 0, 0, 0))


def test_csv_metres_and_headings_are_read(load: Load) -> None:
    (way,) = _ways(load("path: {csv: way.csv, x: east, y: north, z: up, time: t, heading: yaw}"))
    assert _at(way, 0.75) == pytest.approx((7.5, 0, 2, 0), abs=1e-9)
    assert _at(way, 2.75) == pytest.approx((15, 10, 3, 50))
    (way,) = _ways(load("path: {csv: way.csv, x: east, y: north}, speed: 5 m/s"))
    assert _at(way, 4) == pytest.approx((15, 5, 0, 90))


def test_csv_latitudes_and_dates_are_read(load: Load, files: Path) -> None:
    rows = "when,lat,lon,alt\n2024-05-01T10:00:00,52.5,13.4,40\n2024-05-01 12:00:10+02:00,52.5009,13.4,50\n"
    (files / "geo.csv").write_text(rows)
    (way,) = _ways(load("path: {csv: geo.csv, latitude: lat, longitude: lon, altitude: alt, time: when}"))
    assert _at(way, 5) == pytest.approx((0, 50.07, 5, 90), abs=0.01)


def test_plan_is_flown_at_its_speeds(load: Load) -> None:
    loaded = load("path: {plan: survey.plan}")
    (drone,) = _ways(loaded)
    assert loaded.origin == (52.5, 13.4, 34.0)
    # Up 20 m at 5 m/s, looking where it will fly; 100.1 m north; 101.8 m east; then 10 m/s home and down.
    assert _at(drone, 2) == pytest.approx((0, 0, 10, 90), abs=0.01)
    assert _at(drone, 14) == pytest.approx((0, 50, 20, 90), abs=0.01)
    assert _at(drone, 4 + 20.03 + 10) == pytest.approx((50, 100.14, 20, 0), abs=0.1)
    assert drone.times_ns[-1] / SECOND_NS == pytest.approx(4 + 20.03 + 20.37 + 14.28 + 2, abs=0.02)
    assert drone.waypoints_m[-1] == (0.0, 0.0, 0.0)
    (slow,) = _ways(load("path: {plan: survey.plan}, speed: 2 m/s"))
    assert _at(slow, 5) == pytest.approx((0, 0, 10, 90), abs=0.01)


def test_nodes_share_one_origin(load: Load) -> None:
    plan, flight = _ways(load("path: {plan: survey.plan}", "path: {gpx: flight.gpx}"))
    assert _at(flight, 0)[:3] == pytest.approx((0, 0, 6))
    assert _at(flight, 10)[1] == pytest.approx(max(y for _, y, _ in plan.waypoints_m), abs=0.01)
    moved = load("path: {plan: survey.plan}", "path: {gpx: flight.gpx}", head="origin: [52.49, 13.4, 0]")
    assert _at(_ways(moved)[1], 0)[:3] == pytest.approx((0, 1112.77, 40), abs=0.1)


def test_recordings_of_one_format_share_their_clock(load: Load, files: Path) -> None:
    later = (files / "flight.gpx").read_text().replace("T10:00", "T10:01").replace("T12:00", "T12:01")
    (files / "later.gpx").write_text(later)
    _, second = _ways(load("path: {gpx: flight.gpx}", "path: {gpx: later.gpx, begin: 20 s}"))
    assert second.times_ns[0] == 40 * SECOND_NS


@pytest.mark.parametrize(
    "path",
    [
        "{sumo: fcd.xml, vehicle: veh1}",
        "{gpx: flight.gpx}",
        "{plan: survey.plan}",
        "{csv: way.csv, x: east, y: north, time: t}",
        "{points: [[0, 0], [3, 4, 5]], times: [-1 s, 2.5 s], headings: [10, 370]}",
    ],
)
def test_printed_track_loads_without_its_file(load: Load, files: Path, path: str) -> None:
    loaded = load(f"path: {path}")
    printed = files / "elsewhere" / "moving.yaml"
    printed.parent.mkdir()
    printed.write_text(scenario.dump(loaded), encoding="utf-8")
    again = scenario.load(str(printed))
    assert (again.nodes, again.origin) == (loaded.nodes, loaded.origin)
    # What a host gets needs no file either.
    assert unpack_records(Scenario, pack_records(loaded)) == loaded


def test_changed_track_changes_the_scenario(load: Load, files: Path) -> None:
    before = load("path: {csv: way.csv, x: east, y: north, time: t}")
    (files / "way.csv").write_text((files / "way.csv").read_text() + "\n")
    assert load("path: {csv: way.csv, x: east, y: north, time: t}").nodes != before.nodes


def test_run_keeps_only_its_part_of_a_track(load: Load, files: Path) -> None:
    (files / "long.csv").write_text("t,x,y\n" + "".join(f"{k},{k // 50 * 100},0\n" for k in range(1000)))
    (way,) = _ways(load("path: {csv: long.csv, x: x, y: y, time: t, begin: 330 s}"))
    assert len(way.waypoints_m) < 120
    assert _at(way, 10) == pytest.approx((600, 0, 0, 0))
    assert _at(way, 19.5) == pytest.approx((650, 0, 0, 0))


times = st.lists(st.integers(-(10**11), 10**11), min_size=2, max_size=8, unique=True).map(sorted)
metres = st.floats(-1e4, 1e4)


@given(times, st.data())
def test_waypoints_are_passed_at_their_times(times_ns: list[int], data: st.DataObject) -> None:
    count = len(times_ns)
    points = data.draw(st.lists(st.tuples(metres, metres, metres), min_size=count, max_size=count))
    headings = tuple(data.draw(st.lists(st.floats(-360, 360), min_size=count, max_size=count)))
    way = Trajectory(tuple(points), times_ns=tuple(times_ns), headings_deg=headings)
    for t_ns, point, heading in zip(times_ns, points, headings, strict=True):
        assert poses.position(way, t_ns) == pytest.approx(point, abs=1e-9)
        assert report_plan.position_m(way, t_ns) == poses.position(way, t_ns)
        assert poses.heading_deg(way, t_ns) == pytest.approx(heading, abs=1e-9)
    t_ns = data.draw(st.integers(-(2 * 10**11), 2 * 10**11))
    here = poses.position(way, t_ns)
    for axis in range(3):
        assert min(p[axis] for p in points) - 1e-9 <= here[axis] <= max(p[axis] for p in points) + 1e-9


@given(
    st.floats(-80, 80),
    st.floats(-180, 180),
    st.tuples(st.floats(0, 360), st.floats(0, 10_000)),
    st.tuples(st.floats(0, 360), st.floats(0, 10_000)),
)
def test_distances_match_the_ellipsoid(
    latitude: float, longitude: float, a: tuple[float, float], b: tuple[float, float]
) -> None:
    """Between any two places within 10 km of the origin, against geodesics on WGS84: to 0.001 %."""
    earth = Geodesic.WGS84  # type: ignore[attr-defined]
    ends = [earth.Direct(latitude, longitude, azimuth, distance) for azimuth, distance in (a, b)]
    places = tuple((end["lat2"], end["lon2"], None) for end in ends)
    one, two = tracks.to_metres(tracks.Track(places, geographic=True), (latitude, longitude, 0.0))
    expected = earth.Inverse(places[0][0], places[0][1], places[1][0], places[1][1])["s12"]
    assert math.dist(one, two) == pytest.approx(expected, rel=1e-5, abs=1e-5)
