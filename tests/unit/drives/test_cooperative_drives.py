"""OPV2V and DAIR-V2X folders as drives: nodes, paths, cameras and fields of view from the files, in simnet's axes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simnet import scenario, world
from simnet.drives import dair_drive
from simnet.errors import InputError
from simnet.tracks import poses
from support import cooperative_drives

MS = 1_000_000
TEMPLATE = """
duration: 400 ms
world: {kind: KIND, path: .}
links: {up: {from: SENDER, to: RECEIVER, bandwidth: 5 Mbit/s}}
streams: {"SENDER/*": {codec: jpeg}}
fusion: {at: RECEIVER}
"""


def load(folder: Path, kind: str, sender: str, receiver: str, *overrides: str):
    text = TEMPLATE.replace("KIND", kind).replace("SENDER", sender).replace("RECEIVER", receiver)
    (folder / "s.yaml").write_text(text)
    return scenario.load(str(folder / "s.yaml"), overrides)


@pytest.fixture
def opv2v(tmp_path: Path) -> Path:
    return cooperative_drives.opv2v(tmp_path)


def test_opv2v_needs_no_written_nodes(opv2v: Path) -> None:
    loaded = load(opv2v, "opv2v", "vehicle_641", "roadside_1")
    assert {node.name: [camera.name for camera in node.cameras] for node in loaded.nodes} == {
        "roadside_1": ["roadside_1/camera0"],
        "vehicle_641": [f"vehicle_641/camera{k}" for k in range(4)],
    }
    assert [stream.name for stream in loaded.streams] == [f"vehicle_641/camera{k}" for k in range(4)]


def test_opv2v_axes_are_turned_to_those_of_simnet(opv2v: Path) -> None:
    """CARLA's y points right of x: what drives along it drives along -y here, heading -90 degrees."""
    loaded = load(opv2v, "opv2v", "vehicle_641", "roadside_1")
    roadside, vehicle = loaded.nodes
    assert poses.position(vehicle.trajectory, 0) == pytest.approx((10, -20, 0.5))
    assert poses.position(vehicle.trajectory, 250 * MS) == pytest.approx((10, -22.5, 0.5))
    assert poses.heading_deg(vehicle.trajectory, 250 * MS) == pytest.approx(-90)
    front, right, left, back = (poses.camera_pose(camera, 0) for camera in vehicle.cameras)
    assert front.position_m == pytest.approx((10, -22.5, 1.5))
    yaws = [each.yaw_deg % 360 for each in (front, right, left, back)]
    assert yaws == pytest.approx([270, 170, 10, 90])
    assert (vehicle.cameras[1].yaw_deg, vehicle.cameras[2].yaw_deg) == pytest.approx((-100, 100))
    watching = poses.camera_pose(roadside.cameras[0], 0)
    assert (watching.yaw_deg, watching.pitch_deg) == pytest.approx((90, -20))
    assert watching.position_m == pytest.approx((30, -40, 7))
    assert not poses.moves(roadside.trajectory)


def test_opv2v_cameras_have_rate_view_and_pictures_of_their_ticks(opv2v: Path) -> None:
    for name in ("000070.yaml", "000070_camera0.png"):
        (opv2v / "641" / name).unlink()
    loaded = load(opv2v, "opv2v", "vehicle_641", "roadside_1")
    camera = loaded.cameras["vehicle_641/camera0"]
    assert (camera.width, camera.height, camera.period_ns) == (64, 48, 100 * MS)
    assert camera.field_of_view_deg == pytest.approx(100, abs=0.01)
    opened = world.open_world(loaded.world, loaded.cameras, 0)
    seen = [int(opened.frame("vehicle_641/camera2", 100 * MS * k)[0, 0, 0]) for k in range(5)]
    held = [int(opened.frame("vehicle_641/camera0", 100 * MS * k)[0, 0, 0]) for k in range(5)]
    assert (seen, held) == ([2, 12, 22, 32, 42], [0, 0, 20, 30, 40])
    assert world.end_ns(loaded.world, loaded.cameras, 10**12) == 500 * MS
    files = world.files(loaded.world, {camera.name: camera}, 100 * MS)
    assert [name for name, _ in files] == ["641/000068_camera0.png", "641/000072_camera0.png"]


