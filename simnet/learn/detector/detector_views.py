"""Views of rendered streets and intersections with the boxes of their cars."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simnet.records import CameraConfig, Trajectory
from simnet.seeds import generator
from simnet.tasks.true_boxes import TrueBoxes, boxes_of
from simnet.tracks.poses import Pose
from simnet.world.rendering.draw_client import DrawClient
from simnet.world.rendering.render_requests import SceneSetting, ViewRequest

VIEWS_PER_SCENE = 40
SCENES = ("street", "street", "intersection")
_SPOTS = tuple((float(x), side * 8.8) for x in range(-50, 230, 35) for side in (-1, 1))
"""Camera positions on the pavement, kept clear of trees."""
_PERIOD_NS = 100_000_000


@dataclass(frozen=True, slots=True, eq=False)
class BoxedView:
    """A picture, uint8 H x W x 3, and the boxes of its cars."""

    picture: np.ndarray
    truth: TrueBoxes


def render_views(count: int, seed: int, width: int = 256, height: int = 128) -> Iterator[BoxedView]:
    """Yield `count` views: from cars, from the pavement and from masts; the scene changes every 40 views."""
    rng = generator(seed, "learn", "detector", "views")
    renderer = DrawClient(width * height * 3)
    try:
        for k in range(count):
            if k % VIEWS_PER_SCENE == 0:
                scene = SCENES[k // VIEWS_PER_SCENE % len(SCENES)]
                renderer.build(SceneSetting(scene, int(rng.integers(1 << 31)), _SPOTS, _traffic(rng)))
            request = ViewRequest(_pose(rng), float(rng.uniform(0, 30)), float(rng.uniform(60, 110)), width, height)
            picture = renderer.draw(request, f"view {k}")
            yield BoxedView(picture, boxes_of(renderer.truth(request, f"view {k}")))
    finally:
        renderer.close()


def _traffic(rng: np.random.Generator) -> dict[str, CameraConfig]:
    """Return cameras whose carriers drive in the lane that the scene itself leaves free."""
    made: dict[str, CameraConfig] = {}
    for k in range(5):
        way = Trajectory(
            ((-60.0, -2.0, 0.0), (260.0, -2.0, 0.0)), float(rng.uniform(4, 10)), float(rng.uniform(0, 250))
        )
        made[f"car_{k}/front"] = CameraConfig(f"car_{k}/front", 256, 128, _PERIOD_NS, 90.0, way)
    return made


def _pose(rng: np.random.Generator) -> Pose:
    """Draw a place and a direction."""
    kind = rng.random()
    x = rng.uniform(-55.0, 230.0)
    yaw = float(rng.normal(0.0, 15.0)) + 180.0 * (rng.random() < 0.4)
    if kind < 0.6:
        y, z, pitch = rng.uniform(-3.2, 0.5), rng.uniform(1.2, 1.9), rng.normal(-1.0, 2.0)
    elif kind < 0.85:
        x, y = _SPOTS[rng.integers(len(_SPOTS))]
        yaw = math.copysign(rng.uniform(15.0, 165.0), -y)
        x, y, z, pitch = (
            x + rng.uniform(-1.5, 1.5),
            y + rng.uniform(-0.6, 0.6),
            rng.uniform(1.5, 6.0),
            rng.normal(-6, 4),
        )
    else:
        y, z, pitch = rng.uniform(-6.0, 6.0), rng.uniform(6.0, 15.0), rng.uniform(-35.0, -12.0)
    return Pose((float(x), float(y), float(z)), yaw, float(pitch))
