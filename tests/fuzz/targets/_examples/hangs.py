"""Sleeps for longer than it may."""

import time

from hypothesis import strategies as st

INPUTS = st.integers()
REFUSED = (ValueError,)
LONGEST_S = 0.3


def attempt(value: int) -> None:
    time.sleep(1000 if value else 0)
