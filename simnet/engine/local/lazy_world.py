"""A world opened when its first frame is asked for, by whichever thread asks, and its latest frames."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from simnet.engine.cached import frame_cache
from simnet.engine.local.ordered_pool import OrderedPool
from simnet.errors import NodeError

if TYPE_CHECKING:
    import numpy as np

    from simnet.engine.timing.thread_timer import ThreadTimer
    from simnet.records import Scenario
    from simnet.records.view_truth import ViewTruth
    from simnet.world import World

    Key = tuple[str, int]

CLOSE_S = 0.5
"""How long closing waits for a world that is just being opened."""


class LazyWorld:
    """One world for the threads of a process; every frame is made once, until it is closed."""

    def __init__(self, scenario: Scenario, timer: ThreadTimer) -> None:
        self._scenario, self._timer = scenario, timer
        self._opening, self._keeping = threading.Lock(), threading.Lock()
        self._world: World | None = None
        self._pending: dict[Key, Future[np.ndarray]] = {}
        self._frames: frame_cache.FrameCache[Key] = frame_cache.FrameCache(frame_cache.KEPT_BYTES)
        self._closed = False
        self._ahead = OrderedPool(1, "frames ahead")

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return what `camera` sees at `t_ns`: uint8, H x W x 3, RGB, not to be written to."""
        frame, is_new = self._claim((camera, t_ns))
        if is_new:
            self._make((camera, t_ns), frame)
        return frame.result()

    def truth(self, camera: str, t_ns: int) -> ViewTruth | None:
        """Return what a rendered world knows of a camera's frame; None in another world."""
        from simnet.world import truth

        world = self.open()
        with self._timer.part("truth"):
            return truth(world, camera, t_ns)

    def prepare(self, camera: str, t_ns: int) -> None:
        """Begin to make a frame that `frame` will ask for, which raises what goes wrong."""
        key = (camera, t_ns)
        frame, is_new = self._claim(key)
        if is_new:
            try:
                self._ahead.submit("frames", lambda: self._make(key, frame))
            except NodeError as error:  # closed meanwhile
                self._fail(key, frame, error)

    def open_ahead(self) -> None:
        """Begin to open the world; the next call that needs it raises what goes wrong."""
        self._ahead.submit("frames", self.open)

    def open(self) -> World:
        """Open the world unless it is open."""
        from simnet.world import open_world

        with self._opening:
            if self._closed:
                raise _closed()
            if self._world is None:
                with self._timer.part("opening world"):
                    world = open_world(self._scenario.world, self._scenario.cameras, self._scenario.seed)
                if self._closed:  # by a thread that did not wait for it
                    world.close()
                    raise _closed()
                self._world = world
            return self._world

    @property
    def peak_bytes(self) -> int:
        """Peak memory of the processes that the open world has started for itself."""
        return getattr(self._world, "peak_bytes", 0)

    @property
    def core_seconds(self) -> float:
        """What the processes that the open world has started for itself have taken of the processor."""
        return getattr(self._world, "core_seconds", 0.0)

    def close(self) -> None:
        """Close the world if it is open; waiting and later calls for a frame raise NodeError."""
        with self._keeping:
            self._closed = True
            pending = list(self._pending.items())
        for key, frame in pending:
            self._fail(key, frame, _closed())
        self._ahead.close()
        if not self._opening.acquire(timeout=CLOSE_S):
            return  # the thread that is opening it closes it
        try:
            if self._world is not None:
                self._world.close()
                self._world = None
        finally:
            self._opening.release()

    def _claim(self, key: Key) -> tuple[Future[np.ndarray], bool]:
        """Return the frame's future, and whether the caller is the one to make it."""
        with self._keeping:
            if self._closed:
                raise _closed()
            if key in self._pending:
                return self._pending[key], False
            frame: Future[np.ndarray] = Future()
            kept = self._frames.get(key, key[1])
            if kept is not None:
                frame.set_result(kept)
                return frame, False
            self._pending[key] = frame
            return frame, True

    def _make(self, key: Key, frame: Future[np.ndarray]) -> None:
        try:
            world = self.open()
            with self._timer.part("world frames"):
                made = world.frame(*key)
            made.setflags(write=False)
        except BaseException as error:
            self._fail(key, frame, error)
            return
        with self._keeping:
            if frame.done():  # closed meanwhile
                return
            del self._pending[key]
            self._frames.put(key, made, key[1])
            frame.set_result(made)

    def _fail(self, key: Key, frame: Future[np.ndarray], error: BaseException) -> None:
        with self._keeping:
            self._pending.pop(key, None)
            if not frame.done():
                frame.set_exception(error)


def _closed() -> NodeError:
    return NodeError("the world was closed; expected nobody to ask for frames any more")
