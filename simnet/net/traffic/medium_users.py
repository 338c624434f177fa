"""The other users of a shared medium: links of their own, which carry background traffic alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet.records import LinkConfig

if TYPE_CHECKING:
    from simnet.records import MediumConfig


def user_links(medium: MediumConfig) -> list[LinkConfig]:
    """Return a link for each flow of a medium's traffic, named `MEDIUM.user_N`, to the node of a cell or to no node at all.

    No node of a scenario has a dot in its name, so that no route leads over these links.
    """
    flows = [(traffic, flow) for traffic in medium.traffic for flow in range(traffic.flows)]
    return [
        LinkConfig(
            name=f"{medium.name}.user_{number}",
            source=f"{medium.name}.user_{number}",
            target=medium.at or f"{medium.name}.users",
            bandwidth_bps=traffic.bandwidth_bps,
            mtu_bytes=traffic.packet_bytes,
            overhead_bytes=0,
            medium=medium.name,
            # Flows that begin together would stay in step.
            traffic=(replace(traffic, flows=1, begin_ns=traffic.begin_ns + flow * traffic.rtt_ns // traffic.flows),),
        )
        for number, (traffic, flow) in enumerate(flows, 1)
    ]
