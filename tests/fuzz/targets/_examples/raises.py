"""Divides by numbers that can be zero."""

from hypothesis import strategies as st

INPUTS = st.integers()
REFUSED = (ValueError,)


def attempt(value: int) -> float:
    return 1 / value
