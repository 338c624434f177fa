"""The bandwidth that a stream is offered: what the narrowest link of its path can carry, while nothing else is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from simnet.engine.kernel.scenario_network import network_of
from simnet.nodes.schedule import Schedule

if TYPE_CHECKING:
    from simnet.records import Scenario


def offered_kbit_s(scenario: Scenario) -> dict[str, float]:
    """Return each stream's mean over its captures; a link that is down, or out of range, offers nothing then.

    Links that share a medium count as if each had it to itself.
    """
    env = simpy.Environment(0)
    network = network_of(scenario, env, traffic=False)
    node_of = {each.name: node.name for node in scenario.nodes for each in node.cameras}
    rates: dict[str, list[float]] = {stream.name: [] for stream in scenario.streams}
    captures: list[tuple[int, str]] = []
    for stream in scenario.streams:
        schedule = Schedule.of(scenario.cameras[stream.name], scenario.duration_ns)
        captures += [(schedule.capture_ns(sequence), stream.name) for sequence in range(schedule.count)]
    for at_ns, stream in sorted(captures):
        if at_ns > env.now:
            env.run(until=at_ns)
        rates[stream].append(network.bottleneck_bps(node_of[stream], scenario.fusion.node))
    return {stream: round(sum(own) / len(own) / 1e3, 6) for stream, own in rates.items() if own}
