"""Strategies that alter valid data a little."""

from collections.abc import Sequence

from hypothesis import strategies as st

INTERESTING = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255)
"""Bytes at which lengths, signs and sizes change."""
MOST_EDITS = 6


@st.composite
def altered(draw: st.DrawFn, valid: Sequence[bytes] | bytes, least: int = 0) -> bytes:
    """One of `valid` with up to a few bytes changed, inserted, removed or repeated, from offset `least` on.

    `valid` may be filled later (by a target's `prepare`): it is read when an input is drawn.
    """
    samples = [valid] if isinstance(valid, bytes) else valid
    data = bytearray(draw(st.sampled_from(list(samples))))
    for _ in range(draw(st.integers(0, MOST_EDITS))):
        at = draw(st.integers(min(least, len(data)), len(data)))
        _edit(draw, data, at)
    return bytes(data)


def _edit(draw: st.DrawFn, data: bytearray, at: int) -> None:
    kind = draw(st.sampled_from(("set", "flip", "word", "insert", "remove", "cut", "repeat")))
    if kind == "set":
        data[at : at + 1] = bytes([draw(st.sampled_from(INTERESTING))])
    elif kind == "flip" and at < len(data):
        data[at] ^= 1 << draw(st.integers(0, 7))
    elif kind == "word":
        word = draw(st.sampled_from((0, 1, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF)) | st.integers(0, 0xFFFF_FFFF))
        size = draw(st.sampled_from((2, 4)))
        order = draw(st.sampled_from(("big", "little")))
        data[at : at + size] = (word & (256**size - 1)).to_bytes(size, order)
    elif kind == "insert":
        data[at:at] = draw(st.binary(min_size=1, max_size=16))
    elif kind == "remove":
        del data[at : at + draw(st.integers(1, 16))]
    elif kind == "cut":
        del data[at:]
    elif kind == "repeat":
        data[at:at] = data[at : at + draw(st.integers(1, 64))] * draw(st.integers(1, 8))
