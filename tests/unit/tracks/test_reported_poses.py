"""Poses as nodes report them: errors of the stated size, the same for the same seed, and pictures of a clock that is off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simnet import scenario, world
from simnet.errors import ScenarioError
from simnet.exports import frame_transforms
from simnet.records import CameraConfig, NodeConfig, PoseErrorConfig, Trajectory, WorldConfig
from simnet.tracks import reported_poses

MS = 1_000_000
WAY = Trajectory(((0.0, 0.0, 2.0), (100.0, 0.0, 2.0)), speed_mps=10.0)


def node(**error: float) -> NodeConfig:
    return NodeConfig("car", WAY, (), PoseErrorConfig(**error) if error else None)


def test_poses_without_an_error_are_true() -> None:
    assert reported_poses.reported(node(), 1000 * MS, 7) == ((10, 0, 2), 0)


def test_errors_have_the_stated_deviation_and_no_mean() -> None:
    wrong = node(position_m=0.5, heading_deg=2.0)
    found = [reported_poses.reported(wrong, k * MS, 7) for k in range(4000)]
    off = np.array([[x - k * 0.01, y, z - 2, turn] for k, ((x, y, z), turn) in enumerate(found)])
    assert off.mean(axis=0) == pytest.approx([0, 0, 0, 0], abs=0.15)
    assert off.std(axis=0) == pytest.approx([0.5, 0.5, 0, 2.0], rel=0.05, abs=1e-9)
    assert abs(np.corrcoef(off[1:, 0], off[:-1, 0])[0, 1]) < 0.1


def test_errors_are_those_of_the_seed_and_the_node() -> None:
    wrong = node(position_m=1.0)
    first = reported_poses.reported(wrong, 0, 7)
    assert reported_poses.reported(wrong, 0, 7) == first
    assert reported_poses.reported(wrong, 0, 8) != first
    assert reported_poses.reported(replace(wrong, name="van"), 0, 7) != first


@pytest.mark.parametrize(("clock_ms", "x_m"), [(200, 8), (-200, 12)])
def test_clock_that_is_ahead_stamps_earlier_poses(clock_ms: int, x_m: float) -> None:
    place, _ = reported_poses.reported(node(clock_ns=clock_ms * MS), 1000 * MS, 7)
    assert place == pytest.approx((x_m, 0, 2))


@pytest.mark.parametrize(("clock_ms", "seen"), [(0, [0, 1, 2, 3]), (200, [0, 0, 0, 1]), (-200, [2, 3, 4, 5])])
def test_clock_that_is_off_captures_another_time(tmp_path: Path, clock_ms: int, seen: list[int]) -> None:
    (tmp_path / "a").mkdir()
    for k in range(6):
        (tmp_path / "a" / f"{k}.ppm").write_bytes(b"P6 16 16 255\n" + bytes([10 * k] * 768))
    camera = CameraConfig("car/a", 16, 16, 100 * MS, 90.0, WAY, phase_ns=30 * MS, source="a", clock_ns=clock_ms * MS)
    config, cameras = WorldConfig("pictures", path=str(tmp_path)), {"car/a": camera}
    opened = world.open_world(config, cameras, 0)
    assert [int(opened.frame("car/a", (30 + 100 * k) * MS)[0, 0, 0]) // 10 for k in range(4)] == seen
    end_ns = world.end_ns(config, cameras, 10**12)
    assert end_ns == (430 if clock_ms < 0 else 630) * MS
    assert len(world.files(config, cameras, 100 * MS)) == (3 if clock_ms < 0 else 1)


TEXT = """
duration: 1 s
nodes:
  car: {path: [[0, 0], [100, 0]], speed: 10 m/s, pose_error: {position: 0.2 m, heading: 0.2 deg, clock: 100 ms}, cameras: {a: {}}}
  hub: {position: [0, 5]}
links: {up: {from: car, to: hub, bandwidth: 1 Mbit/s}}
streams: {car/a: {codec: jpeg}}
fusion: {at: hub}
"""


def load(folder: Path, text: str = TEXT):
    (folder / "s.yaml").write_text(text)
    return scenario.load(str(folder / "s.yaml"))


def test_scenario_names_errors_and_keeps_them_when_written(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    car, hub = loaded.nodes
    assert (car.pose_error, hub.pose_error) == (PoseErrorConfig(0.2, 0.2, 100 * MS), None)
    assert car.cameras[0].clock_ns == 100 * MS
    assert load(tmp_path, scenario.dump(loaded)).nodes == loaded.nodes


def test_error_that_is_none_is_refused_at_its_place(tmp_path: Path) -> None:
    with pytest.raises(
        ScenarioError, match=r"s\.yaml:4:\d+: nodes\.car\.pose_error\.position: '?-0\.2 m'? is out of range"
    ):
        load(tmp_path, TEXT.replace("0.2 m", "-0.2 m"))


def test_recordings_hold_reported_and_true_transforms(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    told = next(frame_transforms.transforms(loaded, 500 * MS))
    (true,) = frame_transforms.true_transforms(loaded, 500 * MS)
    assert (told["child_frame_id"], true["child_frame_id"]) == ("car", "car/true")
    assert true["translation"] == pytest.approx({"x": 4, "y": 0, "z": 0})
    assert 0 < abs(told["translation"]["x"] - 4) < 1.5