def test_opv2v_split_needs_the_name_of_a_drive(tmp_path: Path) -> None:
    for name in ("2021_08_18_19_48_05", "2021_08_20_21_10_24"):
        cooperative_drives.opv2v(tmp_path / name, frames=2)
    with pytest.raises(
        InputError, match=r"s\.yaml:3:28: world\.path: .*holds 2 drives; expected world\.sequence .*2021_08_18"
    ):
        load(tmp_path, "opv2v", "vehicle_641", "roadside_1")
    loaded = load(tmp_path, "opv2v", "vehicle_641", "roadside_1", "world.sequence=2021_08_20_21_10_24")
    assert world.open_world(loaded.world, loaded.cameras, 0).frame("roadside_1/camera0", 0).shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("true_ego_pos: [1, 2]\n", "000068.yaml: true_ego_pos is a list of 2; expected .x, y, z, roll, yaw, pitch."),
        ("true_ego_pos: [.nan, 0, 0, 0, 0, 0]\n", "true_ego_pos is a list of 6"),
        ("", "000068.yaml: no pose; expected one of true_ego_pos, predicted_ego_pos, lidar_pose"),
        ("{", "000068.yaml: no pose; expected one of true_ego_pos, predicted_ego_pos, lidar_pose"),
        ("ego_speed: 1\n", "000068.yaml: no pose; expected one of true_ego_pos, predicted_ego_pos, lidar_pose"),
        ("true_ego_pos: [1, 2, 3, 0, 0, 0]\n", "000068.yaml: no camera0, of which there are pictures"),
        ("true_ego_pos: [1, 2, 3, 0\nvehicles: {}", "000068.yaml: no valid YAML in its poses"),
    ],
)
def test_damaged_opv2v_is_one_line(opv2v: Path, change: str, expected: str) -> None:
    (opv2v / "641" / "000068.yaml").write_text(change)
    with pytest.raises(InputError, match=expected) as caught:
        load(opv2v, "opv2v", "vehicle_641", "roadside_1")
    assert str(caught.value).isprintable()


def test_opv2v_without_pictures_says_so(opv2v: Path) -> None:
    for file in opv2v.rglob("*.png"):
        file.unlink()
    with pytest.raises(InputError, match="no pictures beside its 2 agents' poses; expected files like"):
        load(opv2v, "opv2v", "vehicle_641", "roadside_1")


def test_folder_that_is_no_drive_is_one_line(tmp_path: Path) -> None:
    for kind, expected in (("opv2v", "no drive of OPV2V or V2XSet"), ("dair_v2x", "no drive of DAIR-V2X")):
        with pytest.raises(InputError, match=expected):
            load(tmp_path, kind, "vehicle", "roadside")


@pytest.fixture
def dair(tmp_path: Path) -> Path:
    return cooperative_drives.dair(tmp_path)


def test_dair_has_a_vehicle_and_a_roadside_unit(dair: Path) -> None:
    loaded = load(dair, "dair_v2x", "vehicle", "roadside", "world.sequence='1'")
    roadside, vehicle = loaded.nodes
    assert poses.position(roadside.trajectory, 0) == pytest.approx((100, 200, 7))
    # The vehicle's first frame is 30 ms after the roadside unit's.
    assert poses.position(vehicle.trajectory, 130 * MS) == pytest.approx((104, 231, 1.5))
    assert poses.heading_deg(vehicle.trajectory, 0) == pytest.approx(90)
    down, ahead = poses.camera_pose(roadside.cameras[0], 0), poses.camera_pose(vehicle.cameras[0], 0)
    assert (down.yaw_deg, down.pitch_deg, ahead.yaw_deg, ahead.pitch_deg) == pytest.approx((90, -20, 90, 0))
    camera = vehicle.cameras[0]
    assert (camera.name, camera.phase_ns, camera.period_ns) == ("vehicle/camera", 30 * MS, 100 * MS)
    assert camera.field_of_view_deg == pytest.approx(53.13, abs=0.01)


