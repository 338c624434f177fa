"""The clock and the port to the nodes."""
