"""Announcements from files: any bytes, and any msgpack behind a checksum that is right."""

import dataclasses
import struct
import zlib
from typing import Any

import msgpack
from hypothesis import strategies as st

from fuzz.mutations import altered
from simnet.codec import bitstream_files, registry
from simnet.errors import BitstreamError, ModelError, PictureError
from simnet.records import Announcement

REFUSED = (BitstreamError, ModelError, PictureError)
VALID = [bitstream_files.pack(Announcement(codec, "", "", "", 64, 48), b"\0" * 12) for codec in ("jpeg", "webp", "av1")]
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["jpeg", "av1", "hevc", "atn", "jpeg+fuse", "+fuse", "../..", "/etc/passwd", "a" * 5000, "\u202e", "\0", "~", "."]
)
NUMBERS = st.integers() | st.sampled_from([0, 1, 16, 16_384, 16_385, 2**31, 2**63 - 1]) | st.floats() | st.booleans()
LEAVES = TEXTS | NUMBERS | st.none() | st.binary(max_size=8)
FIELDS = [field.name for field in dataclasses.fields(Announcement)]


def nested(depth: int, as_map: bool) -> bytes:
    return (b"\x81\xa1a" if as_map else b"\x91") * depth + b"\xc0"


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Msgpack: a map of fields, some of them odd, or something deep."""
    fields: dict[Any, Any] = {"codec": "jpeg", "model": "", "checkpoint_digest": "", "tables_digest": ""}
    fields |= {"width": 64, "height": 48}
    for name in draw(st.lists(st.sampled_from(FIELDS) | TEXTS, max_size=3)):
        fields[name] = draw(LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(TEXTS, LEAVES, max_size=2))
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=1)):
        fields.pop(name, None)
    body = bytes(msgpack.packb({key: value for key, value in fields.items() if fits(value)}) or b"")
    if draw(st.booleans()):
        return body
    deep = nested(draw(st.integers(0, 20_000)), draw(st.booleans()))
    return draw(st.sampled_from((deep, body[:1] + b"\xa5codec" + deep)))


def fits(value: Any) -> bool:
    if isinstance(value, list | dict):
        return all(fits(each) for each in (value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or -(2**63) <= value < 2**64


@st.composite
def sealed(draw: st.DrawFn) -> bytes:
    """A file whose checksum is right, whatever it announces."""
    body = draw(bodies() | altered([data[7:-16] for data in VALID]))[: 2**16 - 1]
    front = struct.pack(">4sBH", b"SNET", 1, len(body)) + body
    return front + zlib.crc32(front).to_bytes(4, "big") + draw(st.binary(max_size=20))


INPUTS = sealed() | altered(VALID)


def prepare() -> None:
    for data in VALID:
        registry.open_decoder(bitstream_files.unpack(data)[0])


def attempt(data: bytes) -> None:
    announcement, frame = bitstream_files.unpack(data)
    assert isinstance(frame, bytes)
    registry.open_decoder(announcement)
