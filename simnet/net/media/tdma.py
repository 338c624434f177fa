"""Time-division multiple access: every link of the medium has a slot in turn, used or not.

    | a |g| b |g| c |g| a |g| b |g| ...      g: guard, the silent end of each slot

A packet is sent if it fits into the rest of its link's slot before the guard, else it waits for the next slot. Packets are not
cut. Slots follow the order of the links in the scenario, each reverse direction after its forward one, and start with the run.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.timers import call_after

if TYPE_CHECKING:
    import simpy

    from simnet.net.media.shared_link import SharedLink
    from simnet.records import MediumConfig


class Tdma:
    """A medium with one slot per link. Nothing collides; the loss and delay of each link still apply."""

    def __init__(self, env: simpy.Environment, config: MediumConfig) -> None:
        """Create a medium without links.

        Raises:
            InputError: The guard is as long as the slot, or longer.
        """
        if not 0 <= config.guard_ns < config.slot_ns:
            raise InputError(
                f"medium {config.name!r}: guard is {config.guard_ns} ns; expected less than the slot, {config.slot_ns} ns"
            )
        self._env, self._config = env, config
        self._slots: dict[str, int] = {}

    def join(self, link: SharedLink) -> None:
        """See `Medium`."""
        config, usable_ns = link.config, self._config.slot_ns - self._config.guard_ns
        where = f"link {config.name!r} on medium {self._config.name!r}"
        if config.trace is not None:
            raise InputError(f"{where}: a recorded bandwidth in slots; expected a bit rate, or a ladder by distance")
        slowest_bps = min((rate_bps for _, rate_bps in config.ladder), default=config.bandwidth_bps)
        longest_ns = config.mtu_bytes * 8e9 / slowest_bps
        if longest_ns > usable_ns:
            raise InputError(
                f"{where}: a packet of {config.mtu_bytes} bytes takes {longest_ns / 1e6:.4g} ms; "
                f"expected at most a slot less its guard, {usable_ns / 1e6:.4g} ms"
            )
        self._slots[config.name] = len(self._slots)

    def ready(self, link: SharedLink, now_ns: int) -> None:
        """See `Medium`."""
        assert link.head is not None, "a link that is ready has a head"
        start_ns = self._start_ns(link, now_ns, link.head.size_bytes)
        call_after(self._env, start_ns - now_ns, partial(self._send, link))

    def _start_ns(self, link: SharedLink, from_ns: int, size_bytes: int) -> int:
        """Return the earliest start of a packet at `from_ns` or later."""
        slot_ns = self._config.slot_ns
        cycle_ns = slot_ns * len(self._slots)
        begin_ns = self._slots[link.config.name] * slot_ns
        cycles = max(0, (from_ns - begin_ns) // cycle_ns)
        start_ns = max(from_ns, begin_ns + cycles * cycle_ns)
        service_ns = link.channel.service_ns(start_ns, size_bytes)
        if start_ns + service_ns <= begin_ns + cycles * cycle_ns + slot_ns - self._config.guard_ns:
            return start_ns
        return begin_ns + (cycles + 1) * cycle_ns

    def _send(self, link: SharedLink, _event: simpy.Event) -> None:
        now_ns = int(self._env.now)
        assert link.head is not None, "only the medium takes the head"
        free_ns, known_ns, arrived = link.channel.send(now_ns, link.head.size_bytes)
        link.settle(now_ns, known_ns, arrived=arrived)
        # The next packet leaves the queue when this one has left the transmitter.
        call_after(self._env, free_ns - now_ns, partial(self._done, link))

    def _done(self, link: SharedLink, _event: simpy.Event) -> None:
        now_ns = int(self._env.now)
        if link.advance(now_ns):
            self.ready(link, now_ns)
