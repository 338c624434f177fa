"""Coded frames of the video codecs play in any decoder, from every key frame on."""

from __future__ import annotations

from typing import cast

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext

from simnet import codec
from simnet.exports import video_packets

DECODERS = {"h264": "h264", "h265": "hevc", "av1": "libdav1d"}
KEY = 2
"""The second key frame of four."""


def luma(picture: np.ndarray) -> float:
    return float(picture.mean())


@pytest.mark.parametrize("name", list(video_packets.FORMATS))
def test_packets_decode_elsewhere_from_each_key_frame(name: str) -> None:
    pictures = [np.full((64, 96, 3), 40 + 40 * k, np.uint8) for k in range(4)]
    encoder = codec.open_encoder(name, 96, 64)
    announcement = encoder.announcement
    frames = [encoder.encode(picture, 0.6, key=k == KEY) for k, picture in enumerate(pictures)]
    kind = video_packets.video_format(announcement)
    assert kind is not None
    for first in (0, KEY):
        decoder = cast("VideoCodecContext", av.CodecContext.create(DECODERS[kind], "r"))
        decoder.thread_count = 1
        found = [
            frame
            for data in [*frames[first:], None]
            for frame in decoder.decode(av.Packet(video_packets.packet(announcement, data)) if data else None)
        ]
        seen = [luma(frame.to_ndarray(format="rgb24")) for frame in found]
        assert seen == pytest.approx([luma(picture) for picture in pictures[first:]], abs=4)


def test_pictures_of_other_codecs_are_no_videos() -> None:
    assert video_packets.video_format(codec.open_encoder("jpeg", 96, 64).announcement) is None
