"""A world opened when its first frame is asked for, by whichever thread asks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from simnet.engine.stopwatch import Stopwatch
    from simnet.records import Scenario
    from simnet.world import World


class LazyWorld:
    """One world for the threads of a process."""

    def __init__(self, scenario: Scenario, stopwatch: Stopwatch) -> None:
        self._scenario, self._stopwatch = scenario, stopwatch
        self._lock = threading.Lock()
        self._world: World | None = None

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return what `camera` sees at `t_ns`: uint8, H x W x 3, RGB."""
        world = self.open()
        with self._stopwatch.part("world frames"):
            return world.frame(camera, t_ns)

    def open(self) -> World:
        """Open the world unless it is open."""
        from simnet.world import open_world

        with self._lock:
            if self._world is None:
                with self._stopwatch.part("opening world"):
                    self._world = open_world(self._scenario.world, self._scenario.cameras, self._scenario.seed)
            return self._world

    def close(self) -> None:
        """Close the world if it is open."""
        with self._lock:
            if self._world is not None:
                self._world.close()
                self._world = None
