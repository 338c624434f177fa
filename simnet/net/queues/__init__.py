"""Queues: what waits in front of a transmitter, and which packet is next.

    arrivals ──▶ | newest ... oldest | ──▶ transmitter          bounded in bytes; the packet in service does not count

- `ByteQueue` serves links whose future is known: it stores start times and needs no events.
- `FifoQueue`, `PriorityQueue`, `CodelQueue` and `DualPi2Queue` implement `QueueDiscipline`: a link asks for the next packet.
"""
