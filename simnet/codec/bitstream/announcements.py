"""Announcements of strangers: the one place where foreign data becomes an `Announcement`, and where one is checked.

msgpack, JSON ──restored──▶ Announcement ──check──▶ registry.open_decoder
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, cast

from simnet import codec_names, sliced_frames
from simnet.codec.bitstream.slices import LEAST_ROWS
from simnet.errors import BitstreamError, ModelError
from simnet.records import Announcement

LARGEST_SIDE = 16_384
"""Largest width or height of a picture in pixels."""
LONGEST_TEXT = {"parameters": 8192}
"""Most characters of a text, by field; of other texts `LONGEST_NAME`."""
LONGEST_NAME = 1024
_NUMBERS = frozenset(("width", "height", "slices"))
SHOWN = 60
"""Characters of foreign text in a message."""


def restored(plain: object) -> Announcement:
    """Return the announcement that plain data describes; BitstreamError names the field that is wrong."""
    kinds = {field.name: int if field.name in _NUMBERS else str for field in fields(Announcement)}
    if type(plain) is not dict:
        raise BitstreamError(f"announcement is not readable: a {type(plain).__name__}; expected a map of its fields")
    found = {"parameters": "", "slices": 1, **cast("dict[Any, Any]", plain)}
    if len(found) > len(kinds) or not all(type(key) is str for key in found):
        raise BitstreamError(f"announcement is not readable: other fields; expected {', '.join(kinds)}")
    if unknown := [key for key in found if key not in kinds]:
        raise BitstreamError(f"announcement is not readable: unknown field {shown(unknown[0])}")
    for name, kind in kinds.items():
        if name not in found:
            raise BitstreamError(f"announcement is not readable: no field {name}")
        if type(found[name]) is not kind:
            what = "a whole number" if kind is int else "text"
            raise BitstreamError(f"announced {name} is a {type(found[name]).__name__}; expected {what}")
    announcement = Announcement(**found)
    check(announcement)
    return announcement


def check(announcement: Announcement) -> None:
    """Raise BitstreamError unless every field has a value that some stream can have."""
    for name, text in asdict(announcement).items():
        if name in _NUMBERS:
            continue
        longest = LONGEST_TEXT.get(name, LONGEST_NAME)
        if not isinstance(text, str) or not text.isprintable():
            raise BitstreamError(f"announced {name} {shown(str(text))} is not readable; expected printable text")
        if len(text) > longest:
            raise BitstreamError(f"announced {name} has {len(text)} characters; expected up to {longest}")
    width, height = announcement.width, announcement.height
    if not all(type(side) is int and 0 < side <= LARGEST_SIDE for side in (width, height)):
        raise BitstreamError(f"announced picture of {(width, height)!s:.60}; expected sides from 1 to {LARGEST_SIDE}")
    most = min(sliced_frames.MOST, max(1, height // LEAST_ROWS))
    if type(announcement.slices) is not int or not 1 <= announcement.slices <= most:
        raise BitstreamError(
            f"announced {announcement.slices!s:.20} slices; expected 1 to {most} of a picture of {height} rows"
        )


def check_expected(
    announcement: Announcement, stream: str, codec: str, width: int, height: int, slices: int = 1
) -> None:
    """Raise BitstreamError if a stream announces another codec, size or number of slices than is expected of it."""
    announced = announcement.codec, announcement.width, announcement.height, announcement.slices
    own, expected = (
        f"{shown(codec_names.shown(each[0]))}, {each[1]} x {each[2]}" + f" in {each[3]} slices" * (each[3] != 1)
        for each in (announced, (codec, width, height, slices))
    )
    if own != expected:
        raise BitstreamError(f"stream {stream} announces {own}; expected {expected}")


def check_name(what: str, name: str) -> None:
    """Raise ModelError if `name`, that of a codec or a model (`what`), is empty, too long, or not printable."""
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise ModelError(f"{what} {shown(name)}: not a name; expected up to {LONGEST_NAME} printable characters")


def shown(text: str) -> str:
    """Return foreign text for a message: quoted, in one line, cut."""
    return repr(text[:SHOWN]) + ("..." if len(text) > SHOWN else "")
