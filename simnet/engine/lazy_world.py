"""A world opened when its first frame is asked for, by whichever thread asks, and its latest frames."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from simnet.engine.stopwatch import Stopwatch
    from simnet.records import Scenario
    from simnet.world import World

KEPT_BYTES = 128 * 2**20
"""Frames are kept up to this size: the score asks for a frame again once it has been sent, waited for and decoded."""


class LazyWorld:
    """One world for the threads of a process."""

    def __init__(self, scenario: Scenario, stopwatch: Stopwatch) -> None:
        self._scenario, self._stopwatch = scenario, stopwatch
        self._opening, self._keeping = threading.Lock(), threading.Lock()
        self._world: World | None = None
        self._kept: OrderedDict[tuple[str, int], np.ndarray] = OrderedDict()
        self._kept_bytes = 0

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return what `camera` sees at `t_ns`: uint8, H x W x 3, RGB, not to be written to."""
        with self._keeping:
            kept = self._kept.get((camera, t_ns))
        if kept is not None:
            return kept
        world = self.open()
        with self._stopwatch.part("world frames"):
            frame = world.frame(camera, t_ns)
        frame.setflags(write=False)
        self._keep((camera, t_ns), frame)
        return frame

    def open(self) -> World:
        """Open the world unless it is open."""
        from simnet.world import open_world

        with self._opening:
            if self._world is None:
                with self._stopwatch.part("opening world"):
                    self._world = open_world(self._scenario.world, self._scenario.cameras, self._scenario.seed)
            return self._world

    def close(self) -> None:
        """Close the world if it is open."""
        with self._opening:
            if self._world is not None:
                self._world.close()
                self._world = None

    def _keep(self, key: tuple[str, int], frame: np.ndarray) -> None:
        with self._keeping:
            if key not in self._kept:
                self._kept[key] = frame
                self._kept_bytes += frame.nbytes
            while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
                self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes
