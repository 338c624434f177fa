"""Drives of DAIR-V2X (and V2X-Seq, its successor): a vehicle and a roadside unit, each with a camera and a list of its frames.

    infrastructure-side/  data_info.json  image/  calib/{camera_intrinsic, virtuallidar_to_camera, virtuallidar_to_world}/
    vehicle-side/         data_info.json  image/  calib/{camera_intrinsic, lidar_to_camera, lidar_to_novatel, novatel_to_world}/
    cooperative/          data_info.json: which frames of the two belong together

A node is where its lidar is, x forward; its camera's place and angles are those of the calibration. The lists hold many drives:
frames of one batch (V2X-Seq: sequence) are one, or those without a long gap between them. Times are those of the pictures, in
microseconds. The data sets of one side, `single-infrastructure-side/` and `single-vehicle-side/`, say of no frame where it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet import input_files
from simnet.drives import attitude, stored_pictures
from simnet.drives.attitude import RigidTransform
from simnet.drives.drive import DriveCamera, DriveNode, DrivePath, RecordedDrive, usual_period_ns
from simnet.drives.stored_pictures import StoredPicture
from simnet.errors import InputError, PictureError
from simnet.notices import count, tell
from simnet.printable import of_file, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

WHAT = "drive of DAIR-V2X; expected infrastructure-side/ and vehicle-side/, or one of them, each with data_info.json and image/"
ROADSIDE, VEHICLE = "roadside", "vehicle"
SIDES = {ROADSIDE: "infrastructure-side", VEHICLE: "vehicle-side"}
"""Folders of the two sides; those of the data sets of one side have `single-` before it."""
LIST = "data_info.json"
CAMERA = "camera"
NEAR_NS = 1_000_000_000
"""A vehicle's frames so near a roadside's drive in time belong to it, where no list says more."""
GAP_NS = 5_000_000_000
"""Frames of a list without batches that are farther apart are of two drives."""
UNTIMED_NS = 100_000_000
"""Time between frames of a list without times."""
FARTHEST_M = 1e7
_POSES = {ROADSIDE: ("virtuallidar_to_world",), VEHICLE: ("lidar_to_novatel", "novatel_to_world")}
"""Calibrations that lead from a side's lidar to the world."""
_SCALES = ((10**17, 1), (10**14, 1000), (10**11, 10**6), (0, 10**9))
"""From which number on a time is in ns, us, ms or s, and its nanoseconds."""


@dataclass(frozen=True, slots=True)
class ListedFrame:
    """A frame of a side's list."""

    t_ns: int
    image: Path
    drive: str
    entry: dict[str, Any]


def describe(path: Path, sequence: str | None, origin: tuple[float, ...] | None) -> RecordedDrive:
    """Return the nodes of a drive: `vehicle`, `roadside`, or both.

    Raises:
        InputError: There is no such drive, or a file of it is damaged.
    """
    del origin
    drive = _drive(path, sequence)
    begin_ns = min(frames[0].t_ns for frames in drive.values())
    return RecordedDrive(tuple(_node(_folder(path, side), side, frames, begin_ns) for side, frames in drive.items()))


def pictures(path: Path, sequence: str | None, source: str) -> list[StoredPicture]:
    """Return the pictures of a source, `vehicle` or `roadside`, in order of time.

    Raises:
        PictureError: There are none.
    """
    drive = _drive(path, sequence)
    if source not in drive:
        raise PictureError(f"{path}: no pictures of {source!r}; expected one of: {', '.join(drive)}")
    begin_ns = min(frames[0].t_ns for frames in drive.values())
    return [StoredPicture(frame.t_ns - begin_ns, frame.image) for frame in drive[source]]


def _drive(path: Path, sequence: str | None) -> dict[str, list[ListedFrame]]:
    """Return the frames of a drive by side, in order of time; a side without frames is left out."""
    sides = {side: _frames(folder) for side in SIDES if (folder := _folder(path, side)) is not None}
    if not sides:
        raise PictureError(f"{path}: no {WHAT}")
    leading = ROADSIDE if ROADSIDE in sides else VEHICLE
    drives = {frame.drive: path for frame in sides[leading]}
    stored_pictures.chosen(drives, sequence, path, WHAT)
    name = sequence if sequence is not None else next(iter(drives))
    found = {leading: [frame for frame in sides[leading] if frame.drive == name]}
    if leading == ROADSIDE and VEHICLE in sides:
        found[VEHICLE] = _beside(path, found[ROADSIDE], sides[VEHICLE])
    kept = {side: _there(path, side, frames) for side, frames in found.items()}
    kept = {side: frames for side, frames in kept.items() if frames}
    if not kept:
        raise PictureError(f"{path}: none of the pictures of {name!r} are there; expected them in image/ of each side")
    return kept


