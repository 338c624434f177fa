"""The nodes: what a camera and the fusion centre decide when the clock grants them a turn.

A node is a state machine: a grant goes in, an answer comes out. The same grants give the same answers in every process and at
every speed, so a node can run in a thread, in a process or on another machine, and a node that crashed is rebuilt by repeating
its grants.

    Capture          ──▶ camera          ──▶ Coded     rate_control chooses the quality, with rate_model or plugin_rate
    Delivery, wake   ──▶ FusionPlanner   ──▶ Plan      references: in which order frames can be decoded
                                                       side_selection: which side pictures they use, and how long they wait

Rules of this room:

- Nodes never wait and never read a clock: times are virtual nanoseconds that arrive in grants.
- No sockets, no random numbers, no files, no pixels: encoding and decoding are callables that the caller passes in or does later.
- A state is a plain record; the caller stores it and can continue from it anywhere.
- `simnet.records` is the only room below that nodes import.
"""
