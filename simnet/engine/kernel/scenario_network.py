"""The network of a scenario, on a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.net import Network
from simnet.tracks import poses

if TYPE_CHECKING:
    import simpy

    from simnet.records import Scenario


def network_of(scenario: Scenario, env: simpy.Environment, *, traffic: bool = True) -> Network:
    """Return all links of a scenario between nodes that move as it says, with or without its background traffic.

    Raises:
        InputError: The links are at fault; see `Network`.
    """
    trajectories = {node.name: node.trajectory for node in scenario.nodes}

    def distance_m(source: str, target: str, t_ns: int) -> float:
        return poses.distance_m(trajectories[source], trajectories[target], t_ns)

    until_ns = scenario.duration_ns if traffic else 0
    return Network(env, scenario.links, scenario.seed, distance_m, scenario.media, until_ns)
