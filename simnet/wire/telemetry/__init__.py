"""What a run tells those who watch it: its messages and their sockets."""
