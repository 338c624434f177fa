"""Strategies that alter valid data a little."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

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


TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "",
        "*",
        "~",
        "../..",
        "a/b",
        "/dev/zero",
        "\x1b[2J",
        "\u202e",
        "1e999",
        "-1 s",
        "0 bit/s",
        "9" * 400,
        "nan",
        "previous",
    ]
)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.sampled_from([0, -1, 1, 2**31, 2**63 - 1, -(2**63)]) | st.floats()
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
ODD = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(TEXTS, LEAVES, max_size=3)
"""Plain values that any reader may meet where it expects another."""


@st.composite
def changed(draw: st.DrawFn, tree: Any, most: int = 3) -> Any:
    """A copy of plain data with up to `most` places of it replaced, removed, renamed or repeated."""
    copy = deepcopy(tree)
    for _ in range(draw(st.integers(1, most))):
        copy = _changed_once(draw, copy)
    return copy


def _changed_once(draw: st.DrawFn, tree: Any) -> Any:
    owner, key = None, None
    place = tree
    while isinstance(place, (dict, list)) and place and (owner is None or draw(st.integers(0, 4))):
        owner = place
        key = draw(st.sampled_from(sorted(place, key=repr) if isinstance(place, dict) else range(len(place))))
        place = place[key]
    if owner is None:
        return draw(ODD)
    kind = draw(st.sampled_from(("replace", "replace", "remove", "rename", "nest")))
    if kind == "replace":
        owner[key] = draw(ODD)
    elif kind == "nest":
        owner[key] = draw(st.sampled_from(([place], {"a": place}, [place, place])))
    elif kind == "remove" or isinstance(owner, list):
        del owner[key]
    else:
        owner[draw(TEXTS)] = owner.pop(key)
    return tree
