"""Messages <-> lists of bytes. Sans-IO.

A message on the wire is `[kind, msgpack header, payload ...]`. The header is a map of `v` (the version), `session`,
`epoch`, `sequence`, `acknowledged` and `body`, the kind's own fields (`MESSAGE_TYPES`). Everything is checked before use: sizes
and numbers of frames first, then the header by a typed decoder, which never descends into what it does not expect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

from simnet.errors import WireError, WireVersionError
from simnet.wire.protocol.message_types import MAX_INTEGER, MESSAGE_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 2
MAX_KIND_BYTES = 16
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


_Number = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]


class _Version(Struct):
    """The version of a header of any version."""

    v: int


class _Header(Struct, frozen=True, forbid_unknown_fields=True):
    v: int
    session: Annotated[str, Meta(max_length=64)]
    epoch: _Number
    sequence: _Number
    acknowledged: _Number
    body: Struct


def _header_type(kind: str, body: type[Struct]) -> type[_Header]:
    struct = msgspec.defstruct(kind, [("body", body)], bases=(_Header,), frozen=True, forbid_unknown_fields=True)
    return cast("type[_Header]", struct)


_HEADERS = {name: _header_type(name, kind.body) for name, kind in MESSAGE_TYPES.items()}
_DECODERS = {name: msgspec.msgpack.Decoder(header) for name, header in _HEADERS.items()}
_ENCODER = msgspec.msgpack.Encoder()
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What decoding raises for one or another kind of foreign bytes."""


def pack(message: Message) -> list[bytes]:
    """Return the frames of `message`.

    Raises:
        WireError: `unpack` would not accept the message.
    """
    if message.kind not in MESSAGE_TYPES:
        raise WireError(f"unknown kind of message {message.kind[:32]!r}")
    _check_payloads(message.kind, message.payloads)
    own = message.envelope
    header = {
        "v": VERSION,
        "session": own.session,
        "epoch": own.epoch,
        "sequence": own.sequence,
        "acknowledged": own.acknowledged,
        "body": message.header,
    }
    try:
        packed = _ENCODER.encode(msgspec.convert(header, _HEADERS[message.kind]))
    except _UNREADABLE as error:
        raise WireError(f"{message.kind}: {_complaint(error)}") from error
    if len(packed) > MAX_HEADER_BYTES:
        raise WireError(f"{message.kind}: the header is too large; expected at most {MAX_HEADER_BYTES} bytes")
    return [message.kind.encode("ascii"), packed, *message.payloads]


def unpack(frames: Sequence[bytes]) -> Message:
    """Return the message that `frames` hold.

    Raises:
        WireError: Not a message of this version (WireVersionError: of another one); no bytes raise any other error.
    """
    if len(frames) < 2:
        raise WireError(f"a message of {len(frames)} frames; expected at least a kind and a header")
    kind = bytes(frames[0][:MAX_KIND_BYTES]).decode("ascii", "replace")
    if len(frames[0]) > MAX_KIND_BYTES or kind not in MESSAGE_TYPES:
        raise WireError(f"unknown kind of message {kind!r}")
    _check_payloads(kind, frames[2:])
    header = _unpack_header(kind, frames[1])
    envelope = Envelope(header.session, header.epoch, header.sequence, header.acknowledged)
    return Message(kind, msgspec.to_builtins(header.body), tuple(bytes(frame) for frame in frames[2:]), envelope)


def _unpack_header(kind: str, packed: bytes) -> _Header:
    if len(packed) > MAX_HEADER_BYTES:
        raise WireError(f"{kind}: a header of {len(packed)} bytes; expected at most {MAX_HEADER_BYTES}")
    try:
        header = _DECODERS[kind].decode(packed)
    except _UNREADABLE as error:
        raise _version_error(kind, packed) or WireError(f"{kind}: {_complaint(error)}") from error
    if header.v != VERSION:
        raise WireVersionError(f"{kind}: wire version {header.v}; expected {VERSION}")
    return header


def _version_error(kind: str, packed: bytes) -> WireVersionError | None:
    """Return that a header which is none of ours is of another version, if it says so."""
    try:
        version = msgspec.msgpack.decode(packed, type=_Version).v
    except _UNREADABLE:
        return None
    return None if version == VERSION else WireVersionError(f"{kind}: wire version {version}; expected {VERSION}")


def _complaint(error: Exception) -> str:
    """Return what is wrong with a header, in the words of the decoder, which names the field."""
    if isinstance(error, msgspec.ValidationError):
        return " ".join(str(error).replace("$.body.", "").split())[:300]
    return f"the header is not msgpack ({type(error).__name__})"


def _check_payloads(kind: str, payloads: Sequence[bytes]) -> None:
    least, greatest = MESSAGE_TYPES[kind].payloads
    if not least <= len(payloads) <= greatest:
        raise WireError(f"{kind}: {len(payloads)} payloads; expected {least} to {greatest}")
    size = sum(map(len, payloads))
    if size > MAX_PAYLOAD_BYTES:
        raise WireError(f"{kind}: {size} payload bytes; expected at most {MAX_PAYLOAD_BYTES}")
