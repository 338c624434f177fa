"""Transports: how a stream gets frames through a path that loses packets.

    frame ──▶ Transport ──packets──▶ Path.send_forward ──▶ network ──▶ receiver: on_delivery
                  ◀──acknowledgements── Path.send_reverse ◀──┘

- `Path` is a pair of ends in the network; transports send over it and know nothing of links.
- `arq` repeats packets until the deadline, `fec` adds repair packets; `frame_progress` counts the packets of one frame.
- `slice_transport` sends each slice of a frame by a transport of its own, and delivers the slices that arrived.
"""
