"""A link with background traffic: its sources offer packets to the link that the streams use."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from simnet.net.link_statistics import LinkCounters, LinkStatistics
from simnet.net.timers import call_after
from simnet.net.traffic.traffic_source import open_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    import simpy

    from simnet.net.ecn import EcnField
    from simnet.net.links.route_hop import Hop
    from simnet.net.passage import OnPassages, Passage
    from simnet.net.traffic.traffic_source import TrafficSource
    from simnet.records import LinkConfig, TrafficConfig
    from simnet.records.telemetry import LinkLoad


class LoadedLink:
    """A `Hop` in front of another one: packets of sources enter the link in order of time, before those of streams.

        sources ──due until now──▶ carry ──▶ link        a stream's packets: first what is due, then they

    On a link that knows each passage at once, sources need no events: they are asked for what is due when a stream sends or
    somebody looks. On any other link, each time of a source is an event of the clock `env`.
    """

    def __init__(self, link: Hop, seed: int, until_ns: int, env: simpy.Environment | None) -> None:
        """Load `link` with its traffic, which ends at `until_ns`; `env` is None if the link knows each passage at once.

        Raises:
            InputError: A number of the traffic is out of range.
        """
        self._link, self._env = link, env
        self._sources = [_NumberedSource(*each) for each in open_sources(link.config, seed, until_ns)]
        self._own = LinkCounters(link.config.name)
        self._wake_ns = -1
        self._wake_if_due()

    @property
    def config(self) -> LinkConfig:
        """See `Hop`."""
        return self._link.config

    @property
    def payload_bytes(self) -> int:
        """See `Hop`."""
        return self._link.payload_bytes

    def carry(
        self,
        now_ns: int,
        sizes_bytes: Sequence[int],
        priority: int,
        on_passages: OnPassages,
        ecn: EcnField | None = None,
    ) -> None:
        """See `Hop`."""
        self._advance(now_ns)
        self._link.carry(now_ns, sizes_bytes, priority, on_passages, ecn)

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """See `Hop`; traffic does not change it."""
        return self._link.cost_ns(now_ns)

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """See `Hop`; traffic does not change it."""
        return self._link.rate_bps(now_ns)

    def load(self, now_ns: int) -> LinkLoad:
        """See `Hop`; the load includes traffic."""
        self._advance(now_ns)
        return self._link.load(now_ns)

    def statistics(self, now_ns: int) -> LinkStatistics:
        """See `Hop`; totals include traffic, whose share is given beside."""
        self._advance(now_ns)
        total, own = self._link.statistics(now_ns), self._own.statistics(now_ns, ())
        return replace(
            total,
            history=total.history.with_traffic(own.history),
            traffic_sent_bytes=own.sent_bytes,
            traffic_delivered_bytes=own.delivered_bytes,
        )

    def _advance(self, now_ns: int) -> None:
        """Let the sources do what is due until `now_ns`, in order of time, then of the scenario."""
        while (due_ns := self._next_ns()) is not None and due_ns <= now_ns:
            for source in self._sources:
                if source.source.next_ns() == due_ns:
                    self._act(source, due_ns)

    def _act(self, source: _NumberedSource, now_ns: int) -> None:
        size_bytes = source.config.packet_bytes
        for _ in range(source.source.act(now_ns)):
            self._own.count_offered(now_ns, 1, size_bytes)
            ended = partial(self._ended, source, source.sent)
            source.sent += 1
            self._link.carry(now_ns, [size_bytes], source.config.priority, ended)

    def _ended(self, source: _NumberedSource, number: int, _first: int, passages: list[Passage]) -> None:
        known_ns, arrived, _ = passages[0]
        if arrived:
            self._own.in_flight.append((known_ns, source.config.packet_bytes, True))
        source.source.ended(number, known_ns, arrived=arrived)
        self._wake_if_due()

    def _next_ns(self) -> int | None:
        times_ns = [next_ns for each in self._sources if (next_ns := each.source.next_ns()) is not None]
        return min(times_ns, default=None)

    def _wake_if_due(self) -> None:
        """Make an event of the sources' next time, if the link needs one and there is none."""
        if self._env is None:
            return
        next_ns, now_ns = self._next_ns(), int(self._env.now)
        if next_ns is not None and not now_ns <= self._wake_ns <= next_ns:
            self._wake_ns = max(next_ns, now_ns)
            call_after(self._env, self._wake_ns - now_ns, self._wake)

    def _wake(self, _event: simpy.Event) -> None:
        assert self._env is not None, "only a clock wakes"
        now_ns = int(self._env.now)
        if now_ns == self._wake_ns:  # else another event has been made since, for a later time
            self._wake_ns = -1
        self._advance(now_ns)
        self._wake_if_due()


class _NumberedSource:
    """A source, what it sends, and how many packets it has sent."""

    def __init__(self, config: TrafficConfig, source: TrafficSource) -> None:
        self.config, self.source = config, source
        self.sent = 0
