"""Lies of an admitted host: each is refused with the host's name, in one line, and nothing else happens.

    host in a thread ── its honest reply, changed in one place ──▶ broker ──▶ NodeLostError "cameras: refused, ..."

Lies come from two sources: every field of every reply with every hostile value that its type must not have (`hostile_values`, so
new fields are covered), and replies whose types are right and whose content cannot be.

SIMNET_LIES=all runs every field's lie through a live broker; by default a sample does, and all go through the decoder.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from simnet.errors import NodeError, NodeLostError, WireError
from simnet.records import NodeLossConfig, RateConfig, Scenario
from simnet.wire.protocol import messages
from simnet.wire.protocol.message_types import ANSWERS, MESSAGE_TYPES
from simnet.wire.protocol.messages import Envelope, Message, pack, unpack
from simnet.wire.sockets import host_socket
from support.hostile_values import changed, fields, hostile_values, packed
from support.tiny_runs import MS, Ran, change_streams

FEEDBACK = {
    "stream": "car/a", "time_ns": 5, "frames": 1, "received_bytes": 9, "packets_received": 1, "packets_lost": 0,
    "queue_ns": 0, "delay_ns": 1, "undecodable": 3,
}  # fmt: skip
SIDE = {"source": "car/a", "sequence": 1, "age_ns": 4}
DECISION = {"stream": "van/b", "sequence": 1, "outcome": "late", "start_ns": 1, "ready_ns": 5, "sides": [SIDE]}
HONEST: dict[str, dict[str, Any]] = {
    "opened": {},
    "coded": {"quality": 0.5},
    "plan": {"decisions": [DECISION], "feedback": [FEEDBACK], "wake_ns": 7},
    "announced": {},
    "decoded": {"digest": "0" * 32},
    "restored": {},
    "tallied": {"peak_rss_bytes": 1, "seconds": [{"part": "x", "seconds": 0.5}]},
    "stopped": {},
    "failed": {"error": "NodeError", "message": "x"},
}
"""A valid body of each kind of reply."""


@dataclass(frozen=True)
class FieldLie:
    """One field of a reply with a value that it must not have."""

    kind: str
    at: tuple[str | int, ...]
    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.kind}.{'.'.join(map(str, self.at))} {self.name}"

    def frames(self, honest: Message) -> list[bytes]:
        own = honest.envelope
        header = {
            "v": messages.VERSION, "session": own.session, "epoch": own.epoch, "sequence": own.sequence,
            "acknowledged": own.acknowledged, "body": changed(HONEST[self.kind], self.at, self.value),
        }  # fmt: skip
        return [self.kind.encode(), packed(header), *honest.payloads]


def field_lies() -> Iterator[FieldLie]:
    for kind, body in HONEST.items():
        for at, declared in fields(MESSAGE_TYPES[kind].body, body):
            for name, value in hostile_values(declared):
                yield FieldLie(kind, at, name, value)


FIELD_LIES = list(field_lies())


def test_every_reply_has_an_honest_example() -> None:
    assert HONEST.keys() == set(ANSWERS.values()) | {"failed"}
    for kind, body in HONEST.items():
        payloads = (b"",) * MESSAGE_TYPES[kind].payloads[0]
        assert unpack(pack(Message(kind, body, payloads))).header == body


def test_there_are_enough_lies() -> None:
    assert len(FIELD_LIES) > 150
    assert len(CONTENT_LIES) > 40


@pytest.mark.parametrize("lie", FIELD_LIES, ids=str)
def test_decoder_refuses_every_hostile_value_by_field(lie: FieldLie) -> None:
    honest = Message(lie.kind, HONEST[lie.kind], (b"",) * MESSAGE_TYPES[lie.kind].payloads[0], Envelope("s", 1, 1))
    with pytest.raises(WireError, match=f"^{lie.kind}: ") as raised:
        unpack(lie.frames(honest))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


# --- lies whose types are right: kind of reply, name, what is changed -----------------------------------------------------


def body(**fields: Any) -> Callable[[Message], Message]:
    return lambda honest: replace(honest, header=honest.header | fields)


def payload(change: Callable[[bytes], bytes], place: int = 0) -> Callable[[Message], Message]:
    def lie(honest: Message) -> Message:
        kept = list(honest.payloads)
        if place < len(kept):
            kept[place] = change(kept[place])
        return replace(honest, payloads=tuple(kept))

    return lie


def announcement(**fields: Any) -> Callable[[Message], Message]:
    def change(data: bytes) -> bytes:
        said = msgspec.msgpack.decode(data)
        said["car/a"] |= fields
        return msgspec.msgpack.encode(said)

    return payload(change)


def streams(change: Callable[[dict[str, Any]], Any]) -> Callable[[Message], Message]:
    return payload(lambda data: msgspec.msgpack.encode(change(msgspec.msgpack.decode(data))))


def decision(**fields: Any) -> Callable[[Message], Message]:
    def lie(honest: Message) -> Message:
        first, *others = honest.header["decisions"]
        return body(decisions=[first | fields, *others])(honest)

    return lie


def sided(**fields: Any) -> Callable[[Message], Message]:
    def lie(honest: Message) -> Message:
        first, *others = honest.header["decisions"]
        return body(decisions=[first | {"sides": [first["sides"][0] | fields]}, *others])(honest)

    return lie


def report(**fields: Any) -> Callable[[Message], Message]:
    def lie(honest: Message) -> Message:
        first, *others = honest.header["feedback"]
        return body(feedback=[first | fields, *others])(honest)

    return lie


def has(key: str) -> Callable[[Message], bool]:
    return lambda honest: bool(honest.header[key])


def has_sides(honest: Message) -> bool:
    return any(each["sides"] for each in honest.header["decisions"][:1])


def has_streams(honest: Message) -> bool:
    return honest.payloads[0] != b"\x80"  # fusion has no streams to announce


ALWAYS = bool
CONTENT_LIES: list[tuple[str, str, Callable[[Message], Any], Callable[[Message], Message]]] = [
    *[("opened", f"announces {key} {value!r:.20}", has_streams, announcement(**{key: value})) for key, value in [
        ("width", 65), ("height", 0), ("width", -64), ("width", 2**40), ("height", 47), ("codec", "webp"), ("codec", ""),
        ("codec", "x" * 5000), ("model", "\x1b[31m"), ("parameters", "00" * 9000), ("width", None), ("height", 48.0),
        ("unknown", 1), ("tables_digest", ["x"]),
    ]],
    ("opened", "a stream less", has_streams, streams(lambda said: {"car/a": said["car/a"]})),
    ("opened", "a stream more", has_streams, streams(lambda said: said | {"other/x": said["car/a"]})),
    ("opened", "no streams", has_streams, streams(lambda _: {})),
    ("opened", "a list", has_streams, streams(lambda _: [1, 2])),
    ("opened", "a number", has_streams, streams(lambda _: 7)),
    ("opened", "nested", has_streams, payload(lambda _: b"\x91" * 1000 + b"\x00")),
    ("opened", "nested in a map", has_streams, payload(lambda _: b"\x81\xa5car/a" + b"\x91" * 5000 + b"\x00")),
    ("opened", "cut", has_streams, payload(lambda data: data[:-3])),
    ("opened", "empty", has_streams, payload(lambda _: b"")),
    ("opened", "huge", has_streams, payload(lambda data: data + bytes(2**20))),
    ("coded", "no bytes", ALWAYS, payload(lambda _: b"")),
    ("coded", "a header alone", ALWAYS, payload(lambda data: data[:8])),
    ("coded", "another frame", ALWAYS, payload(lambda data: bytes([data[0], data[1] ^ 7]) + data[2:])),
    ("coded", "larger than its picture", ALWAYS, payload(lambda data: data + bytes(2**20))),
    ("coded", "a quality not asked for", ALWAYS, body(quality=0.9)),
    ("coded", "no key frame first", ALWAYS, payload(lambda data: data[:3] + b"\x00" + data[4:])),
    ("coded", "a state that is none", ALWAYS, payload(lambda _: b"\xc0", 1)),
    ("coded", "a huge state", ALWAYS, payload(lambda _: bytes(2**17), 1)),
    ("coded", "a state from later", ALWAYS, payload(
        lambda data: msgspec.msgpack.encode(msgspec.msgpack.decode(data) | {"key_sequence": 99}), 1)),
    ("coded", "no state", ALWAYS, lambda honest: replace(honest, payloads=honest.payloads[:1])),
    *[("plan", f"decides on {fields}", has("decisions"), decision(**fields)) for fields in [
        {"stream": "no/such"}, {"stream": "hub/s"}, {"sequence": 9}, {"sequence": 2**40}, {"outcome": "node lost"},
        {"outcome": "lost"}, {"outcome": "reference lost"}, {"outcome": "late"}, {"start_ns": 0}, {"ready_ns": 2**62},
        {"ready_ns": 0}, {"start_ns": None}, {"ready_ns": None}, {"sides": [{"source": "van/b", "sequence": 0, "age_ns": 0}]},
    ]],
    ("plan", "decides twice", has("decisions"), lambda honest: body(decisions=honest.header["decisions"] * 2)(honest)),
    *[("plan", f"a side {fields}", has_sides, sided(**fields)) for fields in [
        {"source": "no/such"}, {"source": "van/b"}, {"sequence": 99}, {"age_ns": 2**61}, {"age_ns": 1},
    ]],
    ("plan", "too many sides", has_sides, lambda honest: decision(sides=honest.header["decisions"][0]["sides"] * 3)(honest)),
    *[("plan", f"wakes at {wake_ns}", ALWAYS, body(wake_ns=wake_ns)) for wake_ns in [0, 2**62, 10**15]],
    *[("plan", f"reports {fields}", has("feedback"), report(**fields)) for fields in [
        {"stream": "no/such"}, {"time_ns": 0}, {"frames": 99}, {"received_bytes": 2**40}, {"packets_lost": 2**40},
        {"queue_ns": 2**62}, {"delay_ns": 2**62}, {"undecodable": 2**40},
    ]],
    ("plan", "reports twice", has("feedback"), lambda honest: body(feedback=honest.header["feedback"] * 2)(honest)),
    ("plan", "a state that is none", ALWAYS, lambda honest: replace(honest, payloads=(b"\x91" * 1000 + b"\x00",))),
    ("plan", "a state of other types", ALWAYS, lambda honest: replace(honest, payloads=(b"\x81\xa8statuses\x01",))),
    ("decoded", "a digest that is not the picture's", ALWAYS, body(digest="0" * 32)),
    ("decoded", "a smaller picture", ALWAYS, payload(lambda data: data[:-1])),
    ("decoded", "a larger picture", ALWAYS, payload(lambda data: data + b"\x00")),
    ("decoded", "an empty picture", ALWAYS, payload(lambda _: b"")),
    ("decoded", "altered pixels", ALWAYS, payload(lambda data: bytes([data[0] ^ 1]) + data[1:])),
    ("decoded", "a second picture of another size", ALWAYS, lambda honest: replace(honest, payloads=(honest.payloads[0], b"x"))),
    ("opened", "another kind", has_streams, lambda honest: replace(honest, kind="announced", payloads=())),
    ("coded", "another kind", ALWAYS, lambda honest: replace(honest, kind="stopped", header={}, payloads=())),
    ("plan", "another kind", ALWAYS, lambda honest: replace(honest, kind="coded", header={"quality": 0.5}, payloads=(b"x",))),
    ("decoded", "a request", ALWAYS, lambda honest: replace(honest, kind="wake", header={"time_ns": 1}, payloads=())),
    ("coded", "to a request never sent", ALWAYS, lambda honest: honest.addressed(replace(honest.envelope, sequence=9999))),
    ("plan", "of a later epoch", ALWAYS, lambda honest: honest.addressed(replace(honest.envelope, epoch=9))),
    ("decoded", "of another session", ALWAYS, lambda honest: honest.addressed(replace(honest.envelope, session="x"))),
]  # fmt: skip


@pytest.fixture
def lied_to(tiny: Scenario, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run with hosts of which one lies: `lie` returns frames in place of a reply of `kind`, or None to be honest.

    It lies once, or `always`: a host codes its streams in parallel, so which one's frame it lies about first is chance.
    """

    def go(kind: str, lie: Callable[[Message], list[bytes] | None], *, always: bool = False, **changes: Any) -> Ran:
        is_told = itertools.count()

        def lying(reply: Message) -> list[bytes]:
            if reply.kind == kind and (frames := lie(reply)) is not None and (next(is_told) == 0 or always):
                return frames
            return pack(reply)

        monkeypatch.setattr(host_socket, "pack", lying)
        adaptive = RateConfig("adaptive") if kind == "plan" else RateConfig(quality=0.4)
        scenario = replace(change_streams(tiny, rate=adaptive), duration_ns=600 * MS, **changes)
        return run(scenario)

    return go


