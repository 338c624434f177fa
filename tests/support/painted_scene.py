"""A renderer's process with a painter in place of Panda3D: it starts and paints in no time."""

import sys
import time
from types import ModuleType

import numpy as np

from simnet.errors import InputError
from simnet.world.rendering import draw_server
from simnet.world.rendering.render_requests import SceneSetting, ViewRequest


class PaintedScene:
    """Pictures of noise that depend on seed and time."""

    def __init__(self, setting: SceneSetting) -> None:
        if setting.scene == "beach":
            raise InputError("world: no scene 'beach'")
        self._seed = int(setting.seed)

    def draw(self, view: ViewRequest) -> np.ndarray:
        time.sleep(0.002)
        noise = np.random.default_rng((self._seed, round(view.t_s * 1e9)))
        return noise.integers(0, 256, (view.height, view.width, 3), np.uint8)


def main(pipe: int, memory: int, owner: int) -> None:
    """Serve as `draw_server` does."""
    stage = ModuleType("simnet.world.rendering.staged_scene")
    stage.StagedScene = PaintedScene  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    sys.modules[stage.__name__] = stage
    draw_server.main(pipe, memory, owner)
