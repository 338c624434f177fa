"""Drives of OPV2V and V2XSet, and of OpenCDA, which recorded them: a folder for each agent, files for each tick.

    DRIVE/641/000068.yaml  000068_camera0.png .. 000068_camera3.png  000070.yaml ...     a vehicle
    DRIVE/-1/000068.yaml   ...                                                           a roadside unit

Numbers are ticks of 0.05 s, in steps of two. Poses are CARLA's: [x, y, z, roll, yaw, pitch] in metres and degrees, in axes whose
y points right; here it points left, so that y and yaw change their signs. A vehicle is where `true_ego_pos` says, or else
`predicted_ego_pos` or `lidar_pose`; a roadside unit stands.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from simnet import input_files
from simnet.drives import stored_pictures
from simnet.drives.drive import DriveCamera, DriveNode, DrivePath, RecordedDrive, usual_period_ns
from simnet.drives.stored_pictures import SUFFIXES, StoredPicture
from simnet.errors import InputError, PictureError
from simnet.printable import of_file

if TYPE_CHECKING:
    from collections.abc import Mapping

TICK_NS = 50_000_000
POSES = ("true_ego_pos", "predicted_ego_pos", "lidar_pose")
"""Keys of an agent's pose, best first."""
WHAT = "drive of OPV2V or V2XSet; expected folders of agents (641, -1) with files like 000068.yaml"
FARTHEST_M = 1e6
_AGENT = re.compile(r"-?\d{1,12}")
_PICTURE = re.compile(r"(\d{1,12})_(camera\d+)")
_TICK = re.compile(r"\d{1,12}")
_KEY = re.compile(r"^([A-Za-z_]\w*):", re.MULTILINE)
_CAMERA = re.compile(r"camera\d+")


def describe(path: Path, sequence: str | None, origin: tuple[float, ...] | None) -> RecordedDrive:
    """Return the agents of a drive with their cameras.

    Raises:
        InputError: There is no such drive, or a file of it is damaged.
    """
    del origin
    folder = drive_folder(path, sequence)
    nodes = tuple(_node(agent, begin_tick(folder)) for agent in _agents(folder))
    if not any(node.cameras for node in nodes):
        raise PictureError(
            f"{folder}: no pictures beside its {len(nodes)} agents' poses; expected files like 641/000068_camera0.png"
        )
    return RecordedDrive(nodes)


def pictures(path: Path, sequence: str | None, source: str) -> list[StoredPicture]:
    """Return the pictures of a source, `AGENT/CAMERA`, in order of time.

    Raises:
        PictureError: There are none.
    """
    folder = drive_folder(path, sequence)
    agent, _, camera = source.partition("/")
    found = _pictures(folder / agent).get(camera) if _AGENT.fullmatch(agent) else None
    if not found:
        raise PictureError(
            f"{folder}: no pictures of {source!r}; expected an agent and its camera, such as 641/camera0"
        )
    begin = begin_tick(folder)
    return [StoredPicture((tick - begin) * TICK_NS, file) for tick, file in sorted(found.items())]


def drive_folder(path: Path, sequence: str | None) -> Path:
    """Return the folder of a drive: a folder with agents, or one below it.

    Raises:
        PictureError: There is none, or several and none is named.
    """
    if not path.is_dir():
        raise PictureError(f"{path}: no such folder; expected a {WHAT}")
    if sequence is None and _agents(path):
        return path
    found = {child.name: child for child in sorted(path.iterdir()) if child.is_dir() and _agents(child)}
    return stored_pictures.chosen(found, sequence, path, WHAT)


def begin_tick(folder: Path) -> int:
    """Return the first tick of any agent."""
    return min(min(_ticks(agent)) for agent in _agents(folder))


def _agents(folder: Path) -> list[Path]:
    """Return the folders of agents in the order of their numbers."""
    found = [child for child in folder.iterdir() if _AGENT.fullmatch(child.name) and child.is_dir() and _ticks(child)]
    return sorted(found, key=lambda child: int(child.name))


def _ticks(agent: Path) -> dict[int, Path]:
    return {
        int(file.stem): file
        for file in sorted(agent.iterdir())
        if file.suffix == ".yaml" and _TICK.fullmatch(file.stem)
    }


def _pictures(agent: Path) -> dict[str, dict[int, Path]]:
    """Return an agent's pictures by camera and tick."""
    found: dict[str, dict[int, Path]] = {}
    for file in sorted(agent.iterdir()) if agent.is_dir() else []:
        named = _PICTURE.fullmatch(file.stem)
        if named and file.suffix.lower() in SUFFIXES:
            found.setdefault(named[2], {})[int(named[1])] = file
    return dict(sorted(found.items()))


