"""Keys, authentication and the handshake of hosts on tcp."""
