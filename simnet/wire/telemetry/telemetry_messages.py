"""Telemetry messages <-> lists of bytes. Sans-IO.

A message is `[topic, msgpack map of the version and the record, JPEG files ...]` and travels one way, from a run to its
subscribers. It is checked before use by a typed decoder, since a subscriber must not trust its peer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from simnet.errors import WireError
from simnet.records.telemetry import (
    LiveEnd,
    LiveEvent,
    LiveFrame,
    LivePicture,
    LiveRun,
    LiveSample,
)
from simnet.wire.protocol.serialization import to_plain
from simnet.wire.protocol.strict_structs import strict_struct

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1
MAX_TOPIC_BYTES = 16
MAX_BYTES = 8 * 1024 * 1024
"""Largest size of one message, pictures included."""

Record = LiveRun | LiveSample | LiveFrame | LiveEvent | LivePicture | LiveEnd

_TOPICS: dict[str, tuple[type[Record], int]] = {
    "run": (LiveRun, 0),
    "sample": (LiveSample, 0),
    "frame": (LiveFrame, 0),
    "event": (LiveEvent, 0),
    "picture": (LivePicture, 2),
    "end": (LiveEnd, 0),
}
"""Record of each topic, and the number of files after it."""
_TOPIC_OF = {kind: topic for topic, (kind, _) in _TOPICS.items()}


@dataclass(frozen=True, slots=True)
class Published:
    """A published record, with the files that belong to it."""

    record: Record
    files: tuple[bytes, ...] = ()


class _AnyVersion(Struct):
    """The version of telemetry of any version."""

    v: int


def _decoder(topic: str, record: type[Record]) -> msgspec.msgpack.Decoder[Struct]:
    fields = [("v", int), ("body", strict_struct(record))]
    msgspec.msgpack.Decoder(record)  # reads its types once, here: `convert` must not do so in two threads at once
    return msgspec.msgpack.Decoder(msgspec.defstruct(topic, fields, frozen=True, forbid_unknown_fields=True))


_DECODERS = {topic: _decoder(topic, record) for topic, (record, _) in _TOPICS.items()}
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)


def pack(published: Published) -> list[bytes]:
    """Return the frames of `published`."""
    header = msgspec.msgpack.encode({"v": VERSION, "body": to_plain(published.record)})
    return [_TOPIC_OF[type(published.record)].encode(), header, *published.files]


def unpack(frames: Sequence[bytes]) -> Published:
    """Return the record and files that `frames` hold.

    Raises:
        WireError: Not telemetry of this version; no bytes raise any other error.
    """
    if len(frames) < 2:
        raise WireError(f"telemetry of {len(frames)} frames; expected at least a topic and a header")
    topic = bytes(frames[0][:MAX_TOPIC_BYTES]).decode("ascii", "replace")
    if len(frames[0]) > MAX_TOPIC_BYTES or topic not in _TOPICS:
        raise WireError(f"unknown topic of telemetry {topic!r}")
    kind, files = _TOPICS[topic]
    if len(frames) - 2 != files:
        raise WireError(f"{topic}: {len(frames) - 2} files; expected {files}")
    size_bytes = sum(map(len, frames))
    if size_bytes > MAX_BYTES:
        raise WireError(f"{topic}: {size_bytes} bytes; expected at most {MAX_BYTES}")
    try:
        # The version first: a record of another version may have other fields.
        version = msgspec.msgpack.decode(frames[1], type=_AnyVersion).v
        if version != VERSION:
            raise WireError(f"{topic}: telemetry of version {version}; expected {VERSION}")
        record = msgspec.convert(_DECODERS[topic].decode(frames[1]).body, kind, from_attributes=True)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    except msgspec.ValidationError as error:
        raise WireError(f"{kind.__name__}: {' '.join(str(error).replace('$.body.', '').split())[:300]}") from error
    except _UNREADABLE as error:
        raise WireError(f"{topic}: not msgpack ({type(error).__name__})") from error
    return Published(record, tuple(bytes(frame) for frame in frames[2:]))
