"""Waits that end as soon as a condition holds."""

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], object], within_s: float = 60.0) -> None:
    """Return as soon as `holds()` is true; an AssertionError after `within_s`."""
    deadline, pause_s = time.monotonic() + within_s, 0.001
    while not holds():
        assert time.monotonic() < deadline, f"not so within {within_s:g} s"
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.1)
