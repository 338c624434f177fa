"""Grants and answers <-> messages of the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet import errors
from simnet.codec.bitstream import framing
from simnet.errors import InputError, NodeError, OutputError, SimnetError
from simnet.records.grants import Capture, Coded, Delivery, Plan, SideChange, SideChoice
from simnet.wire.protocol.messages import Message
from simnet.wire.protocol.serialization import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from simnet.records.grants import Decision


def capture_message(grant: Capture) -> Message:
    """Return a capture grant as a request."""
    return Message("capture", to_plain(grant))


def capture_grant(message: Message) -> Capture:
    """Return the capture grant that a request holds."""
    return from_plain(Capture, message.header)


def coded_message(coded: Coded, state: bytes | None = None) -> Message:
    """Return a camera's answer as a reply; whose it is, the request says. `state` is the camera's before this frame."""
    return Message("coded", {"quality": coded.quality}, (coded.data,) if state is None else (coded.data, state))


def coded_of(grant: Capture, message: Message) -> Coded:
    """Return the frame that a reply to `grant` holds."""
    data = message.payloads[0]
    return Coded(grant.sequence, message.header["quality"], data, framing.is_key(data))


def delivery_message(delivery: Delivery) -> Message:
    """Return a delivery grant as a request; the bitstream is its payload."""
    header: dict[str, Any] = to_plain(delivery)
    data = header.pop("data")
    return Message("delivery", header, (data,) if data else ())


def delivery_grant(message: Message) -> Delivery:
    """Return the delivery grant that a request holds."""
    data = message.payloads[0] if message.payloads else b""
    return from_plain(Delivery, {**message.header, "data": data})


def wake_message(now_ns: int, changes: Sequence[SideChange] = ()) -> Message:
    """Return the request to act at a time that fusion asked for, with what side information changed in pictures."""
    return Message("wake", {"time_ns": now_ns, **({"changes": to_plain(tuple(changes))} if changes else {})})


def changes_of(message: Message) -> tuple[SideChange, ...]:
    """Return what a wake-up says of side information."""
    return tuple(from_plain(SideChange, change) for change in message.header.get("changes", ()))


def plan_message(plan: Plan, state: bytes | None = None) -> Message:
    """Return fusion's plan as a reply; `state` is the planner's after it."""
    return Message("plan", to_plain(plan), () if state is None else (state,))


def plan_of(message: Message) -> Plan:
    """Return the plan that a reply holds."""
    return from_plain(Plan, message.header)


def picture_message(decision: Decision, data: bytes) -> Message:
    """Return the request to decode a frame as it was decided."""
    sides, fillers = to_plain(decision.sides), to_plain(decision.fillers)
    header = {"stream": decision.stream, "sequence": decision.sequence, "sides": sides, "fillers": fillers}
    return Message("picture", header, (data,))


def sides_of(message: Message) -> tuple[SideChoice, ...]:
    """Return the side pictures that a request to decode names."""
    return tuple(from_plain(SideChoice, side) for side in message.header["sides"])


def fillers_of(message: Message) -> tuple[SideChoice, ...]:
    """Return the pictures that missing slices are filled from, which a request to decode names."""
    return tuple(from_plain(SideChoice, each) for each in message.header["fillers"])


def failed_message(error: BaseException) -> Message:
    """Return an error as a reply: the user's own errors keep their class, anything else is the node's failure."""
    name = type(error).__name__
    if isinstance(error, SimnetError):
        return Message("failed", {"error": name, "message": _one_line(str(error))})
    return Message("failed", {"error": "NodeError", "message": f"failed with {name}: {_one_line(str(error))}"})


def raise_if_failed(message: Message, host: str) -> Message:
    """Return `message`, unless it says that a request failed: then raise what failed there."""
    if message.kind != "failed":
        return message
    kind = getattr(errors, message.header["error"], NodeError)
    text = _one_line(message.header["message"])
    if not (isinstance(kind, type) and issubclass(kind, InputError | OutputError)):
        raise NodeError(f"{host}: {text}")
    raise kind(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:2000]
