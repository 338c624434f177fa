"""Refuses every odd number."""

from hypothesis import strategies as st

INPUTS = st.integers()
REFUSED = (ValueError,)


def attempt(value: int) -> None:
    if value % 2:
        raise ValueError(value)
