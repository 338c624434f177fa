"""Links and runs for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import simpy

from simnet.net import Network, Transfer
from simnet.records import LinkConfig

Send = tuple[int, str, str, int]
"""(virtual ns, source, target, bytes)."""


def near(_source: str, _target: str, _t_ns: int) -> float:
    return 1.0


@pytest.fixture
def config() -> Callable[..., LinkConfig]:
    """A link of 8 Mbit/s (a byte takes 1 us) from A to B that neither drops nor loses, unless told otherwise."""

    def make(name: str = "a", source: str = "A", target: str = "B", **changes: object) -> LinkConfig:
        numbers = {"bandwidth_bps": 8e6, "queue_bytes": 10**9} | changes
        return LinkConfig(name, source, target, **numbers)

    return make


@pytest.fixture
def run() -> Callable[..., list[Transfer]]:
    """Send everything at its time and return what was delivered, in the order of the callbacks."""

    def go(links: Sequence[LinkConfig], sends: Sequence[Send], seed: int = 1, distance_m=near) -> list[Transfer]:
        env = simpy.Environment()
        network = Network(env, links, seed, distance_m)
        delivered: list[Transfer] = []
        for t_ns, source, target, size_bytes in sends:
            event = env.timeout(t_ns, (source, target, size_bytes))
            event.callbacks.append(lambda event: network.send(*event.value, delivered.append))
        env.run()
        return delivered

    return go
