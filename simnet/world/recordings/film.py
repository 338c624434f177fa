"""A video file read by its own clock: which picture is on the screen at a time, as a player shows it.

    file ──packets──▶ decoder ──frames with times──▶ the one on the screen at t ──▶ upright, square pixels, RGB

The first picture is at time 0 (see `TimedPlayback` for the others). What a file says of itself is obeyed: time stamps, rotation,
the shape of pixels, colour matrix and range. Streams without time stamps (H.264 and HEVC without a container) play at the rate
they name.
"""

from __future__ import annotations

import itertools
import logging
import statistics
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import cv2
import numpy as np
from av.error import FFmpegError

from simnet.errors import PictureError
from simnet.library_threads import CODER_THREADS
from simnet.picture_files import check_size
from simnet.records import SECOND_NS
from simnet.world.recordings.timed_playback import TimedPlayback
from simnet.world.recordings.video_frames import rgb_of, turns_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    Timed = tuple[int, VideoFrame]

_LOG = logging.getLogger(__name__)

FORMATS = (
    "3g2", "3gp", "asf", "av1", "avi", "flv", "gif", "h264", "hevc", "ivf", "m4v", "matroska", "mjpeg", "mov", "mp4", "mpeg",
    "mpegts", "mpegvideo", "mxf", "nut", "obu", "ogg", "rm", "webm", "wtv", "y4m", "yuv4mpegpipe",
)  # fmt: skip
"""Formats that may be opened: none that names other files or addresses."""
COUNTED = frozenset(("avi", "h264", "hevc", "m4v", "mjpeg", "mpegvideo", "obu"))
"""Those that store no time of a picture: they play at one rate. (What FFmpeg gives for AVI are times of decoding.)"""
SAMPLED = 600
"""Number of packets that tell how far apart pictures usually are."""
USUAL_HZ = 25
"""Rate of a stream that names none, as FFmpeg's."""


class Film(TimedPlayback["VideoFrame"]):
    """The pictures of a video file over time."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            PictureError: It is no video, or no picture of it can be decoded.
        """
        self.where = str(path)
        self._path = path
        self._container: InputContainer | None = None
        self._turns: tuple[int, bool] = (0, False)
        super().__init__(str(path), self._interval_ns())
        self._turns = turns_of(self._shown[1], self.where)

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _begin(self) -> Iterator[Timed]:
        self._container, stream = self._open()
        return self._frames(self._container, stream)

    def _frames(self, container: InputContainer, stream: VideoStream) -> Iterator[Timed]:
        """Yield the frames and their times from the first that can be decoded to the last in one piece."""
        begin_ns: int | None = None
        last_ns = -1
        decoded = container.decode(stream)
        for number in itertools.count():
            try:
                frame = next(decoded, None)
            except (FFmpegError, ValueError) as error:
                self.fault = f"picture {number + 1} cannot be decoded ({_first_line(error)})"
                return
            if frame is None:
                return
            if frame.is_corrupt:
                if begin_ns is None:
                    continue  # a recording that begins between two key frames
                self.fault = f"picture {number + 1} is damaged"
                return
            is_counted = frame.pts is None or container.format.name in COUNTED
            own_ns = number * self._usual_ns if is_counted else _ns(frame.pts or 0, frame.time_base)
            begin_ns = own_ns if begin_ns is None else begin_ns
            if own_ns - begin_ns <= last_ns:
                continue
            last_ns = own_ns - begin_ns
            yield last_ns, frame

    def _open(self) -> tuple[InputContainer, VideoStream]:
        if not self._path.is_file():
            raise PictureError(f"{self.where}: not a regular file; expected a video")
        try:
            container = av.open(
                str(self._path.absolute()),
                options={"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"},
            )
        except (FFmpegError, ValueError) as error:
            raise PictureError(f"{self.where}: not a readable video ({_first_line(error)})") from error
        if not container.streams.video:
            container.close()
            raise PictureError(f"{self.where}: holds no pictures; expected a video")
        stream = container.streams.video[0]
        stream.codec_context.thread_count = CODER_THREADS
        check_size(stream.codec_context.width, stream.codec_context.height, where=f"{self.where}: ")
        return container, stream

    def _interval_ns(self) -> int:
        """Return how far apart two pictures usually are, from the time stamps of the first packets."""
        container, stream = self._open()
        with container:
            stamps: list[int] = []
            try:
                # a fault ends the list: the decoder tells where the damage is
                stamps.extend(
                    _ns(packet.pts, packet.time_base)
                    for packet in itertools.islice(container.demux(stream), SAMPLED)
                    if packet.pts is not None and not packet.is_discard
                )
            except FFmpegError as error:
                _LOG.debug("%s: %s", self.where, _first_line(error))
            apart = [after - before for before, after in itertools.pairwise(sorted(set(stamps)))]
            if apart:
                return round(statistics.median_low(apart))
            rate = stream.average_rate or stream.guessed_rate or stream.base_rate or Fraction(USUAL_HZ)
            return round(SECOND_NS / rate)

    def _picture(self, stored: VideoFrame) -> np.ndarray:
        picture = rgb_of(stored)
        assert self._container is not None
        aspect = self._container.streams.video[0].sample_aspect_ratio
        if aspect and aspect != 1:
            height, width = picture.shape[:2]
            # The smaller side grows: no row or column of the recording is lost.
            size = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
        turns, is_flipped = self._turns
        picture = np.rot90(picture, turns)
        return np.ascontiguousarray(picture[:, ::-1] if is_flipped else picture)


def _ns(stamp: int, time_base: Fraction | None) -> int:
    return round(stamp * cast("Fraction", time_base) * SECOND_NS)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
