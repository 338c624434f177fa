"""Every field of every reply with every hostile value that its type must not have: new fields are covered (`hostile_values`).

SIMNET_LIES=all runs every field's lie through a live broker; by default a sample does, and all go through the decoder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import inspect

from simnet.errors import NodeLostError, WireError
from simnet.wire.protocol import messages
from simnet.wire.protocol.message_types import ANSWERS, MESSAGE_TYPES
from simnet.wire.protocol.messages import Envelope, Message, pack, unpack
from support.hostile_values import changed, fields, hostile_values, packed
from support.lying_hosts import refused

FEEDBACK = {
    "stream": "car/a", "time_ns": 5, "frames": 1, "received_bytes": 9, "packets_received": 1, "packets_lost": 0,
    "queue_ns": 0, "delay_ns": 1, "undecodable": 3, "allotted_bps": 9,
}  # fmt: skip
SIDE = {"source": "car/a", "sequence": 1, "age_ns": 4}
DECISION = {
    "stream": "van/b", "sequence": 1, "outcome": "late", "start_ns": 1, "ready_ns": 5, "sides": [SIDE],
    "fillers": [SIDE], "concealed": 0.5,
}  # fmt: skip
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


@pytest.mark.parametrize("lie", FIELD_LIES, ids=str)
def test_decoder_refuses_every_hostile_value_by_field(lie: FieldLie) -> None:
    honest = Message(lie.kind, HONEST[lie.kind], (b"",) * MESSAGE_TYPES[lie.kind].payloads[0], Envelope("s", 1, 1))
    with pytest.raises(WireError, match=f"^{lie.kind}: ") as raised:
        unpack(lie.frames(honest))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


SAMPLE = FIELD_LIES if os.environ.get("SIMNET_LIES") == "all" else FIELD_LIES[::23]


@pytest.mark.parametrize("lie", [each for each in SAMPLE if each.kind in {"coded", "plan", "decoded"}], ids=str)
def test_broker_refuses_a_hostile_value(
    lie: FieldLie, lied_to: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NodeLostError) as raised:
        lied_to(lie.kind, lie.frames)
    assert refused(str(raised.value)), str(raised.value)
    assert "Traceback" not in capfd.readouterr().err


def test_hostile_values_know_every_type() -> None:
    for _, declared in (each for kind, plain in HONEST.items() for each in fields(MESSAGE_TYPES[kind].body, plain)):
        assert list(hostile_values(declared))
        assert isinstance(declared, inspect.Type)
