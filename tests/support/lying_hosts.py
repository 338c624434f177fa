"""Runs with a host of which one reply is a lie.

host in a thread ── its honest reply, changed in one place ──▶ broker ──▶ NodeLostError "cameras: refused, ..."
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simnet.records import RateConfig, Scenario
from simnet.wire.protocol import messages
from simnet.wire.protocol.messages import Message, pack
from simnet.wire.sockets import host_socket
from support.hostile_values import packed
from support.tiny_runs import MS, Ran, change_streams


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
