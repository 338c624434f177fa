"""Worlds of recorded drives: pictures of several sensors with times of their own, in a bag or in a data set's folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simnet.drives import message_log
from simnet.errors import InputError
from simnet.world.recordings.bag_playback import BagPlayback
from simnet.world.recordings.playback_world import PlaybackWorld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.records import CameraConfig, WorldConfig


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> PlaybackWorld:
    """Open a drive; InputError or PictureError if it lacks a camera's pictures."""
    del seed
    path = _path(config)
    return PlaybackWorld(cameras, {name: BagPlayback(path, camera.source, name) for name, camera in cameras.items()})


def files(config: WorldConfig, cameras: Mapping[str, CameraConfig], duration_ns: int) -> list[tuple[str, Path]]:
    """Return the files that cameras play, each with its name inside the folder: of a bag, all."""
    del cameras, duration_ns
    return [(file.name, file) for file in message_log.files_of(_path(config))]


def _path(config: WorldConfig) -> Path:
    if config.path is None:
        raise InputError(f"world: kind {config.kind} needs a path; expected the recording's file or folder")
    return Path(config.path)