def test_dair_pictures_play_by_their_times(dair: Path) -> None:
    loaded = load(dair, "dair_v2x", "vehicle", "roadside", "world.sequence='0'")
    opened = world.open_world(loaded.world, loaded.cameras, 0)
    vehicle = [round(float(opened.frame("vehicle/camera", 30 * MS + 100 * MS * k).mean())) for k in range(4)]
    roadside = [round(float(opened.frame("roadside/camera", 100 * MS * k).mean())) for k in range(4)]
    assert (vehicle, roadside) == ([0, 10, 20, 30], [50, 60, 70, 80])
    assert world.end_ns(loaded.world, loaded.cameras, 10**12) == 400 * MS


def test_dair_drives_are_chosen_by_batch(dair: Path) -> None:
    with pytest.raises(InputError, match=r"holds 2 drives; expected world\.sequence to name one of: 0, 1"):
        load(dair, "dair_v2x", "vehicle", "roadside")


def test_one_side_of_dair_is_a_drive_too(dair: Path) -> None:
    side = dair / "vehicle-side"
    (side / "s.yaml").write_text(
        TEMPLATE.replace("KIND, path: .", "dair_v2x, path: ., sequence: 1")
        .replace("SENDER", "vehicle")
        .replace("RECEIVER", "tower")
        + "nodes: {tower: {position: [0, 0]}}\n"
    )
    loaded = scenario.load(str(side / "s.yaml"))
    assert [node.name for node in loaded.nodes] == ["vehicle", "tower"]


def rewrite(side: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    entries = json.loads((side / "data_info.json").read_text())
    (side / "data_info.json").write_text(json.dumps([change(entry) for entry in entries]))


@pytest.mark.parametrize("has_pairs", [True, False])
def test_vehicle_frames_are_found_by_pairs_or_times_without_batches(dair: Path, has_pairs: bool) -> None:
    rewrite(dair / "vehicle-side", lambda entry: entry | {"batch_id": "7"})
    if not has_pairs:
        (dair / "cooperative" / "data_info.json").unlink()
    loaded = load(dair, "dair_v2x", "vehicle", "roadside", "world.sequence='1'")
    assert poses.position(loaded.nodes[1].trajectory, 130 * MS) == pytest.approx((104, 231, 1.5))


def test_single_side_without_times_and_places_stands_and_is_told(dair: Path, caplog: pytest.LogCaptureFixture) -> None:
    side = dair / "single"
    (dair / "infrastructure-side").rename(side)
    kept = ("image_path", "calib_camera_intrinsic_path")
    rewrite(side, lambda entry: {key: entry[key] for key in kept})
    shutil.rmtree(side / "calib" / "virtuallidar_to_world")
    (node,) = dair_drive.describe(side, None, None).nodes
    assert (node.name, node.path.places_m, node.cameras[0].pitch_deg) == ("roadside", [(0, 0, 0)], pytest.approx(-20))
    assert [each.t_ns for each in dair_drive.pictures(side, None, "roadside")] == [100 * MS * k for k in range(8)]
    assert "no file says where it is" in caplog.text


def test_list_without_batches_is_split_at_gaps(dair: Path) -> None:
    side = dair / "vehicle-side"
    rewrite(side, lambda entry: {key: value for key, value in entry.items() if key != "batch_id"})
    assert len(dair_drive.pictures(side, "1", "vehicle")) == 4
    with pytest.raises(InputError, match="holds 2 drives"):
        dair_drive.pictures(side, None, "vehicle")


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("calib/novatel_to_world/000900.json", "{}", "000900.json: no transform; expected rotation"),
        ("calib/novatel_to_world/000900.json", "{", r"000900\.json:1: no JSON"),
        ("calib/camera_intrinsic/000900.json", "[]", "000900.json: no cam_K of a camera"),
        (
            "data_info.json",
            '[{"image_path": "../../x.jpg", "image_timestamp": "1"}]',
            "entry 0: image_path or a calibration is",
        ),
        ("data_info.json", '[{"image_path": "x.jpg", "image_timestamp": "now"}]', "entry 0: image_timestamp is"),
    ],
)
def test_damaged_dair_is_one_line(dair: Path, file: str, text: str, expected: str) -> None:
    (dair / "vehicle-side" / file).write_text(text)
    with pytest.raises(InputError, match=expected) as caught:
        load(dair, "dair_v2x", "vehicle", "roadside", "world.sequence='0'")
    assert str(caught.value).isprintable()
