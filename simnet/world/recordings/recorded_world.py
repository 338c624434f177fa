"""Worlds of recorded pictures: folders and data sets play from each camera's first capture, films by their own clocks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simnet.errors import InputError, PictureError
from simnet.world.datasets.stereo_pairs import find_sequences, pair_files
from simnet.world.recordings.film import Film
from simnet.world.recordings.frames import find_pictures, numbers_of
from simnet.world.recordings.playback import PicturePlayback
from simnet.world.recordings.playback_world import PlaybackWorld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.records import CameraConfig, WorldConfig

SIDES = ("left", "right")
SHOWN = 10
"""Most sequences that an error lists."""


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> RecordedWorld:
    """Open a recorded world; InputError or PictureError if its recordings are missing."""
    del seed
    return RecordedWorld(config, cameras)


def files(config: WorldConfig, cameras: Mapping[str, CameraConfig], duration_ns: int) -> list[tuple[str, Path]]:
    """Return the files that cameras play before `duration_ns`, by camera, each with its name inside the folder."""
    root = Path(config.path or ".")
    found: list[Path] = []
    for playback in _playbacks(config, cameras).values():
        found += [playback] if isinstance(playback, Path) else playback.files_before(duration_ns)
    return [(str(file.relative_to(root) if file.is_relative_to(root) else file.name), file) for file in found]


class RecordedWorld(PlaybackWorld):
    """A world of picture files and films."""

    def __init__(self, config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> None:
        """Find the recording of each camera.

        Raises:
            InputError, PictureError: One is missing.
        """
        super().__init__(
            cameras,
            {
                name: Film(playback) if isinstance(playback, Path) else playback
                for name, playback in _playbacks(config, cameras).items()
            },
        )


def _playbacks(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> dict[str, PicturePlayback | Path]:
    """Return how each camera's pictures are played, or the file of its film."""
    if config.kind != "pictures":
        return dict(_pairs(config, cameras))
    return {name: _own(config, camera) for name, camera in cameras.items()}


def _own(config: WorldConfig, camera: CameraConfig) -> PicturePlayback | Path:
    root = Path(config.path or ".")
    if not (camera.source or camera.listed):
        raise InputError(f"world: camera {camera.name} has no source; expected a folder of pictures or a video file")
    if not camera.source:
        listed: list[Path] = []
        for source in camera.listed:
            found = find_pictures(root, source)
            if found is None:
                raise PictureError(f"{root / source}: no picture; expected a list of pictures, or one video alone")
            listed += found
        return PicturePlayback(camera, listed, f"{root}: the list of {camera.name}")
    found = find_pictures(root, camera.source)
    path = root / camera.source
    return path if found is None else PicturePlayback(camera, found, str(path))


def _pairs(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> dict[str, PicturePlayback]:
    """Find the sequence once and return each camera's side of it, the right camera `offset_frames` ahead."""
    folder = _sequence(config)
    left, right = pair_files(config.kind, folder)
    numbers = range(len(left)) if config.kind == "pairs" else numbers_of(left)
    sides = {"left": (left, max(0, -config.offset_frames)), "right": (right, max(0, config.offset_frames))}
    found: dict[str, PicturePlayback] = {}
    for name, camera in cameras.items():
        paths, first = sides[_side(config, camera)]
        found[name] = PicturePlayback(camera, paths, str(folder), numbers, first)
    return found


def _side(config: WorldConfig, camera: CameraConfig) -> str:
    if camera.source not in SIDES:
        raise InputError(
            f"world: camera {camera.name} has source {camera.source!r}; a {config.kind} world has {', '.join(SIDES)}"
        )
    return camera.source


def _sequence(config: WorldConfig) -> Path:
    """Return the folder of a drive: the only one, the one at a path, or the one of that name wherever it lies."""
    if config.path is None:
        raise InputError(f"world: kind {config.kind} needs a path; expected the data set's folder")
    root = Path(config.path)
    if config.sequence is not None:
        for folder in (root / config.sequence, root / "sequences" / config.sequence):
            if folder.is_dir():
                return folder
    found = find_sequences(config.kind, root)
    chosen = [folder for folder in found if config.sequence in {None, folder.name}]
    if len(chosen) == 1:
        return chosen[0]
    names = [str(folder.relative_to(root)) for folder in (chosen or found)]
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    if config.sequence is None or chosen:
        raise PictureError(f"{root}: holds {len(names)} sequences; expected world.sequence to name one of: {shown}")
    raise PictureError(f"{root}: no sequence {config.sequence!r} here; expected one of: {shown}")
