"""Sizes of the AV1 frames in an AVIF file, which its container may not tell.

boxes ──meta, iloc──▶ items ──OBUs──▶ sequence and frame headers ──▶ sizes

libavif decodes a frame before it compares sizes, and then scales it. Specifications: ISO/IEC 14496-12 (boxes), AV1 5.5 and 5.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simnet.errors import PictureError

MOST_ITEMS = 1 << 12
_SEQUENCE, _HEADERS = 1, (3, 6)
"""Types of OBUs: a sequence header; a frame's header, alone or in front of the frame."""
_KEY, _SWITCH = 0, 3
"""Types of frames."""


def sizes(data: bytes) -> list[tuple[int, int]]:
    """Return width and height of every AV1 frame in a file; PictureError if it is no still AVIF picture."""
    try:
        boxes = dict(_boxes(data, 0, len(data)))
        if b"moov" in boxes:
            raise PictureError("a sequence of pictures; expected a still AVIF picture")
        start, end = boxes[b"meta"]
        meta = dict(_boxes(data, start + 4, end))
        return [size for item in _items(data, meta) for size in _frame_sizes(item)]
    except (KeyError, IndexError, ValueError) as error:
        raise PictureError("not a readable AVIF picture: no items") from error


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Kind, and start and end of the content, of every box."""
    while at + 8 <= end:
        length, kind, front = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, front = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        length = length or end - at
        if length < front or at + length > end:
            raise ValueError("a box ends early")
        yield kind, (at + front, at + length)
        at += length


def _items(data: bytes, meta: dict[bytes, tuple[int, int]]) -> Iterator[bytes]:
    """Content of every item, from the box `iloc` (ISO/IEC 14496-12, 8.11.3)."""
    at, end = meta[b"iloc"]
    box = _BitReader(data[at:end])
    version = box.read(8)
    box.read(24)
    offset_size, length_size, base_size, index_size = (8 * box.read(4) for _ in range(4))
    wide = 32 if version == 2 else 16
    for _ in range(min(box.read(wide), MOST_ITEMS)):
        box.read(wide)
        is_inner = version > 0 and box.read(16) & 15 == 1
        box.read(16)
        base, content = box.read(base_size), b""
        for _ in range(min(box.read(16), MOST_ITEMS)):
            if version > 0:
                box.read(index_size)
            offset, length = base + box.read(offset_size), box.read(length_size)
            offset += meta[b"idat"][0] if is_inner else 0
            content += data[offset : offset + length if length else None]
        yield content


@dataclass(frozen=True)
class _Sequence:
    """What a sequence header says that a frame's header and size depend on; bits are numbers of bits."""

    size: tuple[int, int]
    largest: tuple[int, int]
    """Largest size that a frame's own header can say."""
    is_reduced: bool
    time_bits: int
    """Of a frame's presentation time; 0 without one."""
    id_bits: int
    screen_tools: int
    integer_motion: int


def _frame_sizes(item: bytes) -> Iterator[tuple[int, int]]:
    """Sizes in the headers of an item; none if it is no AV1."""
    at, sequence = 0, None
    while at < len(item):
        head, at = item[at], at + 1
        kind, has_extension, has_size = head >> 3 & 15, head >> 2 & 1, head >> 1 & 1
        if head & 0x81:
            return
        at += has_extension
        length = len(item) - at
        if has_size:
            length, at = _leb128(item, at)
        bits = _BitReader(item[at : at + length])
        at += length
        if kind == _SEQUENCE:
            sequence = _sequence(bits)
            yield sequence.size
        elif kind in _HEADERS and sequence is not None and _has_own_size(bits, sequence):
            yield sequence.largest


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for k in range(8):
        value |= (data[at + k] & 0x7F) << 7 * k
        if data[at + k] < 0x80:
            return value, at + k + 1
    raise ValueError("a long number")


def _sequence(bits: _BitReader) -> _Sequence:
    """Read a sequence header (5.5.1) as far as the order hints."""
    bits.read(4)
    is_reduced = bits.flag()
    time_bits = _operating_points(bits) if not is_reduced else (bits.read(5), 0)[1]
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    size = bits.read(width_bits) + 1, bits.read(height_bits) + 1
    id_bits, screen_tools, integer_motion = 0, 2, 2
    if not is_reduced:
        if bits.flag():
            delta = bits.read(4) + 2
            id_bits = bits.read(3) + delta + 1
        bits.read(3 + 4)
        if bits.flag():  # order hints
            bits.read(2)
        screen_tools = 2 if bits.flag() else bits.read(1)
        integer_motion = 2 if not screen_tools or bits.flag() else bits.read(1)
    return _Sequence(
        size, (1 << width_bits, 1 << height_bits), is_reduced, time_bits, id_bits, screen_tools, integer_motion
    )


def _operating_points(bits: _BitReader) -> int:
    """Skip timing and operating points; return the bits of a frame's presentation time, 0 without one."""
    time_bits, delay_bits, has_model = 0, 0, False
    if bits.flag():
        bits.read(64)
        is_even = bits.flag()
        if is_even:
            bits.skip_golomb()
        has_model = bits.flag()
        if has_model:
            delay_bits = bits.read(5) + 1
            bits.read(32 + 5)
            time_bits = bits.read(5) + 1
            time_bits = 0 if is_even else time_bits
    has_delay = bits.flag()
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if has_model and bits.flag():
            bits.read(2 * delay_bits + 1)
        if has_delay and bits.flag():
            bits.read(4)
    return time_bits


def _has_own_size(bits: _BitReader, sequence: _Sequence) -> bool:
    """Whether a frame's header (5.9.2) says another size than the sequence's."""
    if sequence.is_reduced or bits.flag():  # a frame shown again has no size
        return False
    kind, is_shown = bits.read(2), bits.flag()
    if is_shown:
        bits.read(sequence.time_bits)
    else:
        bits.read(1)
    if not (kind == _SWITCH or (kind == _KEY and is_shown)):
        bits.read(1)
    bits.read(1)
    uses_screen_tools = bits.flag() if sequence.screen_tools == 2 else bool(sequence.screen_tools)
    if uses_screen_tools and sequence.integer_motion == 2:
        bits.read(1)
    bits.read(sequence.id_bits)
    return kind == _SWITCH or bits.flag()


class _BitReader:
    """Reads bits from the highest on; IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def flag(self) -> bool:
        return bool(self.read(1))

    def skip_golomb(self) -> None:
        zeros = 0
        while not self.flag():
            zeros += 1
        self.read(zeros if zeros < 32 else 0)
