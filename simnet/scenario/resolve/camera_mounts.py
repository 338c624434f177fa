"""Places of cameras on vehicles and drones: where a camera is, and where it looks, unless a scenario says otherwise.

front_left   front   front_right          forward, left, up in metres from the node, which is the centre of the body
   left        +         right            on the ground, and a drone's own centre
rear_left    rear    rear_right
"""

from __future__ import annotations

from typing import NamedTuple


class MountPlace(NamedTuple):
    """A place of a camera on a body."""

    mount_m: tuple[float, float, float]
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0


def _around(
    front: float, rear: float, mirror: float, half_width: float, heights: tuple[float, float]
) -> dict[str, MountPlace]:
    """Return the places of a body: windscreen, rear, sides and roof; `heights`: the windscreen's camera, the others."""
    high, low = heights
    return {
        "front": MountPlace((front, 0.0, high)),
        "front_left": MountPlace((mirror, half_width, low), 55.0),
        "front_right": MountPlace((mirror, -half_width, low), -55.0),
        "left": MountPlace((mirror, half_width, low), 90.0),
        "right": MountPlace((mirror, -half_width, low), -90.0),
        "rear": MountPlace((rear, 0.0, low), 180.0),
        "rear_left": MountPlace((mirror, half_width, low), 125.0),
        "rear_right": MountPlace((mirror, -half_width, low), -125.0),
        "roof": MountPlace((0.0, 0.0, high + 0.2)),
    }


_BELOW = -0.1
BODIES: dict[str, dict[str, MountPlace]] = {
    "car": _around(1.0, -2.1, 0.8, 0.9, (1.5, 1.0)),
    "van": _around(1.5, -2.2, 1.2, 1.0, (1.9, 1.3)),
    "truck": _around(3.6, -4.0, 3.2, 1.25, (2.6, 2.2)),
    "robot": _around(0.25, -0.25, 0.0, 0.2, (0.4, 0.4)),
    "drone": {
        "front": MountPlace((0.2, 0.0, _BELOW)),
        "down": MountPlace((0.0, 0.0, _BELOW), 0.0, -90.0),
        "left": MountPlace((0.0, 0.2, _BELOW), 90.0),
        "right": MountPlace((0.0, -0.2, _BELOW), -90.0),
        "rear": MountPlace((-0.2, 0.0, _BELOW), 180.0),
    },
}
"""Places by kind of body and name. The first place is that of a camera whose name says no other."""


def place_of(body: str, camera: str) -> MountPlace:
    """Return the place that the name of a camera begins with (the longest of them), or the body's first place."""
    places = BODIES[body]
    named = [name for name in places if camera.lower().replace("-", "_").startswith(name)]
    return places[max(named, key=len) if named else next(iter(places))]
