"""Terms of MS-SSIM of two pictures, worked out by `similarity_program` outside the interpreter's lock.

OpenCV's filters work through the whole picture for every step, which is most of the time; here a few rows stay in the processor's
cache. wasmtime runs the program, as it does the range coder's.
"""

from __future__ import annotations

import struct
import threading
from functools import cache
from typing import TYPE_CHECKING, cast

import numpy as np
import wasmtime

from simnet.errors import NodeError
from simnet.similarity_program import FIELDS, HEADER, PROGRAM, SCALE_BYTES, SCALES, WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = 1 << 16
"""Bytes by which the program's memory grows."""
MOST_IDLE = 256 << 20
"""Bytes of memory above which a program is let go after its use."""
_FRONT = 16
"""Bytes of zeros in front of a row."""
_ROWS_OF_ROOM = 2 + 4 * WINDOW


def channel_terms(picture: np.ndarray, original: np.ndarray, scales: int) -> np.ndarray:
    """Return the mean contrast-structure term of each scale and channel, float64 (scales, channels); at last, mean SSIM.

    Pictures are uint8, H x W x channels or H x W, of one shape, and large enough for `scales`.
    """
    try:
        program = _IDLE.pop()
    except IndexError:
        program = None
    try:
        program = program or _Comparison()
        terms = program.compare(_channels(picture), _channels(original), scales)
    except wasmtime.WasmtimeError as error:
        raise NodeError("MS-SSIM gets no memory; expected 4 GiB of free addresses (ulimit -v)") from error
    if program.size <= MOST_IDLE:
        _IDLE.append(program)
    return terms


def _channels(picture: np.ndarray) -> Sequence[np.ndarray]:
    """Return the channels, each contiguous: uint8 H x W."""
    import cv2

    return [np.ascontiguousarray(picture)] if picture.ndim == 2 else cv2.split(picture)


class _Comparison:
    """One instance of the program, with memory of its own; one thread uses it at a time."""

    def __init__(self) -> None:
        engine, module = _compiled()
        self._store = wasmtime.Store(engine)
        exports = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._memory, self._run = cast("wasmtime.Memory", exports["memory"]), cast("wasmtime.Func", exports["run"])
        self._bytes = self._view()
        lanes = np.arange(4)
        for kept in range(4):
            self._bytes[16 * kept : 16 * kept + 16] = np.where(lanes < kept, -1, 0).astype("<i4").view(np.uint8)
        self._shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its memory."""
        return len(self._bytes)

    def compare(self, picture: Sequence[np.ndarray], original: Sequence[np.ndarray], scales: int) -> np.ndarray:
        """See `channel_terms`; the pictures are given as their channels."""
        height, width = picture[0].shape
        if self._shape != (height, width, scales):
            self._lay_out(height, width, scales)
        terms = np.empty((scales, len(picture)))
        for channel, planes in enumerate(zip(picture, original, strict=True)):
            for start, plane in zip(self._staged, planes, strict=True):
                self._bytes[start : start + plane.size] = plane.reshape(-1)
            self._run(self._store)
            for scale in range(scales):
                at = SCALES + scale * SCALE_BYTES + 4 * FIELDS.index("sum")
                terms[scale, channel] = self._bytes[at : at + 8].view("<f8")[0] / self._counts[scale]
        return terms

    def _lay_out(self, height: int, width: int, scales: int) -> None:
        """Give every array its place, and write the headers."""
        at = -(-(SCALES + scales * SCALE_BYTES) // 16) * 16
        size = -(-height * width // 16) * 16 + 16
        self._staged, at = (at, at + size), at + 2 * size
        room, at = at, at + _ROWS_OF_ROOM * _stride(width) + 64
        headers, self._counts = bytearray(), list[int]()
        rows, columns = height, width
        for scale in range(scales):
            stride, terms = _stride(columns), 4 * (columns - WINDOW + 1)
            first = at + stride + _FRONT
            second = first + (rows + 1) * stride + _FRONT
            at = second + rows * stride + 64
            back = rows % 2 * stride + columns % 2 * 4
            mask = 16 * (terms // 4 % 4)
            last = scale + 1 == scales
            values = (first, second, room, rows, columns, stride, last, terms, mask, back)
            headers += struct.pack("<10Id", *values, 0.0)
            self._counts.append((rows - WINDOW + 1) * (columns - WINDOW + 1))
            rows, columns = (rows + 1) // 2, (columns + 1) // 2
        if at > len(self._bytes):
            self._memory.grow(self._store, -(-(at - len(self._bytes)) // PAGE))
            self._bytes = self._view()
        self._bytes[HEADER : HEADER + 8] = np.frombuffer(struct.pack("<2I", *self._staged), np.uint8)
        self._bytes[SCALES : SCALES + len(headers)] = np.frombuffer(headers, np.uint8)
        self._shape = height, width, scales

    def _view(self) -> np.ndarray:
        return np.ctypeslib.as_array(self._memory.get_buffer_ptr(self._store))


def _stride(columns: int) -> int:
    """Return the bytes of a row: its zeros in front, fours of samples, and as much again as fours are read beyond."""
    return _FRONT + -(-columns // 4) * 16 + 16


_IDLE: list[_Comparison] = []
"""Programs that nobody uses: as many as threads have compared at the same time."""
_COMPILING = threading.Lock()


def _compiled() -> tuple[wasmtime.Engine, wasmtime.Module]:
    with _COMPILING:
        return _compiled_once()


@cache
def _compiled_once() -> tuple[wasmtime.Engine, wasmtime.Module]:
    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, PROGRAM)
