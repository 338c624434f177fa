"""The simulated network: links on SimPy, and what becomes of a frame's packets between two nodes, in integer ns.

    Transport.send ──▶ Network.send ──▶ [queue | transmitter] ──air──▶ [queue | transmitter] ──air──▶ on_delivery
       transport/        route                 links/, queues/                 media/

- **transport/** protects a stream above its path: nothing, retransmission until a deadline, or an erasure code; or paces it.
- **congestion/** decides how fast a paced stream may send: SCReAM, GCC.
- **network**, **route**, **handover** find the cheapest route over the links that are open now.
- **links/** are one direction between two nodes: bandwidth, propagation delay, jitter, loss, outages.
- **queues/** hold what waits for a transmitter: FIFO, priority, CoDel.
- **media/** are air that several links share: TDMA, CSMA, a cell.
- **traffic/** is what else a link carries: Poisson, on-off and greedy sources.
- **link_statistics** counts every packet: sent = delivered + lost + dropped + in flight.

Rules of this room:

- Links move sizes, never payloads, so that their laws can be checked against closed forms. Only transports hold bytes, since an
  erasure code needs them, and observers (`packet_observer`) see them.
- All propagation happens here and none in the nodes. What the bytes mean is the business of `codec`, who sends when of `engine`.
- Every random draw depends on the seed and the name of its link, medium or node only, so another link changes no draw.
- A packet's whole passage is computed when it is offered if that is exact; only other queues and shared media need more events.
"""

from simnet.net.content import Content
from simnet.net.link_statistics import BIN_NS, LinkStatistics
from simnet.net.links.link import Link
from simnet.net.network import Network
from simnet.net.packet_observer import PacketObserver
from simnet.net.passage import Passage
from simnet.net.timers import call_after
from simnet.net.transfer import OpenTransfer, Transfer
from simnet.net.transport.paced import PacedTransport, open_paced
from simnet.net.transport.path import Path
from simnet.net.transport.slice_transport import HEADER as SLICE_HEADER
from simnet.net.transport.slice_transport import open_stream_transport
from simnet.net.transport.transport import Transport, header_bytes, open_transport, settles_at_delivery
from simnet.records.network_event import NetworkEvent

__all__ = [
    "BIN_NS",
    "SLICE_HEADER",
    "Content",
    "Link",
    "LinkStatistics",
    "Network",
    "NetworkEvent",
    "OpenTransfer",
    "PacedTransport",
    "PacketObserver",
    "Passage",
    "Path",
    "Transfer",
    "Transport",
    "call_after",
    "header_bytes",
    "open_paced",
    "open_stream_transport",
    "open_transport",
    "settles_at_delivery",
]
