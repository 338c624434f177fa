"""Writes small drives in the layouts of OPV2V and of DAIR-V2X as they are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

FIRST_TICK = 68
WIDE, TALL = 64, 48
MICROSECOND = 1_626_155_123_000_000
STEP_US = 100_000


def picture(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((TALL, WIDE, 3), shade, np.uint8)).save(path)


def opv2v(folder: Path, frames: int = 5) -> Path:
    """Write a vehicle 641 that drives in CARLA's direction of y, to the right of its x, and a roadside unit -1.

    Pictures are as bright as ten times their number, plus the camera's.
    """
    for agent in (641, -1):
        for k in range(frames):
            tick = FIRST_TICK + 2 * k
            pose = [10.0, 20.0 + k, 0.5, 0.0, 90.0, 0.0] if agent > 0 else [30.0, 40.0, 6.0, 0.0, -90.0, -20.0]
            state = _state(pose, 4 if agent > 0 else 1)
            file = folder / str(agent) / f"{tick:06d}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.dump(state))
            for camera in range(4 if agent > 0 else 1):
                picture(file.with_name(f"{tick:06d}_camera{camera}.png"), 10 * k + camera)
            file.with_name(f"{tick:06d}.pcd").write_bytes(b"")
    (folder / "data_protocol.yaml").write_text("additional: {}\n")
    return folder


def _state(pose: list[float], cameras: int) -> dict[str, Any]:
    x, y, z, _, yaw, pitch = pose
    # the first camera looks ahead, 2.5 m before the vehicle's middle, the others to the right, the left and back
    ahead = [x + 2.5 * (yaw == 0), y + 2.5 * (yaw == 90), z + 1.0]
    turns = (0.0, 100.0, -100.0, 180.0)
    state: dict[str, Any] = {
        f"camera{k}": {
            "cords": [*ahead, 0.0, yaw + turns[k], pitch],
            "extrinsic": np.eye(4).tolist(),
            "intrinsic": [[26.8511, 0.0, 32.0], [0.0, 26.8511, 24.0], [0.0, 0.0, 1.0]],
        }
        for k in range(cameras)
    }
    state |= {"ego_speed": 36.0, "lidar_pose": [x, y, z + 1.9, 0.0, yaw, pitch], "plan_trajectory": [[x, y, 36.0]]}
    state |= {"predicted_ego_pos": [x + 0.1, y, z, 0.0, yaw, pitch], "true_ego_pos": pose}
    other = {
        "angle": [0.0, 90.0, 0.0],
        "center": [0.0, 0.0, 0.7],
        "extent": [2.0, 0.9, 0.7],
        "location": [1.0, 2.0, 0.0],
        "speed": 3.0,
    }
    return state | {"vehicles": {700: other}}


def dair(folder: Path, frames: int = 4) -> Path:
    """Write two drives of a vehicle that goes north past a roadside unit whose camera looks down at it from the south."""
    down = np.radians(20)
    # rows: where the camera's x (right), y (down), z (ahead) point in the lidar's axes x ahead, y left, z up
    forward = [[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]
    tilted = [[0.0, -1.0, 0.0], [-np.sin(down), 0.0, -np.cos(down)], [np.cos(down), 0.0, -np.sin(down)]]
    north = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    roadside, vehicle, pairs = [], [], []
    for number in range(2 * frames):
        batch, k = divmod(number, frames)
        time_us = MICROSECOND + 60_000_000 * batch + STEP_US * k
        here = _side(folder / "infrastructure-side", number, time_us, 50 + 10 * k)
        here |= _calibration(folder / "infrastructure-side", number, "virtuallidar_to_camera", tilted, [0.0, 0.0, 0.0])
        here |= _calibration(
            folder / "infrastructure-side", number, "virtuallidar_to_world", north, [100.0, 200.0, 7.0]
        )
        roadside.append(here | {"batch_id": str(batch), "intersection_loc": "yizhuang02"})
        there = _side(folder / "vehicle-side", 900 + number, time_us + 30_000, 10 * k)
        there |= _calibration(folder / "vehicle-side", 900 + number, "lidar_to_camera", forward, [0.0, 0.0, 0.0])
        there |= _calibration(
            folder / "vehicle-side",
            900 + number,
            "lidar_to_novatel",
            np.eye(3).tolist(),
            [0.0, 0.0, 1.5],
            transform=True,
        )
        there |= _calibration(folder / "vehicle-side", 900 + number, "novatel_to_world", north, [104.0, 230.0 + k, 0.0])
        vehicle.append(there | {"batch_id": str(batch), "intersection_loc": "yizhuang02"})
        pairs.append(
            {
                "infrastructure_image_path": f"infrastructure-side/{here['image_path']}",
                "vehicle_image_path": f"vehicle-side/{there['image_path']}",
                "system_error_offset": {"delta_x": 0.1, "delta_y": 0.2},
            }
        )
    for side, entries in (("infrastructure-side", roadside), ("vehicle-side", vehicle), ("cooperative", pairs)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / "data_info.json").write_text(json.dumps(entries))
    return folder


def _side(side: Path, number: int, time_us: int, shade: int) -> dict[str, Any]:
    picture(side / "image" / f"{number:06d}.jpg", shade)
    file = side / "calib" / "camera_intrinsic" / f"{number:06d}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"cam_D": [0.0] * 5, "cam_K": [64.0, 0.0, 32.0, 0.0, 64.0, 24.0, 0.0, 0.0, 1.0]}))
    return {
        "image_path": f"image/{number:06d}.jpg",
        "image_timestamp": str(time_us),
        "calib_camera_intrinsic_path": f"calib/camera_intrinsic/{number:06d}.json",
    }


def _calibration(
    side: Path,
    number: int,
    name: str,
    rotation: list[list[float]],
    translation: list[float],
    *,
    transform: bool = False,
) -> dict[str, Any]:
    file = side / "calib" / name / f"{number:06d}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"rotation": rotation, "translation": [[value] for value in translation]}
    file.write_text(json.dumps({"transform": found} if transform else found))
    return {f"calib_{name}_path": file.relative_to(side).as_posix()}
