"""The network: all links of a scenario, over which frames travel from node to node."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.content import Content
from simnet.net.handover import AccessPointClosure, access_point_of, handovers_by_node
from simnet.net.links.link import Link
from simnet.net.links.scheduled_link import ScheduledLink
from simnet.net.media.medium import open_medium
from simnet.net.media.shared_link import SharedLink
from simnet.net.network_events import link_events
from simnet.net.route import LinkGraph, cheapest_route
from simnet.net.timers import call_after
from simnet.net.traffic.loaded_link import LoadedLink
from simnet.net.traffic.medium_users import user_links
from simnet.net.transfer import OpenTransfer, Transfer, transfer_over

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import simpy

    from simnet.net.content import ContentKind
    from simnet.net.ecn import EcnField
    from simnet.net.link_statistics import LinkStatistics
    from simnet.net.links.outages import Closure
    from simnet.net.links.route_hop import Hop
    from simnet.net.links.transmitter import Distance
    from simnet.net.packet_observer import PacketObserver
    from simnet.net.passage import Passage
    from simnet.records import LinkConfig, MediumConfig
    from simnet.records.network_event import NetworkEvent
    from simnet.records.telemetry import LinkLoad


class Network:
    """Moves frames over the cheapest route, packet by packet; every hop stores a packet before it forwards it.

        A --> B --> C      packets of A and of B share B --> C in their order of arrival at B

    A frame over one link costs one event, at its delivery. Every further hop costs one event per packet, since the order of
    packets is known only when they arrive there. A queue that is not first in, first out costs one event per packet that
    waits. Packets at the same instant follow the order of their events; those of background traffic come first.
    """

    def __init__(
        self,
        env: simpy.Environment,
        links: Sequence[LinkConfig],
        seed: int,
        distance_m: Distance,
        media: Sequence[MediumConfig] = (),
        traffic_until_ns: int = 0,
    ) -> None:
        """Create the links and shared media of a run on the clock `env`, in integer ns.

        `distance_m(source, target, t_ns)` returns the metres between two nodes, also for the future. Background traffic is sent
        before `traffic_until_ns`.

        Raises:
            InputError: Two links have one name, or a number of a link is out of range.
        """
        self._env = env
        self._handovers = handovers_by_node(links, distance_m)
        self._media = {config.name: open_medium(env, config, seed) for config in media}
        self._links = [self._open_link(config, seed, distance_m, traffic_until_ns) for config in links]
        others = [each for config in media for each in user_links(config)] if traffic_until_ns > 0 else []
        self._others = [self._open_link(config, seed, distance_m, traffic_until_ns) for config in others]
        """Links of the other users of media; no route leads over them."""
        seen: set[str] = set()
        for name in (config.name for config in links):
            if name in seen:
                raise InputError(f"link {name!r}: named twice; expected a name for each link")
            seen.add(name)
        self._graph = LinkGraph(self._links)
        self._between: dict[tuple[str, str], tuple[Hop, ...]] = {}
        self._single_routes: dict[tuple[str, str], tuple[Hop, ...]] = {}
        """Routes between nodes that have only one, whatever it costs."""
        self._routes: dict[tuple[object, ...], tuple[Hop, ...]] = {}
        self._observer: PacketObserver | None = None

    def observe(self, observer: PacketObserver) -> None:
        """Show every packet to `observer` from now on; changes nothing else."""
        self._observer = observer

    @property
    def is_observed(self) -> bool:
        """Whether the network has an observer."""
        return self._observer is not None

    def content(
        self, flow: str, kind: ContentKind, until_ns: int, data: bytes = b"", *, is_last: bool = True
    ) -> Content | None:
        """Return the content of a send if the network has an observer, else None."""
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
        ecn: EcnField | None = None,
    ) -> None:
        """Send a frame now; `on_delivery` is called once, from a later event, complete or not.

        Priority queues serve higher priorities first. `content` is for the observer only; links move sizes. Queues may write
        congestion into `ecn`; without it, no packet is marked.

        An incomplete transfer ends when its last packet arrives or is known to be lost: a packet lost on the air at the
        time at which it would have arrived, a dropped one at once. A node reaches itself at once without any link.

        Raises:
            InputError: No route leads from `source` to `target`.
        """
        if size_bytes < 0:
            raise ValueError(f"size_bytes is {size_bytes}; expected 0 or more")
        route = self._route(source, target)
        if len(route) == 1 and type(route[0]) is Link and self._observer is None:
            now_ns = self._now_ns
            end_ns, whole = transfer_over(route[0], now_ns, source, target, size_bytes)
            call_after(self._env, end_ns - now_ns, lambda _: on_delivery(whole))
            return
        transfer = OpenTransfer(
            source,
            target,
            size_bytes,
            sent_ns=self._now_ns,
            route=route,
            priority=priority,
            on_delivery=on_delivery,
            content=content,
            ecn=ecn,
        )
        if route:
            self._forward(transfer, 0, 0, transfer.payloads, 0)
        else:
            self._schedule_close(transfer)

    def route(self, source: str, target: str) -> tuple[str, ...]:
        """Return the names of the links on the current route.

        Raises:
            InputError: No route leads from `source` to `target`.
        """
        return tuple(link.config.name for link in self._route(source, target))

    def packet_sizes(self, source: str, target: str) -> tuple[int, int]:
        """Return the largest payload of a packet on the current route, and its overhead on the first link, in bytes.

        Raises:
            InputError: No route leads from `source` to `target`.
        """
        route = self._route(source, target)
        if not route:
            raise ValueError(f"packet_sizes: {source!r} is both ends; expected two nodes")
        return min(link.payload_bytes for link in route), route[0].config.overhead_bytes

    def bottleneck_bps(self, source: str, target: str) -> float:
        """Return the bit rate of the slowest link on the current route, infinite from a node to itself.

        Raises:
            InputError: No route leads from `source` to `target`.
        """
        rates = [link.rate_bps(self._now_ns) for link in self._route(source, target)]
        return min((rate_bps if passes else 0.0 for rate_bps, passes in rates), default=math.inf)

    def statistics(self) -> list[LinkStatistics]:
        """Return the counts of each link until now, in the order of the scenario, and of the other users of media."""
        return [link.statistics(self._now_ns) for link in (*self._links, *self._others)]

    def loads(self) -> tuple[LinkLoad, ...]:
        """Return the recent load of each link, in the order of the scenario. Changes nothing."""
        return tuple(link.load(self._now_ns) for link in self._links)

    def events(self) -> list[NetworkEvent]:
        """Return the outages and hand-overs until now, in order of time."""
        configs = (link.config for link in self._links)
        return link_events(configs, self._handovers.values(), self._now_ns)

    @property
    def _now_ns(self) -> int:
        now_ns = self._env.now
        if type(now_ns) is not int:
            raise TypeError(f"the clock reads {now_ns!r}; expected an integer of ns")
        return now_ns

    def _forward(
        self,
        transfer: OpenTransfer,
        hop: int,
        number: int,
        payloads_bytes: list[int],
        waited_ns: int,
        _event: simpy.Event | None = None,
    ) -> None:
        """Offer packets `number` and later of a transfer to link `hop`; `waited_ns` is their time in earlier queues."""
        link = transfer.route[hop]
        overhead_bytes = link.config.overhead_bytes
        sizes_bytes = [payload + overhead_bytes for payload in payloads_bytes]
        on_passages = partial(self._on_passages, transfer, hop, number, payloads_bytes, waited_ns)
        if self._observer is not None:
            self._observer.offered(transfer, hop, number, len(payloads_bytes), self._now_ns)
        link.carry(self._now_ns, sizes_bytes, transfer.priority, on_passages, transfer.ecn)

    def _on_passages(
        self,
        transfer: OpenTransfer,
        hop: int,
        number: int,
        payloads_bytes: list[int],
        waited_ns: int,
        first: int,
        passages: list[Passage],
    ) -> None:
        """Forward or end the packets from index `first` on, whose passages are known."""
        if self._observer is not None:
            self._observer.passed(transfer, hop, number + first, passages)
        if hop + 1 == len(transfer.route):
            transfer.end_packets(passages, waited_ns)
        else:
            payloads_bytes = payloads_bytes[first : first + len(passages)]
            self._schedule_arrivals(transfer, hop, number + first, payloads_bytes, passages, waited_ns)
        if not transfer.open_packets:
            self._schedule_close(transfer)

    def _schedule_arrivals(
        self,
        transfer: OpenTransfer,
        hop: int,
        number: int,
        payloads_bytes: list[int],
        passages: list[Passage],
        waited_ns: int,
    ) -> None:
        """Schedule the arrival of each packet behind link `hop`, and end the lost ones."""
        for index, (payload_bytes, passage) in enumerate(zip(payloads_bytes, passages, strict=True), number):
            known_ns, arrived, queue_ns = passage
            if arrived:
                arrive = partial(self._forward, transfer, hop + 1, index, [payload_bytes], waited_ns + queue_ns)
                call_after(self._env, known_ns - self._now_ns, arrive)
            else:
                transfer.end_packets([passage], waited_ns)

    def _open_link(self, config: LinkConfig, seed: int, distance_m: Distance, traffic_until_ns: int) -> Hop:
        link = self._open_idle_link(config, seed, distance_m)
        if not config.traffic or traffic_until_ns <= 0:
            return link
        return LoadedLink(link, seed, traffic_until_ns, None if isinstance(link, Link) else self._env)

    def _open_idle_link(self, config: LinkConfig, seed: int, distance_m: Distance) -> Hop:
        closures: list[Closure] = []
        if (choice := config.handover) is not None:
            handover = self._handovers[choice.group, choice.node]
            closures.append(AccessPointClosure(handover, access_point_of(config, choice)))
        if config.medium is not None:
            if config.medium not in self._media:
                raise InputError(f"link {config.name!r}: no medium {config.medium!r}; expected one that is declared")
            return SharedLink(self._media[config.medium], config, seed, distance_m, closures)
        if config.queue == "fifo":
            return Link(config, seed, distance_m, closures)
        return ScheduledLink(self._env, config, seed, distance_m, closures)

    def _schedule_close(self, transfer: OpenTransfer) -> None:
        call_after(self._env, transfer.last_ns - self._now_ns, lambda _: transfer.close())

    def _route(self, source: str, target: str) -> tuple[Hop, ...]:
        only = self._single_routes.get((source, target))
        if only is not None:
            return only
        links = self._between.get((source, target))
        if links is None:
            links = self._between[source, target] = self._graph.between(source, target)
        costs = {link.config.name: link.cost_ns(self._now_ns) for link in links}
        key = source, target, *costs.values()
        route = self._routes.get(key)
        if route is None:
            route = cheapest_route(links, costs, source, target)
            if route is None:
                raise InputError(f"no route from {source!r} to {target!r}; expected links that lead there")
            self._routes[key] = route
            if len(route) == len(links):
                self._single_routes[source, target] = route
        return route
