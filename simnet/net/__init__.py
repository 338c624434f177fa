"""Simulated links on SimPy: what becomes of a frame's packets between two nodes, in integer nanoseconds.

Here live bandwidth, propagation delay, jitter, loss, queues, routes, and the count of every packet:

    send --> [queue | transmitter] --propagation + jitter--> [queue | transmitter] --> ... --> on_delivery
                      first link                                   second link

Not here: what the bytes mean (`codec`), who sends them when (`engine`), and how real processes talk (`wire`): a link
moves sizes, never payloads, so that its laws can be held against closed forms; only transports, which are above the
links, hold bytes, since an erasure code is computed on them. Whoever watches packets (`watching`) is shown these too.
All propagation lives here and none in the nodes.
"""

from simnet.net.link_statistics import BIN_NS, LinkStatistics
from simnet.net.links.link import Link
from simnet.net.network import Network
from simnet.net.packet_observer import Content, PacketObserver
from simnet.net.transport.transfer import Transfer
from simnet.net.transport.transport import (
    Path,
    Transport,
    header_bytes,
    open_transport,
)
from simnet.records.network_event import NetworkEvent

__all__ = [
    "BIN_NS",
    "Content",
    "Link",
    "LinkStatistics",
    "Network",
    "NetworkEvent",
    "PacketObserver",
    "Path",
    "Transfer",
    "Transport",
    "header_bytes",
    "open_transport",
]
