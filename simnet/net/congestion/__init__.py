"""Congestion control: how fast a stream may send, from what its receiver reports of each packet.

    frame ──▶ send queue ──pace, window──▶ network ──▶ PacketLog      PacedTransport (`transport/`) moves the packets
                   ▲                                      │
                   └── CongestionControl ◀── RFC 8888 ────┘           target rate ──▶ camera, with its next capture

- **congestion_control**: the interface that the transport knows, and what is reported of a packet.
- **packet_feedback**: the feedback message of RFC 8888, as bytes. **packet_log**: the receiver, which decides when to send one.
- **scream**: SCReAM; **scream_window** holds its reference window, **queue_delay** its estimate of the queue.
- **gcc**: Google congestion control; **overuse_detector** watches the trend of its packets' delay.

Controls are sans-IO: times and sizes come in, decisions go out. They draw nothing at random.
"""