def _folder(path: Path, side: str) -> Path | None:
    """Return the folder of a side: below the data set's, or the data set's own if it has one side."""
    name = SIDES[side]
    for folder in (path / name, path / f"single-{name}", path):
        if folder.joinpath(LIST).is_file() and (folder != path or _own_side(path) == side):
            return folder
    return None


def _own_side(folder: Path) -> str:
    return ROADSIDE if folder.joinpath("calib", "virtuallidar_to_camera").is_dir() else VEHICLE


def _there(path: Path, side: str, frames: Sequence[ListedFrame]) -> list[ListedFrame]:
    """Return the frames whose pictures are there, one a time."""
    found = {frame.t_ns: frame for frame in frames if frame.image.is_file()}
    missing = sum(not frame.image.is_file() for frame in frames)
    if missing:
        tell(f"{path}: {count(missing, 'picture')} of {side} missing, left out")
    return [found[t_ns] for t_ns in sorted(found)]


def _beside(path: Path, roadside: Sequence[ListedFrame], vehicle: Sequence[ListedFrame]) -> list[ListedFrame]:
    """Return the vehicle's frames of a roadside's drive: of its batch, paired with its frames, or of its time."""
    begin_ns, end_ns = roadside[0].t_ns - NEAR_NS, roadside[-1].t_ns + NEAR_NS
    timely = [frame for frame in vehicle if begin_ns <= frame.t_ns <= end_ns]
    batch = [frame for frame in timely if frame.drive == roadside[0].drive]
    if batch:
        return batch
    if path.joinpath("cooperative", LIST).is_file():
        names = {frame.image.name for frame in roadside}
        partners = {
            Path(str(pair.get("vehicle_image_path"))).name
            for pair in _list(path / "cooperative")
            if Path(str(pair.get("infrastructure_image_path"))).name in names
        }
        return [frame for frame in vehicle if frame.image.name in partners]
    return timely


def _frames(folder: Path) -> list[ListedFrame]:
    found: list[ListedFrame] = []
    for number, entry in enumerate(_list(folder)):
        where = f"{folder / LIST}: entry {number}"
        drive = entry.get("sequence_id", entry.get("batch_id", ""))
        stamp = entry.get("image_timestamp")
        time_ns = number * UNTIMED_NS if stamp is None else _time_ns(where, stamp)
        found.append(ListedFrame(time_ns, _inside(folder, where, entry.get("image_path")), str(drive), entry))
    found.sort(key=lambda frame: frame.t_ns)
    if any(frame.drive for frame in found):
        return found
    number, split = 0, found[:1]
    for before, frame in pairwise(found):
        number += frame.t_ns - before.t_ns > GAP_NS
        split.append(replace(frame, drive=str(number)))
    return [replace(frame, drive=frame.drive or "0") for frame in split]


def _list(folder: Path) -> list[dict[str, Any]]:
    found = _read(folder / LIST)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise InputError(f"{folder / LIST}: no list of frames; expected one of DAIR-V2X")
    return found


def _time_ns(where: str, value: Any) -> int:
    text = str(value)
    if not text.replace(".", "", 1).isdecimal() or len(text) > 24:
        raise InputError(f"{where}: image_timestamp is {of_file(value)}; expected microseconds since 1970")
    scale = next(scale for least, scale in _SCALES if float(text) >= least)
    return int(text) * scale if text.isdecimal() else round(float(text) * scale)


def _inside(folder: Path, where: str, name: Any) -> Path:
    """Return a file that an entry names, below the side's folder."""
    named = Path(str(name or ""))
    if not named.name or named.is_absolute() or ".." in named.parts:
        raise InputError(f"{where}: image_path or a calibration is {of_file(name)}; expected a file in {folder.name}")
    return folder / named


def _calibration(folder: Path, frame: ListedFrame, name: str) -> Path:
    """Return the file of a calibration: the one that the list names, or the one of the frame's number."""
    named = frame.entry.get(f"calib_{name}_path", f"calib/{name}/{frame.image.stem}.json")
    return _inside(folder, f"{folder / LIST}: {frame.image.name}", named)


