"""A run's worth of cached pixels, and what tests of the cache compare it with."""

import hashlib

import numpy as np

from simnet import world
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cached.cached_pixels import Pixels
from simnet.records import Scenario
from simnet.records.grants import SideChoice
from simnet.records.score import Score
from simnet.store import Store
from support.tiny_runs import MS

NOTHING = CacheCounters()
Asked = list[tuple[float, bool]]
"""Quality of each frame, and whether a key frame is asked for."""
STEADY: Asked = [(0.5, False)] * 6


class Sitting:
    """One run's worth of Pixels."""

    def __init__(self, scenario: Scenario, store: Store) -> None:
        self.counts = CacheCounters()
        self.pixels = Pixels(scenario, store, self.counts)

    def encode(self, stream: str, asked: Asked) -> list[bytes]:
        return [self.pixels.encode(stream, n, n * 100 * MS, *each) for n, each in enumerate(asked)]

    def decode(self, stream: str, frames: list[bytes], *sides: SideChoice) -> list[tuple[str, Score]]:
        return [self.pixels.decode(stream, n, data, sides) for n, data in enumerate(frames)]


def digest(picture: np.ndarray) -> str:
    """The name of a picture."""
    return hashlib.sha256(picture.tobytes()).hexdigest()[:32]


def frames_of(scenario: Scenario, camera: str, count: int) -> list[np.ndarray]:
    """What a camera sees, every 100 ms."""
    own = world.open_world(scenario.world, scenario.cameras, scenario.seed)
    frames = [own.frame(camera, n * 100 * MS) for n in range(count)]
    own.close()
    return frames
