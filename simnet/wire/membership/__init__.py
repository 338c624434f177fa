"""Which hosts take part in a run: admission, presence, heartbeats."""
