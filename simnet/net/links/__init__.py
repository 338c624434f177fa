"""Links: queue, transmitter and air of one direction, and how each of these behaves."""
