"""Lies of an admitted host whose types are right: each is refused with the host's name, in one line, and nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from simnet.errors import NodeError, NodeLostError
from simnet.records import NodeLossConfig
from simnet.wire.protocol.messages import Message
from support.lying_hosts import refused, unchecked
from support.tiny_runs import MS


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


def test_there_are_enough_lies_about_content() -> None:
    assert len(CONTENT_LIES) > 40


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
