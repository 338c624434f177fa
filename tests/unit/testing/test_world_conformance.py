"""The conformance suite of worlds passes what is right; each check fails on what is wrong in just that."""

import time
from functools import partial
from typing import Any, ClassVar

import numpy as np

from simnet import testing
from support.spoilt_subjects import each_fails


class Stripes:
    """Stripes that drift by; `frame` of the mutants is called like this one's."""

    def __init__(self, config: Any, cameras: Any, seed: int) -> None:
        self.cameras = cameras

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        size = self.cameras[camera]
        light = (np.arange(size.width) + t_ns // 10_000_000) // 8 % 2 * 200
        return np.broadcast_to(light.astype(np.uint8)[None, :, None], (size.height, size.width, 3)).copy()

    def close(self) -> None:
        pass


class Turned(Stripes):
    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        return super().frame(camera, t_ns).transpose(1, 0, 2)


class Drifting(Stripes):
    asked = 0

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        self.asked += 1
        return super().frame(camera, t_ns + self.asked * 80_000_000)


class Lending(Stripes):
    def __init__(self, config: Any, cameras: Any, seed: int) -> None:
        super().__init__(config, cameras, seed)
        self.kept: dict[tuple[str, int], np.ndarray] = {}

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        return self.kept.setdefault((camera, t_ns), super().frame(camera, t_ns))


class Careless(Stripes):
    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        self.now = t_ns
        time.sleep(0.001)
        return super().frame(camera, self.now)


class Ending(Stripes):
    length_ns = 1_000_000_000

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        if t_ns > 400_000_000:
            raise IndexError("no more frames")
        return super().frame(camera, t_ns)


class Shared(Stripes):
    opened: ClassVar[bool] = False

    def __init__(self, config: Any, cameras: Any, seed: int) -> None:
        super().__init__(config, cameras, seed)
        Shared.opened = True

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        return super().frame(camera, t_ns if Shared.opened else 0) // (1 if Shared.opened else 2)

    def close(self) -> None:
        Shared.opened = False


class Unwatched(testing.WorldUnderTest):
    """As simnet's own worlds are: nobody copies what it returns, nobody lets threads wait for each other."""

    def open(self) -> Any:
        return self.world(None, self.cameras, 1)


BAD_WORLDS = {
    "frames_have_their_cameras_size": Unwatched(Turned),
    "frames_do_not_depend_on_what_was_asked_before": Unwatched(Drifting),
    "frames_belong_to_whoever_asked": Unwatched(Lending),
    "any_thread_may_ask": Unwatched(Careless),
    "every_capture_before_its_end_has_a_frame": Unwatched(Ending),
    "two_may_be_open": Unwatched(Shared),
}


def test_good_worlds_pass() -> None:
    testing.check_world(Stripes)
    testing.run(testing.WORLD_CHECKS, Unwatched(Stripes))
    # What is wrong with these is put right by what simnet puts around plug-ins.
    testing.check_world(Lending)
    testing.check_world(Careless)


def test_every_world_check_detects_its_fault() -> None:
    each_fails(testing.WORLD_CHECKS, BAD_WORLDS, partial(testing.run, testing.WORLD_CHECKS))
