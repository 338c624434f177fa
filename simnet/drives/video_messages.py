"""Videos in messages: packets of H.264, HEVC, AV1 or VP9, decoded one after the other from a key frame on.

ImageMessage ──packet──▶ decoder, which takes no pictures above the limit ──▶ VideoFrame, with its message's time
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av
from av.codec.context import Flags
from av.error import FFmpegError

from simnet import picture_files
from simnet.drives import message_log, message_records, ros_images
from simnet.drives.message_records import ImageMessage
from simnet.errors import PictureError
from simnet.library_threads import CODER_THREADS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

SEARCHED = 600
"""Packets within which a recording that begins between two key frames must have one."""


def frames(images: Iterable[tuple[int, ImageMessage]]) -> Iterator[tuple[int, VideoFrame]]:
    """Yield the pictures of a video's messages, each with the time of its message.

    Raises:
        PictureError: A packet cannot be decoded. Those before the first key frame are left out.
    """
    decoder: VideoCodecContext | None = None
    times_ns: list[int] = []
    begun = False
    for number, (t_ns, image) in enumerate(images):
        if decoder is None:
            decoder = _open(ros_images.video_decoder(image) or "h264")
        packet = av.Packet(bytes(image.data))
        packet.pts = packet.dts = len(times_ns)
        times_ns.append(t_ns)
        try:
            found = decoder.decode(packet)
        except (FFmpegError, ValueError) as error:
            if not begun and number < SEARCHED:
                continue
            raise PictureError(f"packet {number + 1} cannot be decoded ({_first_line(error)})") from error
        for frame in found:
            if not begun and frame.is_corrupt:
                continue
            begun = True
            yield times_ns[frame.pts or 0], frame
    if decoder is not None:
        try:
            for frame in decoder.decode(None):
                yield times_ns[frame.pts or 0], frame
        except (FFmpegError, ValueError) as error:
            raise PictureError(f"its last packets cannot be decoded ({_first_line(error)})") from error


def first_size(path: Path, topic: str) -> tuple[int, int]:
    """Return width and height of a video's first picture.

    Raises:
        PictureError: No picture of it can be decoded.
    """
    messages = message_log.read(path, lambda channel: channel.topic == topic)
    read = (message_records.read(message) for message in messages)
    images = ((image.stamp_ns, image) for image in read if isinstance(image, ImageMessage))
    frame = next(frames(images), None)
    if frame is None:
        raise PictureError("no picture of its video can be decoded; expected a key frame")
    return frame[1].width, frame[1].height


def _open(name: str) -> VideoCodecContext:
    decoder = cast("VideoCodecContext", av.CodecContext.create(name, "r"))
    decoder.thread_count = CODER_THREADS
    decoder.flags |= Flags.low_delay
    decoder.options = {"max_pixels": str(picture_files.MOST_PIXELS)}
    return decoder


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
