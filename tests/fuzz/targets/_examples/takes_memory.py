"""Takes more memory than it may."""

from hypothesis import strategies as st

INPUTS = st.integers()
REFUSED = (ValueError,)
MEMORY_MIB = 64


def attempt(value: int) -> bytes:
    return bytes((1 << 30) if value else 0)
