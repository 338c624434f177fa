"""Telemetry <-> lists of bytes; no socket in here.

`[topic, msgpack map of the version and the record, JPEG files ...]`: one way, from a broker to whoever subscribes. Everything is
checked before use; a subscriber must not trust what it connects to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
"""Of one message, pictures included."""

Record = LiveRun | LiveSample | LiveFrame | LiveEvent | LivePicture | LiveEnd

_TOPICS: dict[str, tuple[type, int]] = {
    "run": (LiveRun, 0),
    "sample": (LiveSample, 0),
    "frame": (LiveFrame, 0),
    "event": (LiveEvent, 0),
    "picture": (LivePicture, 2),
    "end": (LiveEnd, 0),
}
"""Each topic's record and how many files follow it."""
_TOPIC_OF = {kind: topic for topic, (kind, _) in _TOPICS.items()}


@dataclass(frozen=True, slots=True)
class Published:
    """One thing that was published."""

    record: Record
    files: tuple[bytes, ...] = ()


def pack(told: Published) -> list[bytes]:
    """Return the frames of `told`."""
    header: Any = msgpack.packb({"v": VERSION, "body": to_plain(told.record)}, use_bin_type=True)
    return [_TOPIC_OF[type(told.record)].encode(), header, *told.files]


def unpack(frames: list[bytes]) -> Published:
    """Return what `frames` hold.

    Raises:
        WireError: Not telemetry of this version: the only error this raises, whatever the bytes are.
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
    header = unpack_records(frames[1])
    if not isinstance(header, dict) or header.keys() != {"v", "body"}:
        raise WireError(f"{topic}: the header is not a map of a version and a body")
    if header["v"] != VERSION:
        raise WireError(f"{topic}: telemetry of version {str(header['v'])[:32]}; expected {VERSION}")
    return Published(from_plain(kind, header["body"]), tuple(bytes(frame) for frame in frames[2:]))
