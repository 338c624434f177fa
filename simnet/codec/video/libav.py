"""FFmpeg coders through PyAV: one picture in, one packet out, without delay; no streams, headers or quality here.

Coders run in one thread, so that the bytes do not depend on scheduling; a picture is uint8 (3/2 height, width) as in `yuv`.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.codec.context import Flags
from av.error import FFmpegError
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from simnet.codec.video import scheduling
from simnet.errors import BitstreamError, PictureError
from simnet.library_threads import CODER_THREADS, SILENT, elsewhere

PIXELS = "yuv420p"
DECODED_PIXELS = (PIXELS, "yuvj420p")
"""What decoders call it: the second name says that the range is full."""
LARGEST_BLOCK = 128
"""Coded sizes are multiples of blocks; this is the largest side of one, AV1's."""
TICK = Fraction(1, 30)
"""Arbitrary frame rate: no rate control uses time."""
START = b"\0\0\0\1"
"""Prefix of every unit of H.264 and HEVC in a byte stream."""
DELIMITER = b"\x12\0"
"""Prefix of every frame of AV1 in a byte stream."""
BAND = 16
"""Height of a block row; steered regions begin and end at multiples of it."""
QUANTISERS = 51
"""Number of quantiser steps in H.264 and HEVC."""
_OPENING = threading.Lock()
"""Encoders are opened one after the other.

x265 and SVT-AV1 fill tables of the process when their first encoder is opened, and `scheduling.kept` would take a priority that
SVT-AV1 has just raised in another thread for that thread's own.
"""
_BT709 = 1
_FULL_RANGE = 2


def open_encoder(
    library: str, width: int, height: int, options: Mapping[str, str], *, apart: bool
) -> VideoCodecContext:
    """Open an encoder; with `apart`, parameter sets are in `extradata` instead of in the packets.

    Raises:
        PictureError: The encoder does not accept pictures of this size.
    """
    for name, value in SILENT.items():  # where no command of simnet has said it yet
        os.environ.setdefault(name, value)
    context = cast("VideoCodecContext", av.CodecContext.create(library, "w"))
    context.width, context.height, context.pix_fmt = width, height, PIXELS
    context.time_base, context.framerate, context.thread_count = TICK, 1 / TICK, CODER_THREADS
    context.color_range = _FULL_RANGE
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    if apart:
        context.flags |= Flags.global_header
    context.options = dict(options)
    try:
        with _OPENING, scheduling.kept():
            context.open()
    except FFmpegError as error:
        raise PictureError(
            f"picture of {width} x {height}: {library} cannot encode it; expected a smaller one"
        ) from error
    return context


def open_decoder(library: str, width: int, height: int, extradata: bytes = b"") -> VideoCodecContext:
    """Open a decoder that returns each picture as soon as its packet arrives, and takes none much larger than width x height.

    Raises:
        BitstreamError: The decoder does not take `extradata`.
    """
    context = cast("VideoCodecContext", av.CodecContext.create(library, "r"))
    context.thread_count = CODER_THREADS
    context.flags |= Flags.low_delay
    # FFmpeg compares the coded size, in whole blocks, before it reserves memory for a picture.
    blocks = (-(-width // LARGEST_BLOCK), -(-height // LARGEST_BLOCK))
    context.options = {"max_pixels": str(blocks[0] * blocks[1] * LARGEST_BLOCK**2)}
    if extradata:
        context.extradata = extradata
    try:
        context.open()
    except (FFmpegError, ValueError) as error:
        raise BitstreamError(f"announced parameter sets are not those of {library}") from error
    return context


def encode(context: VideoCodecContext, frame: VideoFrame, number: int) -> bytes:
    """Encode frame `number` and return its packet, whatever frames came before."""
    frame.pts, frame.time_base = number, TICK
    with elsewhere():  # x265 codes in a thread of its own
        packets = context.encode(frame)
    assert len(packets) == 1, f"{context.name} held a frame back; expected one packet a frame"
    return bytes(packets[0])


def decode(context: VideoCodecContext, data: bytes) -> np.ndarray:
    """Decode one packet to its picture, (3/2 height, width); BitstreamError unless it is one of these coders' pictures."""
    try:
        frames = context.decode(av.Packet(data))
    except (FFmpegError, ValueError) as error:
        raise BitstreamError(f"payload is not a picture of {context.name}, or one of another size") from error
    if len(frames) != 1:
        raise BitstreamError(f"payload holds {len(frames)} pictures of {context.name}; expected one")
    frame = frames[0]
    if frame.format.name not in DECODED_PIXELS or frame.width % 2 or frame.height % 2:
        raise BitstreamError(
            f"payload is a picture of {frame.width} x {frame.height} in {frame.format.name}; expected even sides in {PIXELS}"
        )
    return frame.to_ndarray()


def frame_of(planes: np.ndarray) -> VideoFrame:
    """Convert a picture to FFmpeg's frame type."""
    return VideoFrame.from_ndarray(planes, format=PIXELS)


class Steering:
    """Makes frames that x264 and x265 code with another quantiser than the encoder's own; one per stream.

    Neither encoder accepts a quantiser for a single frame, but both accept regions of interest: the picture becomes one region.
    For a value between two quantisers, `grain` steps apart, a share of the picture's rows, at the top, gets the coarser one.
    """

    def __init__(self, width: int, height: int, grain: int = 1) -> None:
        self.width, self.height, self.grain = width, height, grain
        self._graphs: dict[tuple[int, int], Graph] = {}

    def frame(self, planes: np.ndarray, offset: float) -> VideoFrame:
        """Return a frame to be coded `offset` steps, in [-QUANTISERS, QUANTISERS], from the encoder's own quantiser."""
        fine = int(np.floor(offset / self.grain)) * self.grain
        rows = min(round((offset - fine) / self.grain * self.height / BAND) * BAND, self.height)
        if (fine, rows) not in self._graphs:
            self._graphs[fine, rows] = self._graph(fine, rows)
        graph = self._graphs[fine, rows]
        graph.vpush(frame_of(planes))
        return graph.vpull()

    def _graph(self, fine: int, rows: int) -> Graph:
        graph = Graph()
        pixels = av.VideoFormat(PIXELS)
        last = graph.add_buffer(width=self.width, height=self.height, format=pixels, time_base=TICK)
        # If regions overlap, the first one applies.
        for below, steps in [(rows, fine + self.grain), (self.height, fine)] if rows else [(self.height, fine)]:
            region = graph.add("addroi", f"x=0:y=0:w=iw:h={below}:qoffset={steps}/{QUANTISERS}")
            last.link_to(region)
            last = region
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph


def units(data: bytes) -> list[bytes]:
    """Split H.264 or HEVC in Annex B format into network abstraction layer units, without start codes."""
    return [unit.rstrip(b"\0") for unit in re.split(b"\0\0\1", data)[1:]]
