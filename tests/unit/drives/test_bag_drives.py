"""ROS 2 bags as drives: nodes, paths, cameras and fields of view from what is in them, by the times in their headers."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from simnet import drives, scenario
from simnet.drives.bag_drive import describe
from simnet.drives.drive import usual_period_ns
from simnet.errors import InputError
from simnet.tracks import poses
from simnet.world.recordings.bag_playback import BagPlayback
from support.ros_bags import MS, OPTICAL, BagWriter, grey, turned

SCENARIO = """
duration: 1 s
world: {kind: rosbag, path: PATH}
nodes:
  tower: {position: [0, 30, 5]}
links: {up: {from: vehicle, to: tower, bandwidth: 5 Mbit/s}}
streams: {"vehicle/*": {codec: jpeg}}
fusion: {at: tower}
"""


def drive(path: Path, *, moves: str = "tf", begin_ms: float = 7) -> Path:
    """Write a vehicle that drives east at 10 m/s, with a camera that looks to the left, 1 m ahead and 1.5 m up."""
    with BagWriter(path) as bag:
        mount = ("base_link", "camera", (1.0, 0.2, 1.5), turned(math.pi / 2))
        bag.transforms(0, mount, ("camera", "optical", (0.0, 0.0, 0.0), OPTICAL), static=True)
        bag.info("/left/camera_info", 64, 32.0)
        for k in range(10):
            if moves == "tf":
                bag.transforms(100 * k, ("map", "odom", (5.0, 0.0, 0.0), turned(0)))
                bag.transforms(100 * k, ("odom", "base_link", (k, 0.0, 0.0), turned(0)))
            elif moves == "odometry":
                bag.odometry("/odom", 100 * k, k, 0.0, 0.0)
            else:
                bag.fix("/gps/fix", 100 * k, 52.5, 13.4 + 1e-5 * k, 34.0, status=-1 if k == 3 else 0)
            bag.image("/left/image_raw", begin_ms + 100 * k, grey(k))
    return path


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return drive(tmp_path / "a.mcap")


def test_camera_has_view_mount_and_times_of_the_bag(bag: Path) -> None:
    (node,) = describe(bag, None, None).nodes
    (camera,) = node.cameras
    assert (node.name, camera.name, camera.source, camera.size) == ("vehicle", "left", "/left/image_raw", (64, 48))
    assert (camera.period_ns, camera.phase_ns) == (100 * MS, 0)
    assert camera.view_deg == pytest.approx(90)
    assert camera.mount_m == pytest.approx((1, 0.2, 1.5))
    assert (camera.yaw_deg, camera.pitch_deg) == pytest.approx((90, 0))


def load(folder: Path, path: Path, *overrides: str):
    file = folder / "s.yaml"
    file.write_text(SCENARIO.replace("PATH", path.name))
    return scenario.load(str(file), overrides)


@pytest.mark.parametrize(("moves", "east_m"), [("tf", 5.0), ("odometry", 0.0), ("fixes", 0.0)])
def test_path_is_by_the_times_in_headers(tmp_path: Path, moves: str, east_m: float) -> None:
    vehicle, tower = load(tmp_path, drive(tmp_path / "a.mcap", moves=moves)).nodes
    assert (vehicle.name, tower.name) == ("vehicle", "tower")
    # 7 ms lie between the first pose and the first picture, with which the drive begins.
    metres = 6.788 if moves == "fixes" else 10.0
    for t_ns in (0, 450 * MS):
        x, y, _ = poses.position(vehicle.trajectory, t_ns)
        assert (x, y) == pytest.approx((east_m + metres * (t_ns / 1e9 + 0.007), 0), abs=0.03)


def test_fixes_give_the_scenario_its_origin_unless_it_has_one(tmp_path: Path) -> None:
    path = drive(tmp_path / "a.mcap", moves="fixes")
    assert load(tmp_path, path).origin == pytest.approx((52.5, 13.4, 34))
    moved = load(tmp_path, path, "origin=[52.5, 13.39]")
    assert moved.origin == pytest.approx((52.5, 13.39, 34))
    assert poses.position(moved.nodes[0].trajectory, 0)[0] == pytest.approx(679, abs=1)


def test_written_keys_and_overrides_win_over_the_bag(tmp_path: Path, bag: Path) -> None:
    file = tmp_path / "moved.yaml"
    file.write_text(SCENARIO.replace("PATH", bag.name).replace("nodes:", "nodes:\n  vehicle: {position: [1, 2]}"))
    loaded = scenario.load(str(file), ["nodes.*.cameras.*.size=[32, 32]"])
    (vehicle, _), camera = loaded.nodes, loaded.cameras["vehicle/left"]
    assert vehicle.trajectory.waypoints_m == ((1, 2, 0),)
    assert (camera.width, camera.height, camera.period_ns) == (32, 32, 100 * MS)
    file = tmp_path / "again.yaml"
    file.write_text(scenario.dump(loaded))
    again = scenario.load(str(file))
    assert again.nodes == loaded.nodes


def test_written_camera_keys_are_merged(tmp_path: Path, bag: Path) -> None:
    file = tmp_path / "s.yaml"
    text = SCENARIO.replace("PATH", bag.name).replace("nodes:", "nodes:\n  vehicle: {cameras: {left: {rate: 5 Hz}}}")
    file.write_text(text)
    camera = scenario.load(str(file)).cameras["vehicle/left"]
    assert (camera.period_ns, camera.source, camera.yaw_deg) == (200 * MS, "/left/image_raw", 90)


def test_two_robots_are_two_nodes(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as bag:
        for k in range(5):
            for robot, x in (("alpha", 0.0), ("beta", 100.0)):
                bag.odometry(f"/{robot}/odom", 100 * k, x + k, 0.0, 0.0, child=f"{robot}/base_link")
                bag.image(f"/{robot}/camera/image_raw", 100 * k, grey(k), frame="camera")
    found = describe(tmp_path / "a.mcap", None, None).nodes
    assert [(node.name, [camera.name for camera in node.cameras]) for node in found] == [
        ("alpha", ["camera"]),
        ("beta", ["camera"]),
    ]
    assert [node.path.places_m[0][0] for node in found] == [0, 100]


def test_camera_without_a_way_to_the_body_rides_with_the_only_one(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as bag:
        bag.transforms(0, ("base_link", "optical", (1.0, 0.0, 2.0), OPTICAL), static=True)
        for k in range(5):
            bag.transforms(100 * k, ("map", "base_footprint", (k, 0.0, 0.0), turned(0)))
            bag.image("/image_raw", 100 * k, grey(k))
    (node,) = describe(tmp_path / "a.mcap", None, None).nodes
    assert (node.name, node.path.places_m[-1], node.cameras[0].mount_m) == ("vehicle", (4, 0, 0), (1, 0, 2))


def test_roadside_camera_stands_where_its_frame_is(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as bag:
        down = {"x": 0.0, "y": math.sin(0.25), "z": 0.0, "w": math.cos(0.25)}
        bag.transforms(0, ("map", "pole", (3.0, 4.0, 6.0), down), ("pole", "optical", (0.0,) * 3, OPTICAL), static=True)
        bag.image("/image_raw", 0, grey(1))
    (node,) = describe(tmp_path / "a.mcap", None, None).nodes
    assert (node.name, node.path.places_m[0], node.path.times_ns) == ("pole", (3, 4, 6), ())


def test_topic_without_times_goes_by_the_log_and_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with BagWriter(tmp_path / "zero.mcap") as bag:
        for k in range(5):
            bag.image("/a/image_raw", 100 * k, grey(k))
            bag.image("/b/image_raw", 100 * k, grey(k), unstamped=True)
    (node,) = describe(tmp_path / "zero.mcap", None, None).nodes
    assert [(camera.name, camera.phase_ns, camera.period_ns) for camera in node.cameras] == [
        ("a", 0, 100 * MS),
        ("b", 40 * MS, 100 * MS),
    ]
    assert "zero.mcap: /b/image_raw: all times in its headers are zero; those of the log are taken" in caplog.text


def test_unknown_field_of_view_is_assumed_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with BagWriter(tmp_path / "plain.mcap") as bag:
        bag.image("/left/image_raw", 0, grey(0))
    text = SCENARIO.replace("PATH", "plain.mcap")
    written = text.replace("nodes:", "nodes:\n  vehicle: {cameras: {left: {field_of_view: 70 deg}}}")
    for number, (given, view) in enumerate(((written, 70), (text, 90))):
        assert not caplog.text
        file = tmp_path / f"{number}.yaml"
        file.write_text(given)
        assert scenario.load(str(file)).cameras["vehicle/left"].field_of_view_deg == view
    assert "plain.mcap: no calibration of vehicle/left; a field of view of 90 degrees is assumed" in caplog.text


def test_fisheye_lens_has_its_own_field_of_view(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as bag:
        bag.info("/cam/camera_info", 64, 32.0, lens="equidistant")
        bag.image("/cam/image_raw", 0, grey(0))
    assert describe(tmp_path / "a.mcap", None, None).nodes[0].cameras[0].view_deg == pytest.approx(math.degrees(2))


@pytest.mark.parametrize("kind", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
@pytest.mark.parametrize("alone", [False, True])
def test_folders_and_bare_files_of_either_storage_are_bags(tmp_path: Path, kind: StoragePlugin, alone: bool) -> None:
    path = rosbag(tmp_path / "bag", kind)
    (node,) = describe(next(path.glob("bag.*")) if alone else path, None, None).nodes
    assert [(camera.name, camera.period_ns) for camera in node.cameras] == [("front", 1000 * MS)]


@pytest.mark.parametrize("kind", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
@pytest.mark.parametrize("mode", [CompressionMode.FILE, CompressionMode.MESSAGE])
def test_compressed_bags_are_read(tmp_path: Path, kind: StoragePlugin, mode: CompressionMode) -> None:
    path = rosbag(tmp_path / "bag", kind, mode)
    assert len(describe(path, None, None).nodes[0].cameras) == 1
    assert BagPlayback(path, "/front/image_raw", "vehicle/front").read(2000 * MS).mean() == 20


def rosbag(path: Path, kind: StoragePlugin, mode: CompressionMode = CompressionMode.NONE) -> Path:
    store = get_typestore(Stores.ROS2_HUMBLE)
    names = ("sensor_msgs/msg/Image", "std_msgs/msg/Header", "builtin_interfaces/msg/Time")
    image, head, time = (store.types[name] for name in names)
    writer = Writer(path, version=9, storage_plugin=kind)
    if mode is not CompressionMode.NONE:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        topic = writer.add_connection("/front/image_raw", names[0], typestore=store)
        for k in range(3):
            message = image(
                head(time(100 + k, 0), "cam"), 48, 64, "rgb8", 0, 192, np.full(48 * 64 * 3, 10 * k, np.uint8)
            )
            writer.write(topic, (200 + k) * 1000 * MS, store.serialize_cdr(message, names[0]))
    return path


def test_a_rate_is_found_whatever_is_missing() -> None:
    times = [round(k * 1e9 / 30 + (k % 3) * 1e5) for k in range(60) if k % 7]
    assert usual_period_ns(times) == round(1e9 / 30)
    assert usual_period_ns([5]) == 100 * MS


def test_missing_bag_is_one_line_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SCENARIO.replace("PATH", "none.mcap"))
    with pytest.raises(InputError, match=r"s\.yaml:3:29: world\.path: no file or folder 'none.mcap'"):
        scenario.load(str(tmp_path / "s.yaml"))


def test_kinds_are_worlds() -> None:
    from simnet import world

    assert set(drives.KINDS) <= set(world.MODULES)
