"""Fleets: numbered nodes and links, what their members differ in, and cameras where a body has them."""

from __future__ import annotations

import pytest

from simnet import scenario
from simnet.errors import ScenarioError
from simnet.records import HandoverConfig

MS = 1_000_000
FLEET = """\
duration: 10 s
nodes:
  car:
    count: 3
    path: [[0, 0], [110, 0]]
    speed: 10 m/s
    cameras: {front: {size: [64, 32]}}
  mast: {position: [60, 8, 5]}
links:
  up: {from: car, to: mast, bandwidth: 400 kbit/s}
streams: {"*/front": {codec: jpeg}}
fusion: {at: mast}
"""


@pytest.fixture
def load(tmp_path):
    """Load the fleet with some text replaced, and overrides."""

    def change(*replacements: tuple[str, str], overrides: tuple[str, ...] = ()):
        text = FLEET
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "fleet.yaml"
        file.write_text(text, encoding="utf-8")
        return scenario.load(str(file), overrides)

    return change


def offset(written: str) -> tuple[str, str]:
    return "count: 3", f"count: 3\n    offset: {written}"


def ways(loaded) -> list:
    return [node.trajectory for node in loaded.nodes if node.name != "mast"]


def test_count_makes_numbered_nodes_links_and_streams(load, tmp_path):
    loaded = load()
    assert [node.name for node in loaded.nodes] == ["car_1", "car_2", "car_3", "mast"]
    assert [(link.name, link.source, link.target) for link in loaded.links[:3:2]] == [
        ("up_1", "car_1", "mast"),
        ("up_2", "car_2", "mast"),
    ]
    assert [stream.name for stream in loaded.streams] == ["car_1/front", "car_2/front", "car_3/front"]
    out = tmp_path / "out.yaml"
    out.write_text(scenario.dump(loaded), encoding="utf-8")
    again = scenario.load(str(out))
    assert (again.nodes, again.links, again.streams) == (loaded.nodes, loaded.links, loaded.streams)


def test_offsets_of_start_time_and_phase(load):
    loaded = load(offset("{start: -12 m, time: 2 s, phase: 10 ms}"))
    assert [way.offset_m for way in ways(loaded)] == [0, -32, -64]  # 12 m, and 2 s at 10 m/s
    assert [camera.phase_ns for camera in loaded.cameras.values()] == [0, 10 * MS, 20 * MS]


def test_offset_of_position_moves_paths_and_points(load):
    moved = ways(load(offset("{position: [1, 3.5]}")))
    assert [way.waypoints_m[0] for way in moved] == [(0, 0, 0), (1, 3.5, 0), (2, 7, 0)]
    still = (("path: [[0, 0], [110, 0]]\n    speed: 10 m/s", "position: [5, 5, 2]\n    heading: 90 deg"),)
    placed = ways(load(offset("{position: [0, 2, 1], heading: 120 deg}"), *still))
    assert [way.waypoints_m for way in placed] == [((5, 5, 2),), ((5, 7, 3),), ((5, 9, 4),)]
    assert [way.heading_deg for way in placed] == [90, -150, -30]


def test_offset_of_time_moves_written_and_recorded_times(load, tmp_path):
    timed = ("path: [[0, 0], [110, 0]]\n    speed: 10 m/s", "path: {points: [[0, 0], [9, 0]], times: [0 s, 1 s]}")
    loaded = load(offset("{time: 500 ms}"), timed)
    assert [way.times_ns for way in ways(loaded)][1] == (500 * MS, 1500 * MS)
    rows = "\n".join(f"{t},{t * 10},0" for t in range(20))
    (tmp_path / "way.csv").write_text(f"t,x,y\n{rows}\n", encoding="utf-8")
    recorded = ("path: [[0, 0], [110, 0]]\n    speed: 10 m/s", "path: {csv: way.csv, x: x, y: y, time: t, begin: 3 s}")
    loaded = load(offset("{time: 1 s}"), recorded)
    assert [way.times_ns[0] for way in ways(loaded)] == [0, 0, 0]
    assert [way.waypoints_m[0][0] for way in ways(loaded)] == [30, 20, 10]


