"""All links of a scenario: frames go in at one node and come out, or not, at another."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.handover import AccessPointClosure, handovers, point_of
from simnet.net.links.link import Link
from simnet.net.links.scheduled_link import ScheduledLink
from simnet.net.media.medium import open_medium
from simnet.net.media.shared_link import SharedLink
from simnet.net.network_events import events
from simnet.net.packet_observer import Content
from simnet.net.route import LinkGraph, cheapest
from simnet.net.transport.transfer import OpenTransfer, Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import simpy

    from simnet.net.link_statistics import LinkStatistics
    from simnet.net.links.link import Passage
    from simnet.net.links.outages import Closure
    from simnet.net.links.route_hop import Hop
    from simnet.net.links.transmitter import Distance
    from simnet.net.packet_observer import ContentKind, PacketObserver
    from simnet.records import LinkConfig, MediumConfig
    from simnet.records.network_event import NetworkEvent
    from simnet.records.telemetry import LinkLoad


class Network:
    """Moves frames over the cheapest path, packet by packet, each hop storing a packet before it forwards it.

        A --> B --> C      packets of A and of B share B --> C in the order in which they get there

    A frame over one link costs one event, at its delivery; every further hop costs one event a packet, since only when
    a packet gets there is it known who came before. A queue that is not first in, first out costs one for each packet
    that waits. Packets at the same instant go in the order of their events.
    """

    def __init__(
        self,
        env: simpy.Environment,
        links: Sequence[LinkConfig],
        seed: int,
        distance_m: Distance,
        media: Sequence[MediumConfig] = (),
    ) -> None:
        """Make the links of a run whose clock is `env`, in integer ns, and the media that some of them share.

        `distance_m(source, target, t_ns)` gives the metres between two nodes, for times ahead of the clock too.

        Raises:
            InputError: two links of one name, or a number that no link can have.
        """
        self._env = env
        self._handovers = handovers(links, distance_m)
        self._media = {config.name: open_medium(env, config, seed) for config in media}
        self._links = [self._link(config, seed, distance_m) for config in links]
        names = [config.name for config in links]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"link {name!r}: named twice; expected a name for each link")
        self._graph = LinkGraph(self._links)
        self._between: dict[tuple[str, str], tuple[Hop, ...]] = {}
        self._only_way: dict[tuple[str, str], tuple[Hop, ...]] = {}
        """Where there is no choice, whatever the ways cost."""
        self._routes: dict[tuple[object, ...], tuple[Hop, ...]] = {}
        self._observer: PacketObserver | None = None

    def observe(self, observer: PacketObserver) -> None:
        """Tell `observer` of every packet from now on; changes nothing else."""
        self._observer = observer

    @property
    def is_observed(self) -> bool:
        """Whether anybody is told what sends carry."""
        return self._observer is not None

    def content(
        self, flow: str, kind: ContentKind, until_ns: int, data: bytes = b"", *, is_last: bool = True
    ) -> Content | None:
        """Return what a send carries, where somebody watches."""
        return None if self._observer is None else Content(flow, kind, data, until_ns, is_last)

    def send(
        self,
        source: str,
        target: str,
        size_bytes: int,
        on_delivery: Callable[[Transfer], None],
        *,
        priority: int = 0,
        content: Content | None = None,
    ) -> None:
        """Send a frame now; `on_delivery` is called once, from a later event, complete or not.

        Queues that know priorities serve higher ones first. `content` is for whoever watches; links move sizes alone.

        An incomplete transfer ends when its last packet arrives or is known to be lost: a packet lost on the air when
        it would have reached the end of that link, a dropped one at once. A node reaches itself at once and for free.

        Raises:
            InputError: no sequence of links leads from `source` to `target`.
        """
        if size_bytes < 0:
            raise ValueError(f"size_bytes is {size_bytes}; expected 0 or more")
        route = self._route(source, target)
        transfer = OpenTransfer(
            source,
            target,
            size_bytes,
            sent_ns=self._now_ns,
            route=route,
            priority=priority,
            on_delivery=on_delivery,
            content=content,
        )
        if route:
            self._forward(transfer, 0, 0, transfer.payloads, 0)
        else:
            self._close_at_last(transfer)

    def route(self, source: str, target: str) -> tuple[str, ...]:
        """Return the names of the links that a frame would take now.

        Raises:
            InputError: no sequence of links leads from `source` to `target`.
        """
        return tuple(link.config.name for link in self._route(source, target))

    def packet_sizes(self, source: str, target: str) -> tuple[int, int]:
        """Return what a packet that is sent now carries at most, and its overhead on the first link, in bytes.

        Raises:
            InputError: no sequence of links leads from `source` to `target`.
        """
        route = self._route(source, target)
        if not route:
            raise ValueError(f"packet: {source!r} is both ends; expected two nodes")
        return min(link.payload_bytes for link in route), route[0].config.overhead_bytes

    def bottleneck_bps(self, source: str, target: str) -> float:
        """Return what the narrowest link of the way that a frame would take now can carry, infinite from a node to itself.

        Raises:
            InputError: no sequence of links leads from `source` to `target`.
        """
        rates = [link.rate_bps(self._now_ns) for link in self._route(source, target)]
        return min((rate_bps if passes else 0.0 for rate_bps, passes in rates), default=math.inf)

    def statistics(self) -> list[LinkStatistics]:
        """Return what each link did until now, in the order of the scenario."""
        return [link.statistics(self._now_ns) for link in self._links]

    def loads(self) -> tuple[LinkLoad, ...]:
        """Return what each link carries now, in the order of the scenario; changes nothing."""
        return tuple(link.load(self._now_ns) for link in self._links)

    def events(self) -> list[NetworkEvent]:
        """Return the outages and hand-overs until now, in order of time."""
        configs = (link.config for link in self._links)
        return events(configs, self._handovers.values(), self._now_ns)

    @property
    def _now_ns(self) -> int:
        now_ns = self._env.now
        if type(now_ns) is not int:
            raise TypeError(f"the clock reads {now_ns!r}; expected an integer of ns")
        return now_ns

    def _forward(
        self, transfer: OpenTransfer, hop: int, number: int, payloads_bytes: list[int], waited_ns: int
    ) -> None:
        """Offer packets, the transfer's from `number` on, to link `hop`: they are at its start now and have waited before."""
        link = transfer.route[hop]
        overhead_bytes = link.config.overhead_bytes
        sizes_bytes = [payload + overhead_bytes for payload in payloads_bytes]
        told = partial(self._took, transfer, hop, number, payloads_bytes, waited_ns)
        if self._observer is not None:
            self._observer.offered(transfer, hop, number, len(payloads_bytes), self._now_ns)
        link.carry(self._now_ns, sizes_bytes, transfer.priority, told)

    def _took(
        self,
        transfer: OpenTransfer,
        hop: int,
        number: int,
        payloads_bytes: list[int],
        waited_ns: int,
        first: int,
        passages: list[Passage],
    ) -> None:
        """Go on with those of the packets whose passages are known, from the `first` on."""
        if self._observer is not None:
            self._observer.passed(transfer, hop, number + first, passages)
        if hop + 1 == len(transfer.route):
            transfer.end_packets(passages, waited_ns)
        else:
            payloads_bytes = payloads_bytes[first : first + len(passages)]
            self._fly(transfer, hop, number + first, payloads_bytes, passages, waited_ns)
        if not transfer.open_packets:
            self._close_at_last(transfer)

    def _fly(
        self,
        transfer: OpenTransfer,
        hop: int,
        number: int,
        payloads_bytes: list[int],
        passages: list[Passage],
        waited_ns: int,
    ) -> None:
        """Let each packet that passes link `hop` come out of it at its time."""
        for place, (payload_bytes, passage) in enumerate(zip(payloads_bytes, passages, strict=True), number):
            known_ns, arrived, queue_ns = passage
            if arrived:
                arrive = partial(self._arrive, transfer, hop + 1, place, payload_bytes, waited_ns + queue_ns)
                self._env.timeout(known_ns - self._now_ns).callbacks.append(arrive)
            else:
                transfer.end_packets([passage], waited_ns)

    def _link(self, config: LinkConfig, seed: int, distance_m: Distance) -> Hop:
        closures: list[Closure] = []
        if (choice := config.handover) is not None:
            handover = self._handovers[choice.group, choice.node]
            closures.append(AccessPointClosure(handover, point_of(config, choice)))
        if config.medium is not None:
            if config.medium not in self._media:
                raise InputError(f"link {config.name!r}: no medium {config.medium!r}; expected one that is declared")
            return SharedLink(self._media[config.medium], config, seed, distance_m, closures)
        if config.queue == "fifo":
            return Link(config, seed, distance_m, closures)
        return ScheduledLink(self._env, config, seed, distance_m, closures)

    def _arrive(
        self, transfer: OpenTransfer, hop: int, number: int, payload_bytes: int, waited_ns: int, _event: simpy.Event
    ) -> None:
        self._forward(transfer, hop, number, [payload_bytes], waited_ns)

    def _close_at_last(self, transfer: OpenTransfer) -> None:
        event = self._env.timeout(transfer.last_ns - self._now_ns)
        event.callbacks.append(lambda _: transfer.close())

    def _route(self, source: str, target: str) -> tuple[Hop, ...]:
        only = self._only_way.get((source, target))
        if only is not None:
            return only
        links = self._between.get((source, target))
        if links is None:
            links = self._between[source, target] = self._graph.between(source, target)
        costs = {link.config.name: link.cost_ns(self._now_ns) for link in links}
        key = source, target, *costs.values()
        route = self._routes.get(key)
        if route is None:
            route = cheapest(links, costs, source, target)
            if route is None:
                raise InputError(f"no route from {source!r} to {target!r}; expected links that lead there")
            self._routes[key] = route
            if len(route) == len(links):
                self._only_way[source, target] = route
        return route
