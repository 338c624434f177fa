"""Messages of hosts, brokers and telemetry: altered frames, and altered headers that are msgpack."""

from typing import Any

import msgpack
from hypothesis import strategies as st

from fuzz.mutations import ODD, altered, changed
from simnet.errors import WireError
from simnet.records.telemetry import LiveEnd
from simnet.wire.protocol import messages
from simnet.wire.protocol.message_types import MESSAGE_TYPES
from simnet.wire.protocol.messages import Envelope, Message
from simnet.wire.telemetry import telemetry_messages

REFUSED = (WireError,)
ENVELOPE = Envelope("run-1", 1, 2, 1)
VALID = [
    messages.pack(message)
    for message in (
        Message("wake", {"time_ns": 5}, (), ENVELOPE),
        Message("coded", {"quality": 0.5}, (b"bitstream",), ENVELOPE),
        Message("stop", {"failure": "no"}, (), ENVELOPE),
    )
]


VALID.append(telemetry_messages.pack(telemetry_messages.Published(LiveEnd(5, "0" * 64, ""))))


@st.composite
def frames(draw: st.DrawFn) -> list[bytes]:
    """Frames of a message: each altered, or the header another structure."""
    whole = list(draw(st.sampled_from(VALID)))
    if draw(st.booleans()):
        whole[1] = packed(draw(changed(msgpack.unpackb(whole[1])) | ODD))
    if draw(st.integers(0, 19)) == 0:
        whole[1] = b"\x91" * draw(st.integers(0, 50_000)) + b"\xc0"
    if draw(st.integers(0, 4)) == 0:
        whole[0] = draw(st.sampled_from(sorted(MESSAGE_TYPES))).encode()
    at = draw(st.integers(0, len(whole) - 1))
    whole[at] = draw(altered(whole[at]))
    return whole[: draw(st.integers(0, len(whole)))] if draw(st.integers(0, 9)) == 0 else whole


def packed(header: Any) -> bytes:
    try:
        return bytes(msgpack.packb(header) or b"")
    except (OverflowError, UnicodeEncodeError):
        return b"\xc1"


INPUTS = frames()


def check_text(said: str) -> None:
    assert "\n" not in said


def attempt(whole: list[bytes]) -> None:
    refused = 0
    for unpack in (messages.unpack, telemetry_messages.unpack):
        try:
            unpack(whole)
        except WireError as error:
            check_text(str(error))
            refused += 1
    if refused == 2:
        raise WireError("refused as a message and as telemetry")
