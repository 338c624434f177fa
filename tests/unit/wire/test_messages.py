"""Messages survive the round trip; whatever else the bytes are, only WireError comes out."""

import math

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import WireError, WireVersionError
from simnet.wire.protocol import messages
from simnet.wire.protocol.message_types import ANSWERS, MAX_INTEGER, MESSAGE_TYPES
from simnet.wire.protocol.messages import (
    Envelope,
    Message,
    pack,
    unpack,
)
from support.hostile_values import plain_values


@st.composite
def _messages(draw: st.DrawFn) -> Message:
    name = draw(st.sampled_from(sorted(MESSAGE_TYPES)))
    kind = MESSAGE_TYPES[name]
    payloads = draw(st.lists(st.binary(max_size=40), min_size=kind.payloads[0], max_size=kind.payloads[1]))
    numbers = st.integers(0, MAX_INTEGER)
    envelope = Envelope(draw(st.text(max_size=20)), draw(numbers), draw(numbers), draw(numbers))
    return Message(name, draw(plain_values(kind.body)), tuple(payloads), envelope)


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
        ([b"stop", msgpack.packb([1])], "Expected `object`, got `array`"),
        ([b"stop", msgpack.packb({"v": 99})], "wire version"),
        ([b"stop", msgpack.packb({"v": messages.VERSION})], "missing required field `session`"),
        ([b"stop", b"\x91" * 100_000], "Expected `object`, got `array`"),
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
        Message("coded", {"quality": math.nan}, (b"",)),
        Message("stop", {"failure": None}, envelope=Envelope(sequence=-1)),
        Message("nonsense"),
    ):
        with pytest.raises(WireError):
            pack(wrong)


def test_payloads_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_PAYLOAD_BYTES", 10)
    with pytest.raises(WireError, match="at most 10"):
        pack(Message("coded", {"quality": 0.5}, (bytes(11),)))


@pytest.mark.parametrize("kind", sorted(MESSAGE_TYPES))
@pytest.mark.parametrize("depth", [100, 1000, 10_000])
def test_no_field_may_be_nested_a_thousand_deep(kind: str, depth: int) -> None:
    deep = b"\x91" * depth + b"\x00"
    for name in ("v", "session", "epoch", "body", "unknown"):
        key = bytes([0xA0 + len(name)]) + name.encode()
        with pytest.raises(WireError) as raised:
            unpack([kind.encode(), b"\x81" + key + deep])
        assert len(str(raised.value)) < 400
        with pytest.raises(WireError):
            unpack([kind.encode(), b"\x82" + key + deep + b"\xa1v" + bytes([messages.VERSION])])


structures = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
)


@given(structures, st.sampled_from(sorted(MESSAGE_TYPES)), st.integers(0, 3))
def test_foreign_structures_raise_only_wire_error(structure: object, kind: str, payloads: int) -> None:
    whole = {"v": messages.VERSION, "session": "", "epoch": 0, "sequence": 0, "acknowledged": 0, "body": structure}
    for header in (structure, whole):
        _unpack_safely([kind.encode(), msgspec.msgpack.encode(header), *[b""] * payloads])


@given(st.integers(), st.text())
def test_header_of_another_version_is_told_apart(version: int, other: str) -> None:
    packed = msgspec.msgpack.encode({"v": version % 2**63, "other": other})
    with pytest.raises(WireVersionError if version % 2**63 != messages.VERSION else WireError):
        unpack([b"hello", packed])


def test_every_answer_is_a_kind_of_message() -> None:
    assert set(ANSWERS) | set(ANSWERS.values()) <= set(MESSAGE_TYPES)


@pytest.mark.parametrize("quality", [-0.1, 1.1, 1e308, math.inf, -math.inf, math.nan, "1", None, True, [1]])
def test_quality_is_a_share(quality: object) -> None:
    with pytest.raises(WireError, match="quality"):
        pack(Message("coded", {"quality": quality}, (b"",)))
