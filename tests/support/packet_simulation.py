"""A plain simulation of links packet by packet, to hold the network's arithmetic against.

A --a--> C --c--> D        every link has traffic of its own; streams of A and B share c
B --b--> C
"""

from __future__ import annotations

import math
from heapq import heappop, heappush
from itertools import count, takewhile

from simnet import seeds
from simnet.net.traffic.open_loop import on_off_times, poisson_times
from simnet.records import LinkConfig, TrafficConfig

MS = 1_000_000
UNTIL = 400 * MS
ROUTES = {"A": "ac", "B": "bc", "C": "c"}
SERVED, OURS, THEIRS = range(3)
"""Order of what happens at one instant: the end of a service, traffic, streams."""


class PacketSimulation:
    """One heap of events for everything: sends, ends of service, arrivals, and what a greedy sender hears."""

    def __init__(self, links: list[LinkConfig], seed: int) -> None:
        self.links = {link.name: link for link in links}
        self.events: list = []
        self.order = count()
        self.waiting: dict[str, list] = {link.name: [] for link in links}
        self.busy = dict.fromkeys(self.links, False)
        self.dropped, self.carried = dict.fromkeys(self.links, 0), dict.fromkeys(self.links, 0)
        for link in links:
            for index, traffic in enumerate(link.traffic):
                self.begin(link, traffic, seeds.generator(seed, "link", link.name, "traffic", str(index), "0"))

    def at(self, t_ns: int, rank: int, act) -> None:
        heappush(self.events, (t_ns, rank, next(self.order), act))

    def run(self) -> None:
        while self.events:
            self.now, _, _, act = heappop(self.events)
            act()

    def begin(self, link: LinkConfig, traffic: TrafficConfig, generator) -> None:
        size, end_ns = traffic.packet_bytes, min(UNTIL, traffic.end_ns or UNTIL)
        if traffic.kind == "greedy":
            self.at(traffic.begin_ns, OURS, lambda: self.begin_greedy(link, traffic, end_ns))
            return
        times = {"poisson": poisson_times, "on-off": on_off_times}[traffic.kind]
        gap_ns = size * 8e9 / traffic.rate_bps
        for t_ns in takewhile(lambda t_ns: t_ns < end_ns, times(traffic, gap_ns, generator)):
            self.at(t_ns, OURS, lambda: self.offer(link.name, size, lambda _arrived: None))

    def begin_greedy(self, link: LinkConfig, traffic: TrafficConfig, end_ns: int) -> None:
        state = {"window": 10.0, "threshold": math.inf, "flying": 0, "sent": 0, "recover": 0}
        most = traffic.window_bytes // traffic.packet_bytes

        def send() -> None:
            while state["flying"] < min(int(state["window"]), most) and self.now < end_ns:
                number = state["sent"]
                state["sent"] += 1
                state["flying"] += 1
                self.offer(link.name, traffic.packet_bytes, lambda arrived, number=number: known(number, arrived))

        reports: list[tuple[int, int, bool]] = []

        def known(number: int, arrived: bool) -> None:
            heappush(reports, (self.now + traffic.rtt_ns, number, arrived))
            self.at(self.now + traffic.rtt_ns, OURS, hear_all)

        def hear_all() -> None:
            # Of what is heard at one instant, packets count in their order, and what to send is decided after all of them.
            while reports and reports[0][0] <= self.now:
                hear(*heappop(reports)[1:])
            send()

        def hear(number: int, arrived: bool) -> None:
            state["flying"] -= 1
            if not arrived:
                if number >= state["recover"]:
                    state["threshold"] = state["window"] = max(state["window"] / 2, 2.0)
                    state["recover"] = state["sent"]
            elif state["window"] < state["threshold"]:
                state["window"] = min(state["window"] + 1, float(most))
            else:
                state["window"] = min(state["window"] + 1 / state["window"], float(most))

        send()

    def offer(self, name: str, size: int, then) -> None:
        if not self.busy[name]:
            self.serve(name, size, then)
        elif sum(held for held, _ in self.waiting[name]) + size <= self.links[name].queue_bytes:
            self.waiting[name].append((size, then))
        else:
            self.dropped[name] += 1
            then(False)

    def serve(self, name: str, size: int, then) -> None:
        self.busy[name] = True

        def done() -> None:
            self.busy[name] = False
            self.carried[name] += size
            self.at(self.now + self.links[name].delay_ns, OURS, lambda: then(True))
            if self.waiting[name]:
                self.serve(name, *self.waiting[name].pop(0))

        self.at(self.now + int(size * 8e9 / self.links[name].bandwidth_bps + 0.5), SERVED, done)

    def send(self, t_ns: int, source: str, size: int) -> list[int]:
        arrivals: list[int] = []

        def hop(route: str, packet: int) -> None:
            if not route:
                arrivals.append(self.now)
            else:
                self.offer(route[0], packet, lambda arrived: arrived and forward(route[1:], packet))

        def forward(route: str, packet: int) -> None:
            self.at(self.now, THEIRS, lambda: hop(route, packet))

        def begin() -> None:
            for start in range(0, size, 1460):
                hop(ROUTES[source], min(1460, size - start) + 40)

        self.at(t_ns, THEIRS, begin)
        return arrivals
