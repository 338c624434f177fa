"""Messages <-> lists of bytes. Sans-IO.

A message on the wire is `[kind, msgpack header, payload ...]`. The header is a map of `v` (the version), `session`,
`epoch`, `sequence`, `acknowledged` and `body`, the kind's own fields (`MESSAGE_TYPES`). Everything is checked before use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import msgpack

from simnet.errors import WireError, WireVersionError
from simnet.wire.protocol.message_types import MAX_INTEGER, MESSAGE_TYPES, conforms

VERSION = 2
MAX_HEADER_BYTES = 256 * 1024
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Envelope:
    """Fields that every header has beside its own.

    `session` names the run; `epoch` counts how often this host has joined; `sequence` numbers the requests to one host from
    1 on, and a reply has that of its request; the broker has the replies to all requests below `acknowledged`, so the host may
    forget them.
    """

    session: str = ""
    epoch: int = 0
    sequence: int = 0
    acknowledged: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `header` holds only the fields of its own kind."""

    kind: str
    header: dict[str, Any] = field(default_factory=dict[str, Any])
    payloads: tuple[bytes, ...] = ()
    envelope: Envelope = Envelope()

    def addressed(self, envelope: Envelope) -> Message:
        """Return the same message in another envelope."""
        return Message(self.kind, self.header, self.payloads, envelope)


_ENVELOPE_SHAPE = {"v": int, "session": str, "epoch": int, "sequence": int, "acknowledged": int, "body": dict}


def pack(message: Message) -> list[bytes]:
    """Return the frames of `message`.

    Raises:
        WireError: `unpack` would not accept the message.
    """
    _check(message)
    own = message.envelope
    header = {
        "v": VERSION,
        "session": own.session,
        "epoch": own.epoch,
        "sequence": own.sequence,
        "acknowledged": own.acknowledged,
        "body": message.header,
    }
    packed = msgpack.packb(header, use_bin_type=True)
    if len(packed) > MAX_HEADER_BYTES:
        raise WireError(f"{message.kind}: the header is too large; expected at most {MAX_HEADER_BYTES} bytes")
    return [message.kind.encode("ascii"), packed, *message.payloads]


def unpack(frames: list[bytes]) -> Message:
    """Return the message that `frames` hold.

    Raises:
        WireError: Not a message of this version (WireVersionError: of another one); no bytes raise any other error.
    """
    if len(frames) < 2:
        raise WireError(f"a message of {len(frames)} frames; expected at least a kind and a header")
    kind = bytes(frames[0]).decode("ascii", "replace")
    if kind not in MESSAGE_TYPES:
        raise WireError(f"unknown kind of message {kind[:32]!r}")
    header = _unpack_header(kind, frames[1])
    version = header.get("v")
    if version != VERSION:
        raise WireVersionError(f"{kind}: wire version {str(version)[:32]}; expected {VERSION}")
    if header.keys() != _ENVELOPE_SHAPE.keys() or not all(type(header[key]) is _ENVELOPE_SHAPE[key] for key in header):
        raise WireError(f"{kind}: the header has no envelope, or wrong types in it")
    envelope = Envelope(header["session"], header["epoch"], header["sequence"], header["acknowledged"])
    message = Message(kind, header["body"], tuple(bytes(frame) for frame in frames[2:]), envelope)
    _check(message)
    return message


def _unpack_header(kind: str, packed: bytes) -> dict[Any, Any]:
    if len(packed) > MAX_HEADER_BYTES:
        raise WireError(f"{kind}: a header of {len(packed)} bytes; expected at most {MAX_HEADER_BYTES}")
    try:
        header: object = msgpack.unpackb(packed, raw=False, strict_map_key=True, max_ext_len=0)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise WireError(f"{kind}: the header is not msgpack ({type(error).__name__})") from error
    if not isinstance(header, dict):
        raise WireError(f"{kind}: the header is a {type(header).__name__}; expected a map")
    return cast("dict[Any, Any]", header)


def _check(message: Message) -> None:
    """Raise WireError unless the message conforms to its type."""
    kind = MESSAGE_TYPES.get(message.kind)
    if kind is None:
        raise WireError(f"unknown kind of message {message.kind[:32]!r}")
    for key in message.header.keys() ^ kind.fields.keys():
        raise WireError(f"{message.kind}: missing or unknown field {str(key)[:32]!r}")
    for key, shape in kind.fields.items():
        if not conforms(message.header[key], shape):
            raise WireError(f"{message.kind}: field {key!r} has a wrong type or range")
    least, greatest = kind.payloads
    if not least <= len(message.payloads) <= greatest:
        raise WireError(f"{message.kind}: {len(message.payloads)} payloads; expected {least} to {greatest}")
    size = sum(map(len, message.payloads))
    if size > MAX_PAYLOAD_BYTES:
        raise WireError(f"{message.kind}: {size} payload bytes; expected at most {MAX_PAYLOAD_BYTES}")
    numbers = (message.envelope.epoch, message.envelope.sequence, message.envelope.acknowledged)
    if not all(0 <= number <= MAX_INTEGER for number in numbers):
        raise WireError(f"{message.kind}: negative or oversized numbers in the envelope")