def test_members_follow_each_other(load):
    loaded = load(("  mast:", "  van: {count: 2, follows: car_1, gap: 5 m, cameras: {}}\n  mast:"))
    assert [(node.name, node.trajectory.offset_m) for node in loaded.nodes[3:5]] == [("van_1", -5), ("van_2", -10)]


def test_entry_of_a_member_changes_that_one(load):
    loaded = load(
        ("  mast:", "  car_2: {speed: 5 m/s, cameras: {front: {rate: 5 Hz}}}\n  car_3: {position: [1, 1]}\n  mast:"),
        ("streams:", "  up_2: {bandwidth: 1 Mbit/s, delay: 3 ms}\nstreams:"),
    )
    assert [node.name for node in loaded.nodes] == ["car_1", "car_2", "car_3", "mast"]
    assert [way.speed_mps for way in ways(loaded)] == [10, 5, 0]
    assert [camera.period_ns // MS for camera in loaded.cameras.values()] == [100, 200, 100]
    assert [camera.width for camera in loaded.cameras.values()] == [64] * 3
    assert [(link.bandwidth_bps, link.delay_ns) for link in loaded.links[::2]] == [(4e5, 0), (1e6, 3 * MS), (4e5, 0)]


def test_entry_of_a_member_beyond_the_count_waits(load):
    changed = (("  mast:", "  car_3: {speed: 5 m/s}\n  mast:"), ("streams:", "  up_3: {delay: 3 ms}\nstreams:"))
    assert [way.speed_mps for way in ways(load(*changed, overrides=("nodes.car.count=2",)))] == [10, 10]
    with pytest.raises(ScenarioError, match=r"nodes\.car_x: no place given"):
        load(("  mast:", "  car_x: {speed: 5 m/s}\n  mast:"))


def test_texts_hold_numbers_of_members(load, tmp_path):
    for number in (1, 2, 3):
        (tmp_path / f"trace{number:02}.up").write_text(f"{number}\n", encoding="utf-8")
    loaded = load(
        ("bandwidth: 400 kbit/s", 'bandwidth: {trace: "trace{number:02}.up", start: "{index}5 ms"}'),
    )
    traces = [link.trace for link in loaded.links[::2]]
    assert [trace.path.rpartition("/")[2] for trace in traces] == ["trace01.up", "trace02.up", "trace03.up"]
    assert [trace.start_ns // MS for trace in traces] == [5, 15, 25]


def test_links_between_fleets_go_in_pairs_and_handovers_are_of_members(load):
    loaded = load(
        ("  mast:", "  box: {count: 3, position: [0, 5]}\n  far: {position: [90, 8]}\n  mast:"),
        (
            "streams:",
            "  side: {from: box, to: car, bandwidth: 1 Mbit/s}\n"
            "  a: {from: mast, to: car, bandwidth: 1 Mbit/s, handover: {group: cell, node: car}}\n"
            "  b: {from: far, to: car, bandwidth: 1 Mbit/s, handover: {group: cell, node: car}}\nstreams:",
        ),
    )
    found = {link.name: link for link in loaded.links}
    assert (found["side_2"].source, found["side_2"].target) == ("box_2", "car_2")
    assert found["a_3"].handover == HandoverConfig("cell", "car_3")


def test_overrides_name_fleets_or_members(load):
    loaded = load(
        overrides=("nodes.car.count=4", "nodes.car_2.speed=3 m/s", "links.up_*.delay=9 ms", "links.up_4.delay=1 ms")
    )
    assert [way.speed_mps for way in ways(loaded)] == [10, 3, 10, 10]
    assert [link.delay_ns // MS for link in loaded.links[::2]] == [9, 9, 9, 1]
    assert {way.speed_mps for way in ways(load(overrides=("nodes.*.speed=2 m/s", "nodes.mast.speed=~")))} == {2}


@pytest.mark.parametrize(
    ("replacement", "override", "fault"),
    [
        (
            ("count: 3", "count: 0"),
            (),
            "4:12: nodes.car.count: no number of nodes; expected a whole number from 1 to 10000",
        ),
        (("count: 3", "count: three"), (), "nodes.car.count: no number of nodes"),
        (offset("{star: 1 m}"), (), "5:14: nodes.car.offset.star: unknown key (did you mean 'start'?)"),
        (offset("{start: 1}"), (), "5:21: nodes.car.offset.start: 1 has no unit"),
        (("speed: 10 m/s", "speed: 10 mps"), (), "6:12: nodes.car_1.speed: '10 mps' has an unknown unit"),
        (
            ("    count: 3\n", "    offset: {start: 1 m}\n"),
            (),
            "nodes.car: offset given without count; expected count: 8",
        ),
        (offset("{heading: 9 deg}"), (), "heading of nodes that look where they go; expected heading: 0 deg beside it"),
        (
            ("at: mast", "at: car"),
            (),
            "fusion.at: no node 'car' (did you mean 'car_3'?); expected one of: car_1, car_2",
        ),
        (("to: mast", "to: car"), (), "links.up: from car (3) to car (3); expected two fleets of one size"),
        (("count: 3", "count: 3"), ("nodes.car_9.speed=1 m/s",), "nodes.car_9.speed: unknown key 'car_9'"),
        (
            ("count: 3", "count: 3"),
            ("nodes.car.sped=1 m/s",),
            "nodes.car.sped: unknown key 'sped' (did you mean 'speed'?)",
        ),
    ],
)
def test_fleet_faults_are_one_line(load, replacement, override, fault):
    with pytest.raises(ScenarioError) as caught:
        load(replacement, overrides=override)
    assert fault in str(caught.value)


def test_nodes_of_a_fleet_can_be_hosts(load, tmp_path):
    load()
    scenario.check_nodes(tmp_path / "fleet.yaml", ["car_1", "car_3", "mast"])


@pytest.mark.parametrize(
    ("body", "camera", "mount", "yaw", "pitch"),
    [
        ("car", "front", (1, 0, 1.5), 0, 0),
        ("car", "cam", (1, 0, 1.5), 0, 0),
        ("car", "rear", (-2.1, 0, 1), 180, 0),
        ("van", "front_left_2", (1.2, 1, 1.3), 55, 0),
        ("drone", "down", (0, 0, -0.1), 0, -90),
        ("drone", "front", (0.2, 0, -0.1), 0, 0),
    ],
)
def test_cameras_sit_where_a_body_has_them(load, body, camera, mount, yaw, pitch):
    loaded = load(("count: 3", f"count: 2\n    body: {body}"), ("front: {size", f"{camera}: {{size"), ("*/front", "*"))
    found = loaded.cameras[f"car_2/{camera}"]
    assert (found.mount_m, found.yaw_deg, found.pitch_deg) == (mount, yaw, pitch)


def test_written_mounts_win_and_followers_take_the_body(load):
    loaded = load(
        ("count: 3", "count: 1\n    body: truck"),
        ("{size: [64, 32]}", "{mount: [1, 2, 3]}, left: {yaw: 5 deg}"),
        ("  mast:", "  van: {follows: car_1, gap: 9 m}\n  mast:"),
        ("streams:", "  van: {from: van, to: mast, bandwidth: 1 Mbit/s}\nstreams:"),
    )
    assert loaded.cameras["car_1/front"].mount_m == (1, 2, 3)
    for node in ("car_1", "van"):
        left = loaded.cameras[f"{node}/left"]
        assert (left.mount_m, left.yaw_deg) == ((3.2, 1.25, 2.2), 5)
