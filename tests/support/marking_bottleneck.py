"""A network as in SCReAM's reference traces: one queue that never drops and marks by its length, and a rate for each 0.1 s.

sender ── base round trip ──▶ | queue | ──rate──▶ receiver        feedback comes back at once
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import simpy

from simnet.net import Transfer
from simnet.net.ecn import EcnField
from simnet.net.timers import call_after
from simnet.records import SECOND_NS

STEP_NS = SECOND_NS // 10
PAYLOAD_BYTES, OVERHEAD_BYTES = 1000, 12


class Carried(NamedTuple):
    """One packet's way through the bottleneck."""

    entered_ns: int
    left_ns: int
    size_bytes: int
    is_marked: bool


class MarkingBottleneck:
    """What a `simnet.net.Path` needs of a network."""

    is_observed = False

    def __init__(
        self, env: simpy.Environment, near_ns: int, rates_bps: Sequence[float], marks_ns: tuple[int, int] | None
    ) -> None:
        self._env, self._near_ns, self._rates, self._marks = env, near_ns, rates_bps, marks_ns
        self._draw = random.Random(1)
        self._inside: deque[Carried] = deque()
        self._held_bytes = self._free_ns = 0
        self.carried: list[Carried] = []

    def packet_sizes(self, _source: str, _target: str) -> tuple[int, int]:
        return PAYLOAD_BYTES, OVERHEAD_BYTES

    def content(self, *_: object, **__: object) -> None:
        return None

    def send(
        self,
        source: str,
        target: str,
        size_bytes: int,
        on_delivery: Callable[[Transfer], None],
        *,
        priority: int = 0,
        content: None = None,
        ecn: EcnField | None = None,
    ) -> None:
        sent_ns = self._env.now

        def arrived(_event: simpy.Event) -> None:
            on_delivery(
                Transfer(source, target, size_bytes, size_bytes, 1, 0, sent_ns, self._env.now, 0, complete=True)
            )

        def enter(_event: simpy.Event) -> None:
            assert ecn is not None
            call_after(self._env, self._enter(size_bytes + OVERHEAD_BYTES, ecn) - self._env.now, arrived)

        if source == "A":
            call_after(self._env, self._near_ns, enter)
        else:
            call_after(self._env, 0, arrived)

    def _enter(self, size_bytes: int, ecn: EcnField) -> int:
        now_ns = self._env.now
        while self._inside and self._inside[0].left_ns <= now_ns:
            self._held_bytes -= self._inside.popleft().size_bytes
        self._held_bytes += size_bytes
        is_marked = ecn.is_capable and self._marks_at(self._held_bytes * 8 * SECOND_NS / self._rate(now_ns))
        if is_marked:
            ecn.mark()
        start_ns = max(now_ns, self._free_ns)
        self._free_ns = start_ns + round(size_bytes * 8 * SECOND_NS / self._rate(start_ns))
        self._inside.append(Carried(now_ns, self._free_ns, size_bytes, is_marked))
        self.carried.append(self._inside[-1])
        return self._free_ns

    def _rate(self, now_ns: int) -> float:
        return self._rates[min(now_ns // STEP_NS, len(self._rates) - 1)]

    def _marks_at(self, queue_ns: float) -> bool:
        if self._marks is None or queue_ns <= self._marks[0]:
            return False
        first, last = self._marks
        return self._draw.random() * (last - first) < queue_ns - first