def _node(agent: Path, begin: int) -> DriveNode:
    states = [(tick, file, _state(file)) for tick, file in sorted(_ticks(agent).items())]
    poses = [_pose(file, state) for _, file, state in states]
    number = int(agent.name)
    name = f"roadside_{-number}" if number < 0 else f"vehicle_{number}"
    source = f"{agent.parent.name}/{agent.name}"
    moves = number >= 0 and len(poses) > 1
    path = DrivePath(
        [pose[0] for pose in poses] if moves else [poses[0][0]],
        [(tick - begin) * TICK_NS for tick, _, _ in states] if moves else (),
        [pose[1] for pose in poses] if moves else [poses[0][1]],
        source,
    )
    cameras = [_camera(agent.name, camera, files, states, begin) for camera, files in _pictures(agent).items() if files]
    return DriveNode(name, path, tuple(cameras))


def _camera(
    agent: str, camera: str, files: dict[int, Path], states: list[tuple[int, Path, dict[str, Any]]], begin: int
) -> DriveCamera:
    """Return a camera by what the first tick says of it."""
    _, file, state = states[0]
    known: Any = state.get(camera)
    if not isinstance(known, dict):
        raise InputError(f"{file}: no {camera}, of which there are pictures; expected its cords and intrinsic")
    (x, y, z), heading_deg, _ = _pose(file, state)
    (at_x, at_y, at_z), yaw_deg, pitch_deg = _placed(file, f"{camera}.cords", known.get("cords"))
    cos, sin = math.cos(math.radians(heading_deg)), math.sin(math.radians(heading_deg))
    east, north = at_x - x, at_y - y
    ticks = sorted(files)
    return DriveCamera(
        name=camera,
        source=f"{agent}/{camera}",
        size=stored_pictures.size_of(files[ticks[0]]),
        period_ns=usual_period_ns([tick * TICK_NS for tick in ticks]),
        phase_ns=(ticks[0] - begin) * TICK_NS,
        view_deg=_view_deg(file, camera, known.get("intrinsic")),
        mount_m=(east * cos + north * sin, north * cos - east * sin, at_z - z),
        yaw_deg=yaw_deg - heading_deg,
        pitch_deg=pitch_deg,
    )


def _view_deg(file: Path, camera: str, matrix: Any) -> float:
    """Return the field of view of the calibrated width, twice the centre's distance from the edge: pictures may be scaled."""
    try:
        focal_px, centre_px = float(matrix[0][0]), float(matrix[0][2])
    except (TypeError, ValueError, LookupError):
        focal_px = centre_px = math.nan
    if not (focal_px > 0 and 0 < centre_px < math.inf):
        raise InputError(f"{file}: {camera}.intrinsic is no camera's; expected [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]")
    return min(max(2 * math.degrees(math.atan(centre_px / focal_px)), 1.0), 179.0)


def _pose(file: Path, state: Mapping[str, Any]) -> tuple[tuple[float, float, float], float, float]:
    key = next((key for key in POSES if state.get(key)), None)
    if key is None:
        raise InputError(f"{file}: no pose; expected one of {', '.join(POSES)}")
    return _placed(file, key, state[key])


def _placed(file: Path, key: str, values: Any) -> tuple[tuple[float, float, float], float, float]:
    """Return place, heading and pitch of a pose in axes whose y points left."""
    try:
        x, y, z, _, yaw, pitch = (float(value) for value in values)
    except (TypeError, ValueError):
        x = y = z = yaw = pitch = math.nan
    if not all(abs(value) <= FARTHEST_M for value in (x, y, z, yaw, pitch)):
        found = of_file(values) if not isinstance(values, list) else f"a list of {len(values)}"
        raise InputError(f"{file}: {key} is {found}; expected [x, y, z, roll, yaw, pitch] in metres and degrees")
    return (x, -y + 0.0, z), -yaw, (pitch + 180) % 360 - 180


def _state(file: Path) -> dict[str, Any]:
    return _read(str(file), file.stat().st_mtime_ns)


@lru_cache(maxsize=20_000)
def _read(name: str, changed_ns: int) -> dict[str, Any]:
    """Return poses and cameras of a file; of the vehicles around, which are most of it, nothing is parsed."""
    del changed_ns
    file = Path(name)
    text = input_files.read_text(file, input_files.TRACK_BYTES, "a file of OPV2V")
    keys = list(_KEY.finditer(text))
    ends = [*(key.start() for key in keys), len(text)]
    kept = [
        text[key.start() : end]
        for key, end in zip(keys, ends[1:], strict=True)
        if key[1] in POSES or _CAMERA.fullmatch(key[1])
    ]
    try:
        found = yaml.load("".join(kept), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or type(error).__name__
        raise InputError(
            f"{file}: no valid YAML in its poses ({what}{' ' if mark else ''}); expected a file of OPV2V"
        ) from None
    return found if isinstance(found, dict) else {}
