"""A thousand malformed messages against a live broker on plain tcp: nothing is lost, and the run is the one that it would be.

host "camera car+van and fusion" ── tcp ── broker ── tcp ── ten strangers, on the main socket and on the pulse
"""

from __future__ import annotations

import logging
import re
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import zmq

from simnet import scenario
from simnet.engine.remote.join import JoinRequest, join_run
from simnet.engine.remote.rendezvous import Rendezvous
from simnet.wire.membership import heartbeat
from simnet.wire.membership.admission import HostClaim
from simnet.wire.protocol.messages import (
    MAX_PAYLOAD_BYTES,
    Envelope,
    Message,
    pack,
    unpack,
)
from simnet.wire.sockets import broker_socket
from support.small_scenario import FILE
from support.tiny_runs import Ran

NODES = ("car", "van")
MESSAGES = 1000
STRANGERS = 10


def malformed(draw: np.random.Generator) -> list[bytes]:
    """Return the frames of a message that no broker may take: noise, cut, altered, of another version or session."""
    reply = Message("coded", {"quality": 0.5}, (draw.bytes(200),), Envelope("guessed", 1, int(draw.integers(1, 30))))
    hello = HostClaim("fusion and camera car+van", NODES, True, 1, "0" * 64, "0").hello()
    whole = [pack(each) for each in (reply, hello, Message("beat", {"host": "fusion and camera car+van"}))][
        draw.integers(3)
    ]
    place = draw.integers(len(whole))
    kind = draw.integers(6)
    if kind == 0:
        return [draw.bytes(draw.integers(60)) for _ in range(draw.integers(1, 6))]
    if kind == 1:
        whole[place] = whole[place][: draw.integers(len(whole[place]))]
        return whole
    if kind == 2:
        whole[place] = draw.bytes(len(whole[place]))
        return whole
    if kind == 3:
        return [whole[0], msgpack.packb({**msgpack.unpackb(whole[1]), "v": 1}), *whole[2:]]
    if kind == 4:
        return [whole[0], b"\x91" * 50_000]
    return whole


class Strangers:
    """Sockets that have no business here."""

    def __init__(self, endpoint: str, beats: str) -> None:
        self._context = zmq.Context()
        address, port = re.fullmatch(r"(tcp://[\d.]+):(\d+)", endpoint).groups()
        self._place = (address.removeprefix("tcp://"), int(port))
        self._sockets = [self._connect(beats if number % 2 else endpoint, number) for number in range(STRANGERS)]
        self._draw = np.random.default_rng(8)

    def _connect(self, endpoint: str, number: int) -> zmq.Socket:
        made = self._context.socket(zmq.DEALER)
        made.setsockopt(zmq.SNDHWM, 0)
        made.setsockopt(zmq.LINGER, 0)
        made.setsockopt(
            zmq.IDENTITY, [b"fusion and camera car+van", b"fusion", f"s{number}".encode()][min(number // 2, 2)]
        )
        made.connect(endpoint)
        return made

    def send(self, count: int) -> None:
        for number in range(count):
            self._sockets[number % STRANGERS].send_multipart(malformed(self._draw))

    def send_too_much(self) -> None:
        """One frame over the cap, and bytes of another protocol."""
        for own in self._sockets[-2:]:
            own.send_multipart([b"coded", bytes(MAX_PAYLOAD_BYTES + 1)])
        with socket.create_connection(self._place) as other:
            other.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(100))

    def close(self) -> None:
        self._context.destroy(0)


def _counted(taken: Counter[str], name: str, frames: list[bytes]) -> Message:
    taken[name] += 1
    return unpack(frames)


def test_malformed_messages_do_not_change_the_run(
    pictures: Path,
    tmp_path: Path,
    run: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(FILE.replace("PICTURES", str(pictures)))
    small = scenario.load(str(file))
    taken: Counter[str] = Counter()
    for module in (broker_socket, heartbeat):
        monkeypatch.setattr(module, "unpack", partial(_counted, taken, module.__name__))
    strangers: list[Strangers] = []
    hosts: list[Future[None]] = []
    beats: list[str] = []

    class Recorded(heartbeat.BrokerHeartbeat):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            beats.append(self.endpoint)

    monkeypatch.setattr(heartbeat, "BrokerHeartbeat", Recorded)
    with ThreadPoolExecutor(1) as pool:

        def come(text: str) -> None:
            endpoint = re.search(r"tcp://\S+", text)[0]
            strangers.append(Strangers(endpoint, beats[0]))
            hosts.append(pool.submit(join_run, JoinRequest(file, endpoint, NODES, fusion=True)))

        def attack(now_ns: int) -> None:
            if now_ns < 800_000_000:
                strangers[0].send(MESSAGES // 4)
            if now_ns == 0:
                strangers[0].send_too_much()

        with caplog.at_level(logging.WARNING):
            attacked = run(small, launcher=Rendezvous("tcp://127.0.0.1:*", wait_s=30, say=come), progress=attack)
        assert hosts[0].result() is None
    strangers[0].close()
    assert sum(taken.values()) > MESSAGES
    assert min(taken.values()) > MESSAGES // 20
    assert attacked.result.summary["fingerprint"] == run(small).result.summary["fingerprint"]
    complaints = [each.getMessage() for each in caplog.records if each.getMessage().startswith(("dropped", "refused"))]
    # One a peer; what waited of one that was cut off and came back counts as another's.
    assert STRANGERS <= len(complaints) <= STRANGERS + 4
