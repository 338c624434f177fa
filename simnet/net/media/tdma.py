"""Time-division multiple access: every link of the medium has a slot in turn, whether it has anything to send or not.

    | a |g| b |g| c |g| a |g| b |g| ...      g: guard, the silent end of each slot

A packet is sent when it fits into what is left of its link's slot before the guard, else it waits for the next one. Packets are
not cut. Slots are in the order of the scenario's links, each way back after its way there, and begin with the run.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simnet.errors import InputError

if TYPE_CHECKING:
    import simpy

    from simnet.net.media.shared_link import SharedLink
    from simnet.records import MediumConfig


class Tdma:
    """Grants each link its slots. Nothing collides, and each link's own loss and delay stay."""

    def __init__(self, env: simpy.Environment, config: MediumConfig) -> None:
        """Make a medium without links.

        Raises:
            InputError: A guard as long as its slot.
        """
        if not 0 <= config.guard_ns < config.slot_ns:
            raise InputError(
                f"medium {config.name!r}: guard is {config.guard_ns} ns; expected less than the slot, {config.slot_ns} ns"
            )
        self._env, self._config = env, config
        self._places: dict[str, int] = {}

    def join(self, link: SharedLink) -> None:
        """See `Medium`."""
        config, room_ns = link.config, self._config.slot_ns - self._config.guard_ns
        where = f"link {config.name!r} on medium {self._config.name!r}"
        if config.trace is not None:
            raise InputError(f"{where}: a recorded bandwidth in slots; expected a bit rate, or a ladder by distance")
        slowest_bps = min((rate_bps for _, rate_bps in config.ladder), default=config.bandwidth_bps)
        longest_ns = config.mtu_bytes * 8e9 / slowest_bps
        if longest_ns > room_ns:
            raise InputError(
                f"{where}: a packet of {config.mtu_bytes} bytes takes {longest_ns / 1e6:.4g} ms; "
                f"expected at most a slot less its guard, {room_ns / 1e6:.4g} ms"
            )
        self._places[config.name] = len(self._places)

    def ready(self, link: SharedLink, now_ns: int) -> None:
        """See `Medium`."""
        assert link.head is not None, "a link says that it is ready when it has a head"
        start_ns = self._start_ns(link, now_ns, link.head.size_bytes)
        self._env.timeout(start_ns - now_ns).callbacks.append(partial(self._send, link))

    def _start_ns(self, link: SharedLink, from_ns: int, size_bytes: int) -> int:
        """Return when a packet can start, at `from_ns` or later."""
        slot_ns = self._config.slot_ns
        cycle_ns = slot_ns * len(self._places)
        begin_ns = self._places[link.config.name] * slot_ns
        rounds = max(0, (from_ns - begin_ns) // cycle_ns)
        here_ns = max(from_ns, begin_ns + rounds * cycle_ns)
        service_ns = link.channel.service_ns(here_ns, size_bytes)
        if here_ns + service_ns <= begin_ns + rounds * cycle_ns + slot_ns - self._config.guard_ns:
            return here_ns
        return begin_ns + (rounds + 1) * cycle_ns

    def _send(self, link: SharedLink, _event: simpy.Event) -> None:
        now_ns = int(self._env.now)
        assert link.head is not None, "nobody else takes a head"
        free_ns, known_ns, arrived = link.channel.send(now_ns, link.head.size_bytes)
        link.settle(now_ns, known_ns, arrived=arrived)
        # The next one leaves the queue when this one has left the transmitter.
        self._env.timeout(free_ns - now_ns).callbacks.append(partial(self._done, link))

    def _done(self, link: SharedLink, _event: simpy.Event) -> None:
        now_ns = int(self._env.now)
        if link.advance(now_ns):
            self.ready(link, now_ns)
