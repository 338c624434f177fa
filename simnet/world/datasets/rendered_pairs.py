"""Training pairs of overlapping views of rendered scenes; their seeds differ from those of all scenarios."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.seeds import generator
from simnet.tracks.poses import Pose
from simnet.world.rendering.draw_client import DrawClient
from simnet.world.rendering.render_requests import SceneSetting, ViewRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

_PAIRS_PER_SCENE = 60
SCENES = ("street", "field")
_SPOTS = tuple((float(x), side * 8.8) for x in range(-50, 230, 35) for side in (-1, 1))
"""Camera positions on the pavement, kept clear of trees."""


def render_pairs(
    scene: str, count: int, seed: int, width: int = 256, height: int = 128
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield `count` pairs of views (uint8, height x width x 3, RGB each) that overlap.

    The second view of a street is a stereo neighbour (0.3 to 0.8 m to the side), a view from 0.5 to 8 m along the road, or
    the same position 0.1 to 0.5 s later; over a field it is another drone's view from 2 to 15 m away. The scene is rebuilt from
    another seed every 60 pairs.

    Raises:
        InputError: `scene` is neither `street` nor `field`.
    """
    if scene not in SCENES:
        raise InputError(f"rendered pairs: no scene {scene!r}; expected one of {', '.join(SCENES)}")
    choose = {"street": _street_views, "field": _field_views}[scene]
    rng = generator(seed, "world", "pairs", scene)
    renderer = DrawClient(width * height * 3)
    try:
        for k in range(count):
            if k % _PAIRS_PER_SCENE == 0:
                renderer.build(SceneSetting(scene, int(rng.integers(1 << 31)), _SPOTS))
            fov, *views = choose(rng)
            requests = [ViewRequest(pose, t_s, fov, width, height) for pose, t_s in views]
            first, second = (renderer.draw(request, f"pair {k} of {scene}") for request in requests)
            yield first, second
    finally:
        renderer.close()


def _street_views(rng: np.random.Generator) -> tuple[float, tuple[Pose, float], tuple[Pose, float]]:
    """Draw a field of view and two (pose, seconds): on the road, on the pavement, or from a mast."""
    kind = rng.random()
    yaw = float(rng.normal(0.0, 12.0)) + 180.0 * (rng.random() < 0.3)
    x, t_s = rng.uniform(-55.0, 230.0), rng.uniform(0.0, 30.0)
    if kind < 0.6:
        y, z, pitch = rng.uniform(-3.2, 0.5), rng.uniform(1.2, 1.9), rng.normal(-1.0, 2.0)
    elif kind < 0.85:
        x, y = _SPOTS[rng.integers(len(_SPOTS))]
        yaw = math.copysign(rng.uniform(15.0, 165.0), -y)
        x, y, z, pitch = (
            x + rng.uniform(-1.5, 1.5),
            y + rng.uniform(-0.6, 0.6),
            rng.uniform(1.5, 6.0),
            rng.normal(-5, 3),
        )
    else:
        y, z, pitch = rng.uniform(-4.0, 4.0), rng.uniform(15.0, 40.0), rng.uniform(-80.0, -35.0)
    first = Pose((float(x), float(y), float(z)), yaw, float(pitch))
    kind, later = rng.random(), t_s
    if kind < 0.45:
        shift, turned = rng.uniform(0.3, 0.8) * rng.choice((-1.0, 1.0)), math.radians(yaw)
        place = (x - shift * math.sin(turned), y + shift * math.cos(turned), z)
    elif kind < 0.85:
        place = (x + rng.uniform(0.5, 8.0) * rng.choice((-1.0, 1.0)), y + rng.normal(0.0, 0.1), z)
        later = t_s + rng.uniform(0.0, 0.2)
    else:
        place, later = (x, y, z), t_s + rng.uniform(0.1, 0.5)
    turn = rng.normal(0.0, 0.7, 2)
    second = Pose(tuple(map(float, place)), yaw + float(turn[0]), float(pitch + turn[1]))  # pyright: ignore[reportArgumentType]
    return float(rng.uniform(60.0, 100.0)), (first, t_s), (second, later)


def _field_views(rng: np.random.Generator) -> tuple[float, tuple[Pose, float], tuple[Pose, float]]:
    """Draw a field of view and two (pose, seconds) of drones that look down on the same area."""
    x, y, z = rng.uniform(-140.0, 260.0), rng.uniform(-200.0, 200.0), rng.uniform(20.0, 60.0)
    yaw, pitch, t_s = rng.uniform(0.0, 360.0), rng.uniform(-90.0, -50.0), rng.uniform(0.0, 30.0)
    apart, towards = rng.uniform(2.0, 15.0), rng.uniform(0.0, 2 * math.pi)
    first = Pose((float(x), float(y), float(z)), float(yaw), float(pitch))
    place = (x + apart * math.cos(towards), y + apart * math.sin(towards), z + rng.normal(0.0, 1.0))
    turn = rng.normal(0.0, 4.0), rng.normal(0.0, 1.5)
    tilt = float(max(-90.0, pitch + turn[1]))
    second = Pose((float(place[0]), float(place[1]), float(place[2])), float(yaw + turn[0]), tilt)
    return float(rng.uniform(60.0, 90.0)), (first, t_s), (second, t_s + rng.uniform(0.0, 0.5))
