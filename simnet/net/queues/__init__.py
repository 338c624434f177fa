"""What waits in front of a transmitter, and which packet goes next."""
