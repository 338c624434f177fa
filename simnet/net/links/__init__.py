"""Links: one direction between two nodes, from the queue to the arrival at the other end.

    offered ──▶ queue ──▶ Transmitter (bandwidth) ──▶ air: delay, jitter, loss, closures ──▶ passage
                          └──────────────────── Channel ───────────────────────────┘

- `Link` serves first in, first out: it computes a passage when a packet is offered, without events.
- `ScheduledLink` has a queue that chooses the next packet when the transmitter is free.
- Both implement `Hop` (route_hop), the interface to the network; the links of shared media are in `media`.
- A lost packet has used the transmitter; a dropped packet has used nothing and takes no random draw.
"""
