"""A cell: one node shares its slots among the links that begin or end at it, each way by itself.

    slot     |     a     |   b   | a |     c     |          what one link does not need of a slot, the next gets
    served   k           k + 1       k + 2

At the start of each slot the scheduler puts the links that have something to send in order. Each is served at its own rate
(fixed, by distance or recorded) until it has nothing left or the slot is over. Packets are cut: one that does not fit goes on
in a later slot. What a slot completes leaves the transmitter at the slot's end, as a transport block does. Slots start with the
run, and an idle cell has none.

**round-robin** begins with the link after the one that was first in the slot before. **proportional-fair** begins with the link
whose rate is highest relative to its own average throughput, an exponential average over `average`, empty slots included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.timers import call_after
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    import simpy

    from simnet.net.media.shared_link import SharedLink
    from simnet.records import MediumConfig

BYTE_WORK = 8 * SECOND_NS
"""Work of one byte, in bit/s x ns."""
FORGOTTEN = 60.0
"""Averages are zero after this many times their duration."""


@dataclass(slots=True, eq=False)
class _User:
    """A link of the cell, and how far it is with its head."""

    link: SharedLink
    order: int
    done: int = 0
    """Work done on the head in earlier slots."""
    started_ns: int = 0
    throughput: float = 0.0
    """Average work a slot at the start of slot `throughput_slot`."""
    throughput_slot: int = 0


class _Direction:
    """One way of a cell, with users of its own."""

    def __init__(self) -> None:
        self.users: list[_User] = []
        self.is_scheduled = False
        self.next_slot = 0
        """First slot that is still to be had."""
        self.turn = 0
        """User that round-robin begins with."""


class Cell:
    """A medium whose node decides, slot by slot, which of its links send. Loss and delay of each link still apply."""

    def __init__(self, env: simpy.Environment, config: MediumConfig) -> None:
        """Create a cell without links.

        Raises:
            InputError: The scheduler is unknown, or a duration is not above 0.
        """
        where = f"medium {config.name!r}"
        if config.scheduler not in {"round-robin", "proportional-fair"}:
            raise InputError(f"{where}: scheduler is {config.scheduler!r}; expected round-robin or proportional-fair")
        if config.slot_ns <= 0 or config.average_ns < config.slot_ns:
            raise InputError(
                f"{where}: slots of {config.slot_ns} ns and an average over {config.average_ns} ns; "
                "expected more than 0, and an average over a slot or longer"
            )
        self._env, self._config = env, config
        self._up, self._down = _Direction(), _Direction()
        self._places: dict[str, tuple[_Direction, _User]] = {}
        self._kept = 1 - config.slot_ns / config.average_ns

    def join(self, link: SharedLink) -> None:
        """See `Medium`."""
        config, at = link.config, self._config.at
        if at not in {config.source, config.target}:
            raise InputError(
                f"link {config.name!r} on medium {self._config.name!r}: from {config.source!r} to {config.target!r}; "
                f"expected one end at {at!r}, the cell's node"
            )
        direction = self._down if config.source == at else self._up
        user = _User(link, len(direction.users))
        direction.users.append(user)
        self._places[config.name] = direction, user

    def ready(self, link: SharedLink, now_ns: int) -> None:
        """See `Medium`."""
        self._schedule(self._places[link.config.name][0], now_ns)

    def _schedule(self, direction: _Direction, now_ns: int) -> None:
        if not direction.is_scheduled:
            direction.is_scheduled = True
            direction.next_slot = max(direction.next_slot, -(-now_ns // self._config.slot_ns))
            start_ns = direction.next_slot * self._config.slot_ns
            call_after(self._env, start_ns - now_ns, partial(self._serve_slot, direction))

    def _serve_slot(self, direction: _Direction, _event: simpy.Event) -> None:
        slot, slot_ns = direction.next_slot, self._config.slot_ns
        now_ns, left_ns = slot * slot_ns, slot_ns
        first: _User | None = None
        waiting = [
            (user, *user.link.channel.work(now_ns, now_ns + slot_ns)) for user in direction.users if user.link.head
        ]
        for user, work, in_range in self._in_order(direction, waiting, slot):
            served = self._serve(user, work * left_ns // slot_ns, now_ns, in_range=in_range)
            self._count(user, served, slot)
            if first is None and served:
                first, direction.turn = user, user.order + 1
            left_ns -= -(-served * slot_ns // work)
            if left_ns <= 0:
                break
        direction.next_slot = slot + 1
        direction.is_scheduled = False
        if any(user.link.head for user in direction.users):
            self._schedule(direction, now_ns)

    def _in_order(
        self, direction: _Direction, waiting: list[tuple[_User, int, bool]], slot: int
    ) -> list[tuple[_User, int, bool]]:
        """Return those that can send in this slot, in the order of service."""
        able = [each for each in waiting if each[1] > 0]
        count = len(direction.users)
        able.sort(key=lambda each: (each[0].order - direction.turn) % count)
        if self._config.scheduler == "proportional-fair":
            able.sort(key=lambda each: self._claim(each[0], each[1], slot), reverse=True)
        return able

    def _serve(self, user: _User, work: int, now_ns: int, *, in_range: bool) -> int:
        """Serve a link with up to `work`; return the work done."""
        left, link = work, user.link
        end_ns = now_ns + self._config.slot_ns
        while left > 0 and link.head is not None:
            if not user.done:
                user.started_ns = now_ns
            missing = link.head.size_bytes * BYTE_WORK - user.done
            if missing > left:
                user.done += left
                return work
            left -= missing
            user.done = 0
            known_ns, arrived = link.channel.cross_air(user.started_ns, end_ns, in_range=in_range)
            link.settle(user.started_ns, known_ns, arrived=arrived)
            link.advance(now_ns)
        return work - left

    def _claim(self, user: _User, work: int, slot: int) -> float:
        """Return the rate that a link would have, relative to its average throughput."""
        average = self._average(user, slot)
        return work / average if average > 0 else math.inf

    def _average(self, user: _User, slot: int) -> float:
        passed = slot - user.throughput_slot
        if passed * self._config.slot_ns > FORGOTTEN * self._config.average_ns:
            return 0.0
        return user.throughput * _power(self._kept, passed)

    def _count(self, user: _User, served: int, slot: int) -> None:
        share = self._config.slot_ns / self._config.average_ns
        user.throughput = self._average(user, slot) * self._kept + served * share
        user.throughput_slot = slot + 1


def _power(base: float, exponent: int) -> float:
    """Return a power by multiplications alone, whose results are the same on every machine."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result
