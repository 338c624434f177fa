"""Carrier sense with collision avoidance: IEEE 802.11's distributed coordination function, basic access.

    busy | DIFS | slot | slot | frame of a station          | SIFS | ACK | DIFS | slot | ...
                  ^ counters go down while the air is idle    ^ or nothing, after a collision or a loss

A **station** is a node; its links on the medium take turns. A station that has something to send while the air has been idle for
DIFS sends at the next slot. Otherwise, and after each frame it has sent, it waits a number of idle slots drawn from [0, window):
the counter stops while the air is busy. Stations whose counters end in the same slot collide. A frame that is not acknowledged
(collided, or lost by its link's own loss) is sent again from a window twice as wide, up to `window_max`, and given up after
`retries` times; then the window is `window` again.

Taken from Bianchi, "Performance Analysis of the IEEE 802.11 Distributed Coordination Function", IEEE JSAC 18(3), 2000, whose
saturation throughput it reproduces: all stations hear each other, propagation takes no part in the contention, acknowledgements
are not lost, and after a collision the others wait for DIFS as after any frame (no EIFS). Without RTS/CTS.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.records import SECOND_NS
from simnet.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    import simpy

    from simnet.net.media.shared_link import SharedLink
    from simnet.records import MediumConfig


@dataclass(slots=True, eq=False)
class _Station:
    """A node on the medium."""

    draws: np.random.Generator
    window: int
    ready: deque[SharedLink] = field(default_factory=deque)
    """Links with a head, in the order of their turns."""
    slots: int | None = None
    """Idle slots until it may send, from the start of the present or next idle time; None where it need not wait."""
    retries: int = 0

    def back_off(self, from_slot: int = 0) -> None:
        self.slots = from_slot + int(self.draws.integers(self.window))


class Csma:
    """One medium. Its draws depend on the seed, its name and each node's."""

    def __init__(self, env: simpy.Environment, config: MediumConfig, seed: int) -> None:
        """Make a medium without stations.

        Raises:
            InputError: Times or windows that no such medium can have.
        """
        if not 1 <= config.window <= config.window_max:
            raise InputError(
                f"medium {config.name!r}: windows of {config.window} to {config.window_max} slots; "
                "expected at least 1, and the largest no smaller than the first"
            )
        self._env, self._config, self._seed = env, config, seed
        self._stations: dict[str, _Station] = {}
        self._idle_ns: int | None = 0
        """When slots begin to count: DIFS after the air became idle; None while it is busy."""
        self._planned = 0
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
            # Idle for DIFS and waiting for nothing: the next slot is its own. Within DIFS it is as if the air were busy.
            station.slots = passed
            if now_ns < self._idle_ns:
                station.back_off()
        self._plan(now_ns)

    def _slots_until(self, now_ns: int) -> int:
        """Return the first slot that begins at `now_ns` or later, counted from the start of this idle time."""
        assert self._idle_ns is not None, "only asked while the air is idle"
        return max(0, -((self._idle_ns - now_ns) // self._config.slot_ns))

    def _plan(self, now_ns: int) -> None:
        """Wait for the slot in which somebody sends next, unless something changes before."""
        self._planned += 1
        slots = [each.slots for each in self._stations.values() if each.ready and each.slots is not None]
        if slots and self._idle_ns is not None:
            start_ns = self._idle_ns + min(slots) * self._config.slot_ns
            self._env.timeout(start_ns - now_ns).callbacks.append(partial(self._send, self._planned, min(slots)))

    def _send(self, planned: int, slot: int, _event: simpy.Event) -> None:
        if planned != self._planned:
            return
        now_ns = int(self._env.now)
        senders = []
        for station in self._stations.values():
            if station.slots is None:
                continue
            if station.ready and station.slots == slot:
                senders.append(station)
            else:
                station.slots = station.slots - slot if station.slots > slot else None
        self._idle_ns = None
        ends_ns = []
        for station in senders:
            link = station.ready[0]
            head = link.head
            assert head is not None, "a link that is ready has a head"
            start_ns = now_ns + self._config.preamble_ns
            sent = link.channel.send(start_ns, self._config.header_bytes + head.size_bytes)
            ends_ns.append(sent[0])
            if len(senders) == 1 and sent[2]:
                link.settle(now_ns, sent[1], arrived=True)
        over_ns = max(ends_ns)
        if len(senders) == 1 and senders[0].ready[0].head is None:
            over_ns += self._ack_ns
        self._env.timeout(over_ns - now_ns).callbacks.append(partial(self._over, senders))

    def _over(self, senders: list[_Station], _event: simpy.Event) -> None:
        """The air is idle again."""
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
