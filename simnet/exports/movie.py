"""MP4 video of two pictures side by side under two lines of text: H.264 for browsers, with the index at the front."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from simnet.library_threads import CODER_THREADS
from simnet.output_files import PartialFile
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from pathlib import Path

NARROWEST, LARGEST = 480, 1920
"""Size limits in pixels: a narrower picture is enlarged by an integer factor, so that text fits; a larger one is reduced."""
LINE, MARGIN, FRAME = 20, 6, 4
"""Lengths in pixels: height of a line of text, its left margin, width of the frame around a frozen picture."""
FONT, SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.5
INK, FROZEN, GROUND = (230, 230, 230), (230, 60, 60), 24
SETTINGS = {"crf": "18", "preset": "veryfast", "tune": "zerolatency"}
"""Settings of x264; `zerolatency` keeps no frames in an encoder, which limits memory with many streams."""


class Movie:
    """One video of pictures of one size; the file `path` exists after `finish`."""

    def __init__(self, path: Path, width: int, height: int, period_ns: int) -> None:
        """Create a video of pictures of `width` x `height`, with a frame every `period_ns`.

        Raises:
            OutputError: The file cannot be written.
        """
        self._size = _size(width, height)
        self._file = PartialFile(path)
        self._frames = 0
        with self._file.telling():
            self._out = av.open(str(self._file.partial), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(SECOND_NS, period_ns).limit_denominator(1001)
        stream: Any = self._out.add_stream("libx264", rate=rate, options=dict(SETTINGS))
        tall = self._size[1] + 2 * LINE
        stream.width, stream.height, stream.pix_fmt = 2 * self._size[0], tall + tall % 2, "yuv420p"
        stream.codec_context.gop_size = max(1, round(2 * rate))
        stream.codec_context.thread_count = CODER_THREADS
        self._stream = stream

    @property
    def path(self) -> Path:
        """Path of the finished file."""
        return self._file.path

    def add(
        self, pictures: tuple[np.ndarray, np.ndarray], top: tuple[str, str], below: tuple[str, str], *, is_frozen: bool
    ) -> None:
        """Add a frame: two pictures (uint8, H x W x 3, RGB), and two texts for each side.

        `is_frozen` marks the right picture as one of an earlier frame.
        """
        width, height = self._size
        canvas = np.full((self._stream.height, self._stream.width, 3), GROUND, np.uint8)
        for left, picture in zip((0, width), pictures, strict=True):
            method = cv2.INTER_NEAREST if width >= picture.shape[1] else cv2.INTER_AREA
            fitted = cv2.resize(picture, self._size, interpolation=method)
            canvas[2 * LINE : 2 * LINE + height, left : left + width] = fitted
        for row, texts in enumerate((top, below)):
            for left, text in zip((0, width), texts, strict=True):
                ink = FROZEN if is_frozen and row and left else INK
                place = (left + MARGIN, (row + 1) * LINE - MARGIN)
                cv2.putText(canvas, text, place, FONT, SCALE, ink, 1, cv2.LINE_AA)
        if is_frozen:
            inset = FRAME // 2
            corners = (width + inset, 2 * LINE + inset), (2 * width - 1 - inset, 2 * LINE + height - 1 - inset)
            cv2.rectangle(canvas, *corners, FROZEN, FRAME)
        self._frames += 1
        self._mux(av.VideoFrame.from_ndarray(canvas, format="rgb24"))

    def finish(self) -> None:
        """Complete the file and rename it into place; a video without frames leaves no file."""
        if not self._frames:
            self.abandon()
            return
        self._mux(None)
        with self._file.telling():
            self._out.close()
        self._file.keep()

    def abandon(self) -> None:
        """Remove the file."""
        self._file.drop(self._out)

    def _mux(self, frame: av.VideoFrame | None) -> None:
        with self._file.telling():
            for packet in self._stream.encode(frame):
                self._out.mux(packet)


def _size(width: int, height: int) -> tuple[int, int]:
    """Return the display size of pictures in pixels."""
    longer = max(width, height)
    if longer > LARGEST:
        return max(1, width * LARGEST // longer), max(1, height * LARGEST // longer)
    factor = -(-NARROWEST // width)
    return width * factor, height * factor
