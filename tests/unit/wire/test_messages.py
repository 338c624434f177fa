"""Messages survive the round trip; whatever else the bytes are, only WireError comes out."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import WireError
from simnet.wire.protocol import messages
from simnet.wire.protocol.message_types import MAX_INTEGER, MESSAGE_TYPES
from simnet.wire.protocol.messages import (
    Envelope,
    Message,
    pack,
    unpack,
)

integers = st.integers(-MAX_INTEGER, MAX_INTEGER)


def _values(shape: object) -> st.SearchStrategy:
    if isinstance(shape, tuple):
        return st.one_of(*map(_values, shape))
    if isinstance(shape, list):
        return st.lists(_values(shape[0]), max_size=3)
    if isinstance(shape, dict):
        return st.fixed_dictionaries({key: _values(value) for key, value in shape.items()})
    plain = {
        int: integers,
        str: st.text(max_size=20),
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        None: st.none(),
    }
    return plain[shape]


@st.composite
def _messages(draw: st.DrawFn) -> Message:
    name = draw(st.sampled_from(sorted(MESSAGE_TYPES)))
    kind = MESSAGE_TYPES[name]
    payloads = draw(st.lists(st.binary(max_size=40), min_size=kind.payloads[0], max_size=kind.payloads[1]))
    numbers = st.integers(0, MAX_INTEGER)
    envelope = Envelope(draw(st.text(max_size=20)), draw(numbers), draw(numbers), draw(numbers))
    return Message(name, draw(_values(kind.fields)), tuple(payloads), envelope)


@given(_messages())
def test_message_round_trips(message: Message) -> None:
    assert unpack(pack(message)) == message


@given(_messages(), st.data())
def test_altered_bytes_are_refused_or_valid(message: Message, data: st.DataObject) -> None:
    frames = pack(message)
    place = data.draw(st.integers(0, len(frames) - 1))
    cut = bytearray(frames[place])
    for _ in range(data.draw(st.integers(1, 4))):
        if cut:
            cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    frames[place] = bytes(cut[: data.draw(st.integers(0, len(cut)))])
    _unpack_safely(frames)


@given(st.lists(st.binary(max_size=60), max_size=5), st.sampled_from(sorted(MESSAGE_TYPES)))
def test_foreign_bytes_raise_only_wire_error(frames: list[bytes], kind: str) -> None:
    _unpack_safely(frames)
    _unpack_safely([kind.encode(), *frames])


def _unpack_safely(frames: list[bytes]) -> None:
    try:
        message = unpack(frames)
    except WireError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most alterations raise, some give another valid message
    else:
        assert unpack(pack(message)) == message


@pytest.mark.parametrize(
    ("frames", "complaint"),
    [
        ([], "0 frames"),
        ([b"nonsense", b"\x80"], "unknown kind"),
        ([b"stop", b"\xc1"], "not msgpack"),
        ([b"stop", msgpack.packb([1])], "expected a map"),
        ([b"stop", msgpack.packb({"v": 99})], "wire version"),
        ([b"stop", msgpack.packb({"v": messages.VERSION})], "envelope"),
        ([b"stop", b"\x91" * 100_000], "not msgpack"),
        ([b"stop", bytes(messages.MAX_HEADER_BYTES + 1)], "a header of"),
    ],
)
def test_refusals_state_what_was_expected(frames: list[bytes], complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        unpack(frames)


def test_fields_and_payloads_are_checked_on_both_sides() -> None:
    for wrong in (
        Message("wake", {"time_ns": "soon"}),
        Message("wake", {"time_ns": True}),
        Message("wake", {"time_ns": 2**63}),
        Message("wake", {}),
        Message("wake", {"time_ns": 1, "extra": 2}),
        Message("wake", {"time_ns": 1}, (b"payload",)),
        Message("coded", {"quality": float("nan")}, (b"",)),
        Message("stop", {"failure": None}, envelope=Envelope(sequence=-1)),
        Message("nonsense"),
    ):
        with pytest.raises(WireError):
            pack(wrong)


def test_payloads_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_PAYLOAD_BYTES", 10)
    with pytest.raises(WireError, match="at most 10"):
        pack(Message("coded", {"quality": 0.5}, (bytes(11),)))
