"""Worlds of recorded drives: pictures of several sensors with times of their own, in a bag or in a data set's folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simnet.drives import dair_drive, message_log, opv2v_drive
from simnet.errors import InputError, PictureError
from simnet.world.recordings.bag_playback import BagPlayback
from simnet.world.recordings.file_playback import FilePlayback
from simnet.world.recordings.playback_world import PlaybackWorld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.records import CameraConfig, WorldConfig

PICTURES = {"opv2v": opv2v_drive.pictures, "dair_v2x": dair_drive.pictures}
"""Kinds whose pictures are files, and what lists a camera's."""


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> PlaybackWorld:
    """Open a drive; InputError or PictureError if it lacks a camera's pictures."""
    del seed
    if config.kind in PICTURES:
        return PlaybackWorld(cameras, {name: _stored(config, camera) for name, camera in cameras.items()})
    path = _path(config)
    return PlaybackWorld(cameras, {name: BagPlayback(path, camera.source, name) for name, camera in cameras.items()})


def files(config: WorldConfig, cameras: Mapping[str, CameraConfig], duration_ns: int) -> list[tuple[str, Path]]:
    """Return the files that cameras play before `duration_ns`, each with its name inside the folder: of a bag, all."""
    path = _path(config)
    if config.kind not in PICTURES:
        return [(file.name, file) for file in message_log.files_of(path)]
    found = [file for camera in cameras.values() for file in _stored(config, camera).files_before(duration_ns)]
    return [(file.relative_to(path).as_posix(), file) for file in found]


def _stored(config: WorldConfig, camera: CameraConfig) -> FilePlayback:
    path = _path(config)
    if not camera.source:
        raise PictureError(f"{path}: camera {camera.name} has no source; expected one of the recording's cameras")
    pictures = PICTURES[config.kind](path, config.sequence, camera.source)
    return FilePlayback(f"{path}: {camera.source}", pictures)


def _path(config: WorldConfig) -> Path:
    if config.path is None:
        raise InputError(f"world: kind {config.kind} needs a path; expected the recording's file or folder")
    return Path(config.path)
