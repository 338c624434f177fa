"""Coded frames of H.264, HEVC and AV1 as packets that a decoder elsewhere takes.

A key frame has the parameter sets of H.264 and HEVC before it; AV1's frames have their own, and a temporal delimiter each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.codec.bitstream import framing

if TYPE_CHECKING:
    from simnet.records import Announcement

FORMATS = {"h264": "h264", "hevc": "h265", "av1": "av1"}
"""Codecs whose streams are videos, and what Foxglove calls them."""
START, DELIMITER = b"\0\0\0\1", b"\x12\0"
"""What comes before a unit of H.264 and HEVC in a byte stream, and before a frame of AV1."""


def video_format(announcement: Announcement) -> str | None:
    """Return the format of a stream's video; None if its frames are no video."""
    return FORMATS.get(announcement.codec.partition("+")[0])


def packet(announcement: Announcement, data: bytes) -> bytes:
    """Return a coded frame, with its header of simnet's, as a packet of its video."""
    payload = framing.payload(data)
    if video_format(announcement) == "av1":
        return DELIMITER + payload
    return (bytes.fromhex(announcement.parameters) if framing.is_key(data) else b"") + START + payload
