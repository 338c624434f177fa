"""A world of recordings, one for each camera, whatever they are stored in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from simnet.world.recordings.frames import fit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig
    from simnet.world.recordings.playback import Playback

FOREVER_NS = 1 << 62


class PlaybackWorld:
    """A world that plays a recording for each camera.

    A picture of another shape is cropped around its centre to the camera's, then resized.
    """

    def __init__(self, cameras: Mapping[str, CameraConfig], playbacks: Mapping[str, Playback]) -> None:
        self._cameras = dict(cameras)
        self._lock = threading.Lock()
        self._playbacks = dict(playbacks)

    @property
    def length_ns(self) -> int:
        """Time at which the first camera runs out of frames: every earlier capture has a frame."""
        return self.end_ns(FOREVER_NS) or 0

    def end_ns(self, until_ns: int) -> int | None:
        """Return the time at which the first camera runs out of frames; None if that is after `until_ns`.

        Films are decoded up to then: what a file says of its length is often wrong.
        """
        with self._lock:
            ends = [playback.end_ns(until_ns) for playback in self._playbacks.values()]
        return min((end_ns for end_ns in ends if end_ns is not None), default=None)

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return what a camera shows at `t_ns` (uint8, height x width x 3, RGB).

        Raises:
            PictureError: The file cannot be read, or there is no picture for that time.
        """
        with self._lock:
            picture = self._playbacks[camera].read(t_ns)
        return fit(picture, self._cameras[camera].width, self._cameras[camera].height)

    def close(self) -> None:
        """Close open files."""
        with self._lock:
            for playback in self._playbacks.values():
                playback.close()
