"""A world opened when its first frame is asked for, by whichever thread asks, and its latest frames."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from simnet.engine.stopwatch import Stopwatch
    from simnet.records import Scenario
    from simnet.world import World

    Key = tuple[str, int]

KEPT_BYTES = 128 * 2**20
"""Frames are kept up to this size: the score asks for a frame again once it has been sent, waited for and decoded."""


class LazyWorld:
    """One world for the threads of a process; every frame is made once, whoever asks first."""

    def __init__(self, scenario: Scenario, stopwatch: Stopwatch) -> None:
        self._scenario, self._stopwatch = scenario, stopwatch
        self._opening, self._keeping = threading.Lock(), threading.Lock()
        self._world: World | None = None
        self._kept: OrderedDict[Key, Future[np.ndarray]] = OrderedDict()
        self._kept_bytes = 0
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="frames ahead")

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return what `camera` sees at `t_ns`: uint8, H x W x 3, RGB, not to be written to."""
        frame, is_new = self._claim((camera, t_ns))
        if is_new:
            self._make((camera, t_ns), frame)
        return frame.result()

    def prepare(self, camera: str, t_ns: int) -> None:
        """Begin to make a frame that will be asked for; what goes wrong is told when it is."""
        frame, is_new = self._claim((camera, t_ns))
        if is_new:
            self._ahead.submit(self._make, (camera, t_ns), frame)

    def open_ahead(self) -> None:
        """Begin to open the world; what goes wrong is told when it is asked for."""
        self._ahead.submit(self.open)

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
        self._ahead.shutdown()
        with self._opening:
            if self._world is not None:
                self._world.close()
                self._world = None

    def _claim(self, key: Key) -> tuple[Future[np.ndarray], bool]:
        """Return the frame's future, and whether the caller is the one to make it."""
        with self._keeping:
            is_new = key not in self._kept
            if is_new:
                self._kept[key] = Future()
            return self._kept[key], is_new

    def _make(self, key: Key, frame: Future[np.ndarray]) -> None:
        try:
            world = self.open()
            with self._stopwatch.part("world frames"):
                made = world.frame(*key)
        except Exception as error:
            with self._keeping:
                del self._kept[key]
            frame.set_exception(error)
            return
        made.setflags(write=False)
        frame.set_result(made)
        with self._keeping:
            self._kept_bytes += made.nbytes
            while self._kept_bytes > KEPT_BYTES and (oldest := next(iter(self._kept.values()))).done():
                self._kept.popitem(last=False)
                self._kept_bytes -= oldest.result().nbytes
