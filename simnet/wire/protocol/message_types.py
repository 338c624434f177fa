"""Message types: the body of each, and how many payloads it carries.

A body is a msgspec struct: types, bounds and lengths of its fields are declared, and checked by the decoder. Bodies that carry
grants and plans are made from the records in `simnet.records.grants`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from simnet.records.bounds import Count, FrameNumber, Name, Nanoseconds, Share
from simnet.records.grants import Capture, Delivery, Plan, SideChange, SideChoice
from simnet.wire.protocol.strict_structs import strict_struct

MAX_INTEGER = 2**63 - 1
MAX_TEXT = 4096
MAX_THREADS = 64

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Names = Annotated[list[Name], Meta(max_length=100_000)]
Hexadecimal = Annotated[str, Meta(max_length=128, pattern=r"^[0-9a-f]*\Z")]


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """The kind's own fields of a header; a kind without any has this one."""


class Hello(Body, frozen=True):
    """What a host claims: see `wire.membership.admission.HostClaim`."""

    host: Name
    nodes: Names
    fusion: bool
    cores: Annotated[int, Meta(ge=1, le=2**16)]
    scenario: Text
    version: Text


class Welcome(Body, frozen=True):
    """Let in: where the heartbeat socket is."""

    pulse: Text


class Refused(Body, frozen=True):
    """Not let in, and why."""

    reason: Text


class Beat(Body, frozen=True):
    """A heartbeat."""

    host: Name


class StreamPackets(Body, frozen=True):
    """What a packet of a stream carries on its first link."""

    name: Name
    payload_bytes: Count
    overhead_bytes: Count


class Open(Body, frozen=True):
    """Open the nodes."""

    streams: Annotated[list[StreamPackets], Meta(max_length=100_000)]
    fusion: bool
    threads: Annotated[int, Meta(ge=1, le=2**16)]
    answer_delay_s: Annotated[float, Meta(ge=0.0, le=3600.0)]
    overrides: Annotated[list[Text], Meta(max_length=10_000)]


class Wake(Body, frozen=True):
    """Fusion asked to be woken at this time; if it allots rates then, what side information changed in pictures."""

    time_ns: Nanoseconds
    changes: Annotated[list[strict_struct(SideChange)], Meta(max_length=100_000)] = []  # pyright: ignore[reportInvalidTypeForm, reportUnknownVariableType]


class Picture(Body, frozen=True):
    """Decode a frame with these sides; fill its missing slices from `fillers`."""

    stream: Name
    sequence: FrameNumber
    sides: Annotated[list[strict_struct(SideChoice)], Meta(max_length=1000)]  # pyright: ignore[reportInvalidTypeForm]
    fillers: Annotated[list[strict_struct(SideChoice)], Meta(max_length=1000)]  # pyright: ignore[reportInvalidTypeForm]


class Stop(Body, frozen=True):
    """The run is over, and why if it failed."""

    failure: Text | None


class Restore(Body, frozen=True):
    """Take this state, of a stream's camera or of fusion."""

    stream: Name | None


class Prime(Body, frozen=True):
    """Let the decoder see this frame."""

    stream: Name


class Shown(Body, frozen=True):
    """A picture that serves as side information."""

    stream: Name
    sequence: FrameNumber


class CodedFrame(Body, frozen=True):
    """A camera's answer to a capture."""

    quality: Share


class DecodedFrame(Body, frozen=True):
    """A picture of fusion."""

    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


class Spent(Body, frozen=True):
    """Seconds that a part of the work took."""

    part: Annotated[str, Meta(max_length=200)]
    seconds: Annotated[float, Meta(ge=0.0, le=1e9)]


class Tallied(Body, frozen=True):
    """Peak memory, and seconds by part."""

    peak_rss_bytes: Annotated[int, Meta(ge=0, le=2**50)]
    seconds: Annotated[list[Spent], Meta(max_length=1000)]


class Failed(Body, frozen=True):
    """An error instead of a reply."""

    error: Annotated[str, Meta(max_length=100, pattern=r"^\w+\Z")]
    message: Text


@dataclass(frozen=True, slots=True)
class MessageType:
    """Body and payloads of one kind of message."""

    body: type[Struct] = Body
    payloads: tuple[int, int] = (0, 0)
    """Smallest and largest number of payloads."""


MESSAGE_TYPES: dict[str, MessageType] = {
    # host -> broker before an epoch exists, and the broker's answers; a session starts with the envelope of its welcome
    "hello": MessageType(Hello),
    "welcome": MessageType(Welcome),
    "refused": MessageType(Refused),
    # both ways on the heartbeat sockets
    "beat": MessageType(Beat),
    # broker -> host, one request each
    "open": MessageType(Open, (1, 1)),
    "capture": MessageType(strict_struct(Capture)),
    "delivery": MessageType(strict_struct(Delivery, without=("data",)), (0, 1)),
    "wake": MessageType(Wake),
    "announce": MessageType(payloads=(1, 1)),
    "picture": MessageType(Picture, (1, 1)),
    "tally": MessageType(),
    "stop": MessageType(Stop),
    # the same, to a host that came back: node states, frames that a decoder saw, pictures that serve as side information
    "restore": MessageType(Restore, (1, 1)),
    "prime": MessageType(Prime, (1, 1)),
    "shown": MessageType(Shown, (1, 1)),
    # host -> broker, one reply to each of these
    "opened": MessageType(payloads=(1, 1)),
    "coded": MessageType(CodedFrame, (1, 2)),
    "plan": MessageType(strict_struct(Plan), (0, 1)),
    "announced": MessageType(),
    "decoded": MessageType(DecodedFrame, (1, 2)),
    "restored": MessageType(),
    "tallied": MessageType(Tallied),
    "stopped": MessageType(),
    "failed": MessageType(Failed),
}

ANSWERS = {
    "open": "opened",
    "capture": "coded",
    "delivery": "plan",
    "wake": "plan",
    "announce": "announced",
    "picture": "decoded",
    "tally": "tallied",
    "stop": "stopped",
    "restore": "restored",
    "prime": "restored",
    "shown": "restored",
}
"""The kind of the reply to each request; any request may be answered with `failed`."""