def _node(folder: Path | None, side: str, frames: Sequence[ListedFrame], begin_ns: int) -> DriveNode:
    assert folder is not None, "a side with frames has a folder"
    poses = [_pose(folder, side, frame) for frame in (frames if _is_moving(folder, side, frames[0]) else frames[:1])]
    camera_on_lidar = _transform(folder, frames[0], f"{_lidar(side)}_to_camera").inverse()
    yaw_deg, pitch_deg = attitude.optical_angles_deg(camera_on_lidar.rotation)
    size = stored_pictures.size_of(frames[0].image)
    mount = camera_on_lidar.translation
    moves = len(poses) > 1
    path = DrivePath(
        [_place(pose) for pose in poses],
        [frame.t_ns - begin_ns for frame in frames] if moves else (),
        [attitude.heading_deg(pose.rotation) for pose in poses],
        f"{folder.name} {frames[0].drive}",
    )
    camera = DriveCamera(
        name=CAMERA,
        source=side,
        size=size,
        period_ns=usual_period_ns([frame.t_ns for frame in frames]),
        phase_ns=frames[0].t_ns - begin_ns,
        view_deg=_view_deg(folder, frames[0], size[0]),
        mount_m=(float(mount[0]), float(mount[1]), float(mount[2])),
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
    )
    return DriveNode(side, path, (camera,))


def _pose(folder: Path, side: str, frame: ListedFrame) -> RigidTransform:
    """Return where a side's lidar is in the world; in the middle of it if nothing says more."""
    names = _POSES[side]
    if not all(_calibration(folder, frame, name).is_file() for name in names):
        if any(f"calib_{name}_path" in frame.entry for name in names):
            _transform(folder, frame, next(name for name in names if not _calibration(folder, frame, name).is_file()))
        tell(f"{folder}: no file says where it is; it stands at [0, 0]")
        return attitude.IDENTITY
    pose = attitude.IDENTITY
    for name in names:
        pose = pose.after(_transform(folder, frame, name))
    return pose


def _is_moving(folder: Path, side: str, frame: ListedFrame) -> bool:
    return side == VEHICLE and any(
        f"calib_{name}_path" in frame.entry or _calibration(folder, frame, name).is_file() for name in _POSES[side]
    )


def _lidar(side: str) -> str:
    return "virtuallidar" if side == ROADSIDE else "lidar"


def _transform(folder: Path, frame: ListedFrame, name: str) -> RigidTransform:
    file = _calibration(folder, frame, name)
    found = _read(file)
    found = found.get("transform", found) if isinstance(found, dict) else {}
    try:
        rotation = np.asarray(found["rotation"], float).reshape(3, 3)
        place = found["translation"]
        place = [place[axis] for axis in "xyz"] if isinstance(place, dict) else place
        translation = np.asarray(place, float).reshape(3)
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{file}: no transform; expected rotation (3 x 3) and translation (3)") from None
    is_rotation = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-2)
    if not is_rotation or not (np.abs(translation) < FARTHEST_M).all():
        raise InputError(f"{file}: no rigid transform; expected a rotation (3 x 3) and a translation in metres")
    return RigidTransform(rotation, translation)


def _view_deg(folder: Path, frame: ListedFrame, width: int) -> float:
    file = _calibration(folder, frame, "camera_intrinsic")
    found = _read(file)
    try:
        focal_px = float(np.asarray(found["cam_K"], float).reshape(9)[0])
    except (KeyError, TypeError, ValueError):
        focal_px = 0.0
    view = attitude.horizontal_view_deg(width, focal_px)
    if view is None:
        raise InputError(f"{file}: no cam_K of a camera; expected its 9 numbers")
    return view


def _place(pose: RigidTransform) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in pose.translation)
    return x, y, z


def _read(file: Path) -> Any:
    if not file.is_file():
        raise InputError(f"{file}: no such file; expected one of DAIR-V2X")
    return _parsed(str(file), file.stat().st_mtime_ns)


@lru_cache(maxsize=5000)
def _parsed(name: str, changed_ns: int) -> Any:
    del changed_ns
    text = input_files.read_text(Path(name), input_files.JSON_BYTES, "a file of DAIR-V2X, JSON")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"{name}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else name
        raise InputError(
            f"{where}: no JSON ({printable(getattr(error, 'msg', type(error).__name__))}); expected a file of DAIR-V2X"
        ) from None
