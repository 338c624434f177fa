"""The sockets of broker and hosts."""
