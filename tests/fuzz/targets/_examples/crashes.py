"""Reads from address 0."""

import ctypes

from hypothesis import strategies as st

INPUTS = st.integers()
REFUSED = (ValueError,)


def attempt(value: int) -> None:
    ctypes.string_at(value and 0)
