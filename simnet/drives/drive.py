"""A recorded drive as the nodes of a scenario: what the files say of places, paths and cameras.

files ──reader──▶ RecordedDrive ──tree──▶ nodes of a scenario file, below what the user writes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet.records import SECOND_NS
from simnet.tracks import track
from simnet.units import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SMALLEST, LARGEST = 16, 8192
"""Sides that a camera of a scenario can have."""
NEAR_M, NEAR_DEG = 0.02, 0.2
"""Waypoints that lie so near the straight way between their neighbours are left out."""
LOWEST_HZ, HIGHEST_HZ = 0.001, 1000.0
USUAL_NS = 100_000_000
"""Period of a camera with a single picture."""
WHOLE_HZ = 0.002
"""A rate so near a whole number, as a share of it, is that number."""
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class DriveCamera:
    """A camera of a drive: `source` names its pictures, times are those of the drive, which begins at 0."""

    name: str
    source: str
    size: tuple[int, int]
    period_ns: int
    phase_ns: int = 0
    view_deg: float | None = None
    """Field of view; None if the files do not say."""
    mount_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class DrivePath:
    """Where a node is at each time, in metres and in degrees counter-clockwise from x; one place stands still."""

    places_m: Sequence[tuple[float, float, float]]
    times_ns: Sequence[int] = ()
    headings_deg: Sequence[float] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class DriveNode:
    """A vehicle or roadside unit of a drive."""

    name: str
    path: DrivePath
    cameras: tuple[DriveCamera, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedDrive:
    """Nodes by a reader of recordings, and the geographic origin of their places if they have one."""

    nodes: tuple[DriveNode, ...]
    origin: tuple[float, float, float] | None = None


def tree(drive: RecordedDrive) -> dict[str, Any]:
    """Return the nodes as a scenario file has them."""
    return {node.name: _node(node) for node in drive.nodes}


def usual_period_ns(times_ns: Sequence[int]) -> int:
    """Return the period of a camera with these times of pictures, whatever pictures are missing."""
    apart = np.diff(np.asarray(times_ns, np.int64))
    apart = apart[apart > 0]
    if not apart.size:
        return USUAL_NS
    median = float(np.median(apart))
    period_ns = float(apart[np.abs(apart - median) <= median / 2].mean())
    rate_hz = min(max(SECOND_NS / period_ns, LOWEST_HZ), HIGHEST_HZ)
    whole = round(rate_hz)
    return round(SECOND_NS / (whole if whole and abs(rate_hz - whole) <= WHOLE_HZ * whole else rate_hz))


def name_of(written: str, otherwise: str) -> str:
    """Return a name of a file as a name of a scenario."""
    name = _NO_NAME.sub("_", written).strip("_-")
    name = name if not name or name[0].isalpha() else f"{otherwise}_{name}"
    return name[:64] or otherwise


def unique(name: str, taken: Mapping[str, object]) -> str:
    """Return a name that is not taken: itself, or with a number."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name[:60]}_{number}", number + 1
    return found


def _node(node: DriveNode) -> dict[str, Any]:
    return _way(node.path) | {"cameras": {camera.name: _camera(camera) for camera in node.cameras}}


def _way(path: DrivePath) -> dict[str, Any]:
    if len(path.places_m) == 1:
        heading = {"heading": text(_turn(path.headings_deg[0]), "deg")} if path.headings_deg else {}
        return {"position": _rounded(path.places_m[0])} | heading
    headings = track.unwrap(list(path.headings_deg)) if path.headings_deg else ()
    kept = _needed(path, headings)
    found: dict[str, Any] = {
        "points": [_rounded(path.places_m[k]) for k in kept],
        "times": [text(path.times_ns[k], "ns") for k in kept],
    }
    if headings:
        found["headings"] = [round(headings[k], 3) for k in kept]
    return {"path": found | ({"source": path.source} if path.source else {})}


def _camera(camera: DriveCamera) -> dict[str, Any]:
    view = {} if camera.view_deg is None else {"field_of_view": text(round(camera.view_deg, 4), "deg")}
    return {
        "size": _fitting(*camera.size),
        "rate": _rate(camera.period_ns),
        **view,
        "mount": _rounded(camera.mount_m),
        "yaw": text(round(_turn(camera.yaw_deg), 4), "deg"),
        "pitch": text(round(camera.pitch_deg, 4), "deg"),
        "phase": text(camera.phase_ns, "ns"),
        "source": camera.source,
    }


def _rate(period_ns: int) -> str:
    """Return the shortest text of the rate with this period."""
    rate = SECOND_NS / period_ns
    return next(
        f"{rate:.{digits}g} Hz"
        for digits in range(2, 18)
        if round(SECOND_NS / float(f"{rate:.{digits}g}")) == period_ns
    )


def _fitting(width: int, height: int) -> list[int]:
    """Return a size that a camera can have, of the same shape if possible."""
    scale = min(1.0, LARGEST / max(width, height))
    return [max(SMALLEST, round(width * scale)), max(SMALLEST, round(height * scale))]


def _rounded(place: Sequence[float]) -> list[float]:
    return [round(float(value), 4) + 0.0 for value in place]


def _turn(angle_deg: float) -> float:
    return (angle_deg + 180.0) % 360.0 - 180.0


def _needed(path: DrivePath, headings: Sequence[float]) -> list[int]:
    """Return the waypoints without which a place or heading would move noticeably (Ramer, Douglas and Peucker, over time)."""
    times = np.asarray(path.times_ns, float)
    values = np.asarray(path.places_m, float) / NEAR_M
    if headings:
        values = np.column_stack((values, np.asarray(headings, float) / NEAR_DEG))
    kept, open_spans = {0, len(times) - 1}, [(0, len(times) - 1)]
    while open_spans:
        begin, end = open_spans.pop()
        if end - begin < 2:
            continue
        share = ((times[begin + 1 : end] - times[begin]) / (times[end] - times[begin]))[:, None]
        straight = values[begin] + share * (values[end] - values[begin])
        off = np.abs(values[begin + 1 : end] - straight).max(axis=1)
        farthest = int(off.argmax())
        if off[farthest] > 1:
            middle = begin + 1 + farthest
            kept.add(middle)
            open_spans += [(begin, middle), (middle, end)]
    return sorted(kept)
