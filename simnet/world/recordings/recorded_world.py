"""Worlds of recorded pictures: each camera plays a sequence from its own first capture."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.errors import InputError, PictureError
from simnet.picture_files import WrongSizeError
from simnet.world.datasets.stereo_pairs import find_sequences, pair_files
from simnet.world.recordings.frames import (
    Frames,
    PictureFiles,
    fit,
    list_pictures,
    open_frames,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig, WorldConfig

SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Playback:
    """A camera's frames; its first capture shows frame number `first`."""

    frames: Frames
    first: int = 0

    def __len__(self) -> int:
        return max(0, len(self.frames) - self.first)


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> RecordedWorld:
    """Open a recorded world; InputError or PictureError if its recordings are missing."""
    del seed
    return RecordedWorld(config, cameras)


def files(config: WorldConfig, cameras: Mapping[str, CameraConfig], duration_ns: int) -> list[tuple[str, Path]]:
    """Return the files that cameras play before `duration_ns`, by camera, each with its name inside the folder."""
    root, sides = Path(config.path or "."), {}
    if config.kind != "pictures":
        folder = _sequence(config)
        left, right = pair_files(config.kind, folder)
        sides = {"left": (left, max(0, -config.offset_frames)), "right": (right, max(0, config.offset_frames))}
    found: list[Path] = []
    for camera in cameras.values():
        if config.kind != "pictures":
            played, first = sides[_side(config, camera)]
        else:
            source, first = _source(config, camera), 0
            played = list_pictures(source) if source.is_dir() else [source]
        last = first + -(-duration_ns // camera.period_ns)
        # All pictures of a sequence must have the size of the first.
        found += dict.fromkeys([*played[:1], *played[first:last]])
    return [(str(file.relative_to(root) if file.is_relative_to(root) else file.name), file) for file in found]


class RecordedWorld:
    """A world of picture files. A picture of another size is cropped around its centre to the camera's shape, then resized."""

    def __init__(self, config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> None:
        self._cameras = dict(cameras)
        self._sizes: dict[str, tuple[int, ...]] = {}
        self._lock = threading.Lock()
        if config.kind == "pictures":
            self._playbacks = {name: _pictures(config, camera) for name, camera in cameras.items()}
        else:
            self._playbacks = _pairs(config, cameras)

    @property
    def length_ns(self) -> int:
        """Time at which the first camera runs out of frames: every earlier capture has a frame."""
        return min(
            (camera.phase_ns + len(self._playbacks[name]) * camera.period_ns for name, camera in self._cameras.items()),
            default=0,
        )

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return the picture nearest to `t_ns` (uint8, height x width x 3, RGB); a tie gives the later picture.

        Raises:
            PictureError: The file cannot be read, or there is no picture for that time.
        """
        with self._lock:
            return self._read(camera, t_ns)

    def close(self) -> None:
        """Close open files."""
        with self._lock:
            for playback in self._playbacks.values():
                playback.frames.close()

    def _read(self, name: str, t_ns: int) -> np.ndarray:
        camera, playback = self._cameras[name], self._playbacks[name]
        index = (2 * (t_ns - camera.phase_ns) + camera.period_ns) // (2 * camera.period_ns)
        if not 0 <= index < len(playback):
            raise PictureError(
                f"{playback.frames.where}: {name} has no frame {index} (at {t_ns / 1e9:.3f} s); it has {len(playback)}"
            )
        expected = self._sizes.get(name)
        if expected is None:
            expected = self._sizes[name] = playback.frames.read(0).shape
        picture = _of_size(playback.frames, playback.first + index, expected)
        return fit(picture, camera.width, camera.height)


def _of_size(frames: Frames, number: int, expected: tuple[int, ...]) -> np.ndarray:
    """Read a frame; PictureError unless it has the shape of the first."""
    tall, wide = expected[:2]
    try:
        picture = frames.read(number, (wide, tall))
        height, width = picture.shape[:2]
    except WrongSizeError as error:
        picture, (width, height) = None, error.size
    if picture is None or picture.shape != expected:
        raise PictureError(
            f"{frames.where}: picture {number} is {width} x {height}; expected {wide} x {tall}, as the first is"
        )
    return picture


def _pictures(config: WorldConfig, camera: CameraConfig) -> Playback:
    return Playback(open_frames(_source(config, camera)))


def _source(config: WorldConfig, camera: CameraConfig) -> Path:
    if camera.source is None:
        raise InputError(f"world: camera {camera.name} has no source; expected a folder of pictures or a video file")
    return Path(config.path or ".") / camera.source


def _pairs(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> dict[str, Playback]:
    """Find the sequence once and return each camera's side of it, the right camera `offset_frames` ahead."""
    folder = _sequence(config)
    left, right = pair_files(config.kind, folder)
    sides = {
        "left": Playback(PictureFiles(left, str(folder)), max(0, -config.offset_frames)),
        "right": Playback(PictureFiles(right, str(folder)), max(0, config.offset_frames)),
    }
    return {name: sides[_side(config, camera)] for name, camera in cameras.items()}


def _side(config: WorldConfig, camera: CameraConfig) -> str:
    if camera.source not in SIDES:
        raise InputError(
            f"world: camera {camera.name} has source {camera.source!r}; a {config.kind} world has {', '.join(SIDES)}"
        )
    return camera.source


def _sequence(config: WorldConfig) -> Path:
    if config.path is None:
        raise InputError(f"world: kind {config.kind} needs a path; expected the data set's folder")
    root = Path(config.path)
    if config.sequence is None:
        found = find_sequences(config.kind, root)
        if len(found) > 1:
            raise PictureError(f"{root}: holds {len(found)} sequences; expected world.sequence to name one")
        return found[0]
    for folder in (root / config.sequence, root / "sequences" / config.sequence):
        if folder.is_dir():
            return folder
    raise PictureError(f"{root}: no sequence {config.sequence!r} here; expected a folder of that name")
