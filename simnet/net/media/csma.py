"""Carrier sense with collision avoidance: IEEE 802.11's distributed coordination function, basic access.

    busy | DIFS | slot | slot | frame of a station          | SIFS | ACK | DIFS | slot | ...
                  ^ counters decrease while the air is idle   ^ missing after a collision or a loss

A **station** is a node; its links on the medium take turns. A station that gets a packet while the air has been idle for DIFS
sends it in the next slot. Otherwise, and after each frame that it has sent, it waits a number of idle slots drawn from [0,
window); the counter stops while the air is busy. Stations whose counters end in the same slot collide. A frame without an
acknowledgement (collided, or lost by the loss of its link) is sent again from a window twice as wide, up to `window_max`, and
is given up after `retries` attempts; then the window returns to `window`.

The model is that of Bianchi, "Performance Analysis of the IEEE 802.11 Distributed Coordination Function", IEEE JSAC 18(3),
2000, and reproduces its saturation throughput: all stations hear each other, propagation plays no part in the contention,
acknowledgements are never lost, and after a collision the other stations wait for DIFS as after any frame (no EIFS). There is
no RTS/CTS.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from simnet.errors import InputError
from simnet.net.timers import call_after
from simnet.records import SECOND_NS
from simnet.seeds import generator

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import simpy

    from simnet.net.media.shared_link import SharedLink
    from simnet.records import MediumConfig


@dataclass(slots=True, eq=False)
class _Station:
    """A node that sends on the medium."""

    draws: np.random.Generator
    window: int
    ready: deque[SharedLink] = field(default_factory=deque["SharedLink"])
    """Links with a head, in order of service."""
    slots: int | None = None
    """Idle slots before it may send, from the start of the current or next idle time; None if it need not wait."""
    retries: int = 0

    def back_off(self, from_slot: int = 0) -> None:
        integers: Callable[[int], int] = cast("Any", self.draws).integers
        self.slots = from_slot + int(integers(self.window))


class Csma:
    """A medium with random access. Its draws depend on the seed, its name and the names of the nodes."""

    def __init__(self, env: simpy.Environment, config: MediumConfig, seed: int) -> None:
        """Create a medium without stations.

        Raises:
            InputError: The windows are out of range.
        """
        if not 1 <= config.window <= config.window_max:
            raise InputError(
                f"medium {config.name!r}: windows of {config.window} to {config.window_max} slots; "
                "expected at least 1, and the largest no smaller than the first"
            )
        self._env, self._config, self._seed = env, config, seed
        self._stations: dict[str, _Station] = {}
        self._idle_ns: int | None = 0
        """Start of the first slot: DIFS after the air became idle; None while it is busy."""
        self._plan_number = 0
        self._ack_ns = (
            config.sifs_ns + config.preamble_ns + round(config.ack_bytes * 8 * SECOND_NS / config.basic_rate_bps)
        )

    def join(self, link: SharedLink) -> None:
        """See `Medium`."""
        node = link.config.source
        if node not in self._stations:
            draws = generator(self._seed, "medium", self._config.name, node)
            self._stations[node] = _Station(draws, self._config.window)

    def ready(self, link: SharedLink, now_ns: int) -> None:
        """See `Medium`."""
        station = self._stations[link.config.source]
        station.ready.append(link)
        if len(station.ready) > 1:
            return
        if self._idle_ns is None:
            if station.slots is None:
                station.back_off()
            return
        passed = self._slots_until(now_ns)
        if station.slots is None or station.slots < passed:
            # The air was idle for DIFS and the station need not wait: it sends in the next slot. Within DIFS the air counts as
            # busy.
            station.slots = passed
            if now_ns < self._idle_ns:
                station.back_off()
        self._plan(now_ns)

    def _slots_until(self, now_ns: int) -> int:
        """Return the first slot that begins at `now_ns` or later, counted from the start of this idle time."""
        assert self._idle_ns is not None, "slots count only while the air is idle"
        return max(0, -((self._idle_ns - now_ns) // self._config.slot_ns))

    def _plan(self, now_ns: int) -> None:
        """Schedule the slot of the next transmission; a later call replaces it."""
        self._plan_number += 1
        slots = [each.slots for each in self._stations.values() if each.ready and each.slots is not None]
        if slots and self._idle_ns is not None:
            start_ns = self._idle_ns + min(slots) * self._config.slot_ns
            call_after(self._env, start_ns - now_ns, partial(self._send, self._plan_number, min(slots)))

    def _send(self, plan_number: int, slot: int, _event: simpy.Event) -> None:
        if plan_number != self._plan_number:
            return
        now_ns = int(self._env.now)
        senders: list[_Station] = []
        for station in self._stations.values():
            if station.slots is None:
                continue
            if station.ready and station.slots == slot:
                senders.append(station)
            else:
                station.slots = station.slots - slot if station.slots > slot else None
        self._idle_ns = None
        ends_ns: list[int] = []
        for station in senders:
            link = station.ready[0]
            head = link.head
            assert head is not None, "a link that is ready has a head"
            start_ns = now_ns + self._config.preamble_ns
            sent = link.channel.send(start_ns, self._config.header_bytes + head.size_bytes)
            ends_ns.append(sent[0])
            if len(senders) == 1 and sent[2]:
                link.settle(now_ns, sent[1], arrived=True)
        end_ns = max(ends_ns)
        if len(senders) == 1 and senders[0].ready[0].head is None:
            end_ns += self._ack_ns
        call_after(self._env, end_ns - now_ns, partial(self._on_idle, senders))

    def _on_idle(self, senders: list[_Station], _event: simpy.Event) -> None:
        """Start the next idle time: settle or repeat what was sent."""
        now_ns = int(self._env.now)
        for station in senders:
            link = station.ready[0]
            if link.head is None or station.retries == self._config.retries:
                if link.head is not None:
                    link.settle(now_ns, now_ns, arrived=False)
                station.window, station.retries = self._config.window, 0
                station.ready.popleft()
                if link.advance(now_ns):
                    station.ready.append(link)
            else:
                station.window = min(2 * station.window, self._config.window_max)
                station.retries += 1
            station.back_off()
        self._idle_ns = now_ns + self._config.difs_ns
        self._plan(now_ns)