def unchecked(message: Message) -> list[bytes]:
    """Pack a message without looking at it."""
    own = message.envelope
    header = {
        "v": messages.VERSION, "session": own.session, "epoch": own.epoch, "sequence": own.sequence,
        "acknowledged": own.acknowledged, "body": message.header,
    }  # fmt: skip
    return [message.kind.encode(), packed(header), *message.payloads]


def refused(text: str) -> bool:
    return text.startswith(("cameras: refused, ", "fusion: refused, ")) and "\n" not in text and len(text) < 1500


@pytest.mark.parametrize(
    ("kind", "name", "applies", "lie"), CONTENT_LIES, ids=[f"{each[0]}: {each[1]}" for each in CONTENT_LIES]
)
def test_broker_refuses_a_reply_that_cannot_be(
    kind: str,
    name: str,
    applies: Callable[[Message], Any],
    lie: Callable[[Message], Message],
    lied_to: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
) -> None:
    del name
    with pytest.raises(NodeLostError) as raised:
        lied_to(kind, lambda honest: unchecked(lie(honest)) if applies(honest) else None)
    assert refused(str(raised.value)), str(raised.value)
    assert "Traceback" not in capfd.readouterr().err


SAMPLE = FIELD_LIES if os.environ.get("SIMNET_LIES") == "all" else FIELD_LIES[::23]


