"""Conformance suite of worlds: a frame depends only on the world, the camera and the time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet import world as worlds
from simnet.records import CameraConfig, Trajectory, WorldConfig
from simnet.testing.require import require, run
from simnet.world.plugin_worlds import InstalledWorld

if TYPE_CHECKING:
    from simnet.world import World

MOST_FRAMES = 4


def _camera(name: str, width: int, height: int, **rest: Any) -> CameraConfig:
    way = Trajectory(((0.0, 0.0, 1.5), (50.0, 0.0, 1.5)), speed_mps=10.0)
    return CameraConfig(name, width, height, 100_000_000, 90.0, way, **rest)


CAMERAS = {
    "car/left": _camera("car/left", 64, 48, source="left"),
    "car/right": _camera("car/right", 97, 53, phase_ns=20_000_000, source="right"),
}
"""Two cameras of one car with different start times; one has an odd size."""


@dataclass(frozen=True)
class WorldUnderTest:
    """A world by kind, or the object that an entry point names, with its settings of a scenario."""

    world: Any
    path: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    cameras: Mapping[str, CameraConfig] = field(default_factory=lambda: CAMERAS)
    seed: int = 1
    scene: str = "street"

    def open(self) -> World:
        """Open a new instance of the world."""
        kind = self.world if isinstance(self.world, str) else "under_test"
        options = json.dumps(dict(self.options)) if self.options else ""
        config = WorldConfig(kind, self.scene, self.path, options_json=options)
        if isinstance(self.world, str):
            return worlds.open_world(config, self.cameras, self.seed)
        return InstalledWorld(self.world, f"world {self.world!r:.60}", config, self.cameras, self.seed)

    @cached_property
    def length_ns(self) -> int | None:
        """Time at which the first camera has no more frames."""
        world = self.open()
        try:
            return getattr(world, "length_ns", None)
        finally:
            world.close()

    @cached_property
    def instants(self) -> list[tuple[str, int]]:
        """Cameras and the times of their first captures, at most `MOST_FRAMES` each."""
        length_ns = self.length_ns
        times = {
            name: [camera.phase_ns + number * camera.period_ns for number in range(MOST_FRAMES)]
            for name, camera in self.cameras.items()
        }
        return [(name, t_ns) for name, own in times.items() for t_ns in own if length_ns is None or t_ns < length_ns]


def check_world(
    world: Any,
    *,
    path: str | None = None,
    options: Mapping[str, Any] | None = None,
    cameras: Mapping[str, CameraConfig] | None = None,
    seed: int = 1,
    scene: str = "street",
) -> None:
    """Run the whole suite on a world: a kind, or the object that an entry point names, called with (config, cameras, seed).

    Raises:
        AssertionError: A check fails; the text states the expectation.
    """
    run(WORLD_CHECKS, WorldUnderTest(world, path, options or {}, cameras or CAMERAS, seed, scene))


def frames_have_their_cameras_size(subject: WorldUnderTest) -> None:
    """Frames are uint8, height x width x 3, for every camera."""
    require(subject.instants, "no camera has a frame; expected some to look at")
    for (name, t_ns), frame in _frames(subject, subject.instants).items():
        camera = subject.cameras[name]
        wanted = (camera.height, camera.width, 3)
        found = f"{' x '.join(map(str, frame.shape))} {frame.dtype}"
        text = f"{name} at {t_ns} ns: {found}; expected {' x '.join(map(str, wanted))} uint8"
        require(frame.shape == wanted and frame.dtype == np.uint8, text)


def frames_do_not_depend_on_what_was_asked_before(subject: WorldUnderTest) -> None:
    """Frames are the same in another request order and in a new instance of the world."""
    forth = _frames(subject, subject.instants)
    for order in (subject.instants[::-1], subject.instants[1:] + subject.instants):
        for instant, frame in _frames(subject, order).items():
            text = f"{instant[0]} at {instant[1]} ns: another frame in another order; expected the same"
            require((frame == forth[instant]).all(), text)


def frames_belong_to_whoever_asked(subject: WorldUnderTest) -> None:
    """Writing to a frame does not change later frames."""
    instants = subject.instants
    world = subject.open()
    try:
        for name, t_ns in instants:
            frame = world.frame(name, t_ns)
            before = frame.copy()
            frame[:] = 255 - frame
            again = world.frame(name, t_ns)
            require(
                (again == before).all(),
                f"{name} at {t_ns} ns: what was written to it is seen again; expected a frame of its own",
            )
    finally:
        world.close()


def any_thread_may_ask(subject: WorldUnderTest) -> None:
    """Concurrent threads get the same frames as a single thread."""
    asked = subject.instants * 4
    expected = _frames(subject, asked)
    world = subject.open()
    try:
        with ThreadPoolExecutor(4) as pool:
            for instant, frame in zip(asked, pool.map(lambda each: world.frame(*each), asked), strict=True):
                text = f"{instant[0]} at {instant[1]} ns: another frame when several threads ask; expected the same"
                require((frame == expected[instant]).all(), text)
    finally:
        world.close()


def every_capture_before_its_end_has_a_frame(subject: WorldUnderTest) -> None:
    """A finite world (`length_ns`) has a frame for each camera until its end."""
    length_ns = subject.length_ns
    if length_ns is None:
        return
    require(length_ns > 0, f"length_ns: {length_ns}; expected more, or None where frames never end")
    last = {
        name: camera.phase_ns + (length_ns - 1 - camera.phase_ns) // camera.period_ns * camera.period_ns
        for name, camera in subject.cameras.items()
        if camera.phase_ns < length_ns
    }
    world = subject.open()
    try:
        for name, t_ns in last.items():
            try:
                world.frame(name, t_ns)
            except Exception as error:
                text = f"{name} at {t_ns} ns, before length_ns {length_ns}: {error}; expected a frame"
                raise AssertionError(text) from error
    finally:
        world.close()


def two_may_be_open(subject: WorldUnderTest) -> None:
    """Closing a world does not affect another open world."""
    name, t_ns = subject.instants[0]
    first, second = subject.open(), subject.open()
    try:
        before = first.frame(name, t_ns)
        second.frame(name, t_ns)
        second.close()
        text = f"{name} at {t_ns} ns: another frame once another world was closed; expected the same"
        require((first.frame(name, t_ns) == before).all(), text)
    finally:
        first.close()


def _frames(subject: WorldUnderTest, instants: list[tuple[str, int]]) -> dict[tuple[str, int], np.ndarray]:
    world = subject.open()
    try:
        return {instant: world.frame(*instant) for instant in instants}
    finally:
        world.close()


WORLD_CHECKS: tuple[Callable[[WorldUnderTest], None], ...] = (
    frames_have_their_cameras_size,
    frames_do_not_depend_on_what_was_asked_before,
    frames_belong_to_whoever_asked,
    any_thread_may_ask,
    every_capture_before_its_end_has_a_frame,
    two_may_be_open,
)
