"""Simulated links on SimPy: what becomes of a frame's packets between two nodes, in integer nanoseconds.

Here live bandwidth, propagation delay, jitter, loss, queues, routes, and the count of every packet:

    send --> [queue | transmitter] --propagation + jitter--> [queue | transmitter] --> ... --> on_delivery
                      first link                                   second link

Not here: what the bytes mean (`codec`), who sends them when (`engine`), and how real processes talk (`wire`): a link
moves sizes, never payloads, so that its laws can be held against closed forms; only transports, which are above the
links, hold bytes, since an erasure code is computed on them. Whoever watches packets (`watching`) is shown these too.
All propagation lives here and none in the nodes.
"""

from simnet.net.events import NetworkEvent
from simnet.net.link import Link
from simnet.net.network import Network
from simnet.net.statistics import BIN_NS, LinkBin, LinkStatistics
from simnet.net.transfer import Transfer
from simnet.net.transport import Path, Transport, header_bytes, open_transport
from simnet.net.watching import Content, PacketWatcher

__all__ = [
    "BIN_NS",
    "Content",
    "Link",
    "LinkBin",
    "LinkStatistics",
    "Network",
    "NetworkEvent",
    "PacketWatcher",
    "Path",
    "Transfer",
    "Transport",
    "header_bytes",
    "open_transport",
]
