"""Messages and their bytes, sequence numbers and cached replies. Sans-IO: no socket, no clock."""