@pytest.mark.parametrize("lie", [each for each in SAMPLE if each.kind in {"coded", "plan", "decoded"}], ids=str)
def test_broker_refuses_a_hostile_value(
    lie: FieldLie, lied_to: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NodeLostError) as raised:
        lied_to(lie.kind, lie.frames)
    assert refused(str(raised.value)), str(raised.value)
    assert "Traceback" not in capfd.readouterr().err


def test_run_goes_on_without_a_camera_that_lies(lied_to: Callable[..., Any]) -> None:
    """If the scenario takes a lost host for a fault, it takes a lying one for one too."""

    def false_quality(honest: Message) -> list[bytes] | None:
        return unchecked(body(quality=0.9)(honest))

    ran = lied_to("coded", false_quality, always=True, node_loss=NodeLossConfig("fault", 100 * MS))
    for stream in ("car/a", "van/b"):
        assert {row.outcome.value for row in ran.rows(stream)} == {"node lost"}
    assert list(ran.read.manifest.lost_hosts) == ["cameras"]


def test_failure_that_a_host_reports_is_one_line(lied_to: Callable[..., Any]) -> None:
    for error in ("NodeLostError", "WireVersionError", "SimnetError", "annotations", "Exception", "no_such"):
        failed = Message("failed", {"error": error, "message": "two\nlines"})
        with pytest.raises(NodeError) as raised:
            lied_to("coded", lambda honest, failed=failed: unchecked(failed.addressed(honest.envelope)))
        assert "two lines" in str(raised.value)


def test_hostile_values_know_every_type() -> None:
    for _, declared in (each for kind, plain in HONEST.items() for each in fields(MESSAGE_TYPES[kind].body, plain)):
        assert list(hostile_values(declared))
        assert isinstance(declared, inspect.Type)
