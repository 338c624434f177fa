"""The arithmetic of links against a plain simulation of queues and servers, one SimPy event for everything.

A --a--> C --c--> D --d--> E        A, B and C send to D and E: c and d are shared by traffic that
B --b--> C                          comes in over several links and starts on the way
"""

from __future__ import annotations

from collections import deque

import pytest
import simpy

from simnet import seeds
from simnet.net import Network
from simnet.records import LinkConfig

ROUTES = {"A": {"D": "ac", "E": "acd"}, "B": {"D": "bc", "E": "bcd"}, "C": {"D": "c", "E": "cd"}}


class Server:
    """A queue and a transmitter, each step an event of its own."""

    def __init__(self, env: simpy.Environment, config: LinkConfig) -> None:
        self.env, self.config = env, config
        self.waiting: deque = deque()
        self.busy = False
        self.dropped = 0

    def take(self, size: int, then) -> None:
        if not self.busy:
            self.busy = True
            self.env.process(self.serve(size, then))
        elif sum(held for held, _ in self.waiting) + size <= self.config.queue_bytes:
            self.waiting.append((size, then))
        else:
            self.dropped += 1
            then(False)

    def serve(self, size: int, then):
        yield self.env.timeout(int(size * 8e9 / self.config.bandwidth_bps + 0.5))
        self.env.process(self.propagate(then))
        if self.waiting:
            self.env.process(self.serve(*self.waiting.popleft()))
        else:
            self.busy = False

    def propagate(self, then):
        yield self.env.timeout(self.config.delay_ns)
        then(True)


def peer(links: list[LinkConfig], sends) -> tuple[set, dict[str, int]]:
    """Return (sent, source, target, when the last packet came, packets that came) and the drops of each link."""
    env = simpy.Environment()
    servers = {config.name: Server(env, config) for config in links}
    frames: dict[tuple, list[int]] = {}

    def go(key: tuple, route: str, size: int) -> None:
        if not route:
            frames[key].append(env.now)
            return
        servers[route[0]].take(size, lambda arrived: go(key, route[1:], size) if arrived else None)

    def send(event: simpy.Event) -> None:
        _, source, target, size = event.value
        frames[event.value[:3]] = []
        while size > 0:
            go(event.value[:3], ROUTES[source][target], min(size, 1460) + 40)
            size -= 1460

    for line in sends:
        env.timeout(line[0], line).callbacks.append(send)
    env.run()
    ended = {(*key, max(times, default=None), len(times)) for key, times in frames.items()}
    return ended, {name: server.dropped for name, server in servers.items()}


@pytest.mark.parametrize("case", range(12))
def test_link_arithmetic_matches_event_simulation(case):
    generator = seeds.generator(case, "exactness")

    def link(name: str, source: str, target: str) -> LinkConfig:
        return LinkConfig(
            name,
            source,
            target,
            bandwidth_bps=float(generator.integers(2_000_000, 9_000_000)),
            delay_ns=int(generator.integers(0, 20_000_000)),
            queue_bytes=int(generator.integers(5_000, 60_000)),
        )

    links = [link("a", "A", "C"), link("b", "B", "C"), link("c", "C", "D"), link("d", "D", "E")]
    sends = [
        (
            t_ns,
            str(generator.choice(list("ABC"))),
            str(generator.choice(list("DE"))),
            int(generator.integers(1, 40_000)),
        )
        for t_ns in generator.integers(0, 1_000_000_000, 60).tolist()
    ]
    env = simpy.Environment()
    network = Network(env, links, 1, lambda *_: 0.0)
    ended = []
    for t_ns, *what in sends:
        env.timeout(t_ns, what).callbacks.append(lambda event: network.send(*event.value, ended.append))
    env.run()

    expected, dropped = peer(links, sends)
    assert {line.link: line.dropped_packets for line in network.statistics()} == dropped
    assert sum(dropped.values()) > 0
    assert len(ended) == len(expected) == 60
    by_key = {line[:3]: line[3:] for line in expected}
    for transfer in ended:
        last_ns, packets = by_key[transfer.sent_ns, transfer.source, transfer.target]
        assert transfer.packets_sent - transfer.packets_lost == packets
        if transfer.complete:
            assert transfer.arrived_ns == last_ns
