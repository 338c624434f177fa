"""Frames are made once, kept while there is room, and what goes wrong is told to who asks."""

import threading

import numpy as np
import pytest

from simnet.engine.cached import frame_cache
from simnet.engine.local.lazy_world import LazyWorld
from simnet.engine.timing.thread_timer import ThreadTimer
from simnet.errors import NodeError, PictureError
from simnet.records import Scenario


class _Counting:
    """A world that counts; frame -1 is missing."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        if t_ns < 0:
            raise PictureError(f"{camera}: missing")
        self.made.append(t_ns)
        return np.full((4, 4, 3), t_ns, np.uint8)

    def close(self) -> None:
        pass


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> _Counting:
    world = _Counting()
    monkeypatch.setattr("simnet.world.open_world", lambda *_: world)
    return world


def test_each_frame_is_made_once(counting: _Counting, tiny: Scenario) -> None:
    world = LazyWorld(tiny, ThreadTimer())
    for t_ns in range(20):
        world.prepare("car/a", t_ns)
    askers = [threading.Thread(target=lambda: [world.frame("car/a", t_ns) for t_ns in range(20)]) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert sorted(counting.made) == list(range(20))
    world.close()


def test_oldest_frames_are_evicted_first(counting: _Counting, tiny: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_cache, "KEPT_BYTES", 3 * 48)
    world = LazyWorld(tiny, ThreadTimer())
    for t_ns in (0, 1, 2, 3, 3, 1, 0):
        assert world.frame("car/a", t_ns)[0, 0, 0] == t_ns
    assert counting.made == [0, 1, 2, 3, 0]
    world.close()


def test_missing_frame_raises_for_its_caller(counting: _Counting, tiny: Scenario) -> None:
    world = LazyWorld(tiny, ThreadTimer())
    world.prepare("car/a", -1)
    for _ in range(2):
        with pytest.raises(PictureError, match="missing"):
            world.frame("car/a", -1)
    world.close()


def test_closing_fails_waiting_and_later_calls(
    counting: _Counting, tiny: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(counting, "frame", lambda *_: go.wait(20))
    world = LazyWorld(tiny, ThreadTimer())
    world.prepare("car/a", 0)
    world.prepare("car/a", 1)
    told: list[BaseException] = []

    def ask(t_ns: int) -> None:
        try:
            world.frame("car/a", t_ns)
        except NodeError as error:
            told.append(error)

    askers = [threading.Thread(target=ask, args=(t_ns,)) for t_ns in (0, 1)]
    for asker in askers:
        asker.start()
    world.close()
    for asker in askers:
        asker.join(5)
    assert len(told) == 2
    with pytest.raises(NodeError, match="the world was closed"):
        world.frame("car/a", 2)
    go.set()
