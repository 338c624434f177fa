"""Telemetry messages <-> lists of bytes. Sans-IO.

A message is `[topic, msgpack map of the version and the record, JPEG files ...]` and travels one way, from a run to its
subscribers. It is checked before use, since a subscriber must not trust its peer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import msgpack

from simnet.errors import WireError
from simnet.records.telemetry import (
    LiveEnd,
    LiveEvent,
    LiveFrame,
    LivePicture,
    LiveRun,
    LiveSample,
)
from simnet.wire.protocol.serialization import from_plain, to_plain, unpack_records

VERSION = 1
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


def pack(published: Published) -> list[bytes]:
    """Return the frames of `published`."""
    header = msgpack.packb({"v": VERSION, "body": to_plain(published.record)}, use_bin_type=True)
    return [_TOPIC_OF[type(published.record)].encode(), header, *published.files]


def unpack(frames: list[bytes]) -> Published:
    """Return the record and files that `frames` hold.

    Raises:
        WireError: Not telemetry of this version; no bytes raise any other error.
    """
    if len(frames) < 2:
        raise WireError(f"telemetry of {len(frames)} frames; expected at least a topic and a header")
    topic = bytes(frames[0]).decode("ascii", "replace")
    if topic not in _TOPICS:
        raise WireError(f"unknown topic of telemetry {topic[:32]!r}")
    size_bytes = sum(map(len, frames))
    if size_bytes > MAX_BYTES:
        raise WireError(f"{topic}: {size_bytes} bytes; expected at most {MAX_BYTES}")
    kind, files = _TOPICS[topic]
    if len(frames) - 2 != files:
        raise WireError(f"{topic}: {len(frames) - 2} files; expected {files}")
    plain: object = unpack_records(frames[1])
    header = cast("dict[object, Any]", plain) if isinstance(plain, dict) else {}
    if header.keys() != {"v", "body"}:
        raise WireError(f"{topic}: the header is not a map of a version and a body")
    if header["v"] != VERSION:
        raise WireError(f"{topic}: telemetry of version {str(header['v'])[:32]}; expected {VERSION}")
    return Published(from_plain(kind, header["body"]), tuple(bytes(frame) for frame in frames[2:]))
