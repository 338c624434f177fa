"""ONNX files of strangers: the names of the files that a graph reads its weights from.

A graph names them as it likes, and OpenVINO opens them. This walks the file's messages (protobuf) without the package onnx, which
runs must not import.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from simnet.codec.manifest import WEIGHTS
from simnet.errors import ModelError

LARGEST_BYTES = 1 << 26
DEEPEST = 40
_INNER = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
"""Kind of message -> number of a field -> the kind of message in it; of onnx.proto, where tensors are."""
_KEY, _VALUE = 1, 2


def check(path: Path) -> None:
    """Raise ModelError unless a file is ONNX and reads weights from the model's own file of weights alone."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; the model is incomplete") from error
    if size > LARGEST_BYTES:
        raise ModelError(f"{path}: {size} bytes; expected up to {LARGEST_BYTES}, with the weights in {WEIGHTS}")
    try:
        found = list(_locations(memoryview(data), "model", DEEPEST))
        is_graph = any(number == 7 for number, _ in _fields(memoryview(data)))
    except (ValueError, IndexError) as error:
        raise ModelError(f"{path}: not an ONNX file") from error
    if not is_graph:
        raise ModelError(f"{path}: not an ONNX file; expected one with a graph")
    if foreign := [each for each in found if each != WEIGHTS.encode()]:
        raise ModelError(f"{path}: reads weights from {foreign[0][:60].decode(errors='replace')!r}; expected {WEIGHTS}")


def _locations(data: memoryview, kind: str, levels: int) -> Iterator[bytes]:
    if levels < 0:
        raise ValueError("too deep")
    for number, content in _fields(data):
        inner = _INNER[kind].get(number)
        if inner is None or content is None:
            continue
        if inner != "entry":
            yield from _locations(content, inner, levels - 1)
            continue
        entry = {key: bytes(value) for key, value in _fields(content) if value is not None}
        if entry.get(_KEY) == b"location":
            yield entry.get(_VALUE, b"")


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview | None]]:
    """Fields of a message: number, and content if it has a length; ValueError or IndexError if it is no message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        content = None
        if kind == 0:
            _, at = _varint(data, at)
        elif kind in {1, 5}:
            at += 8 if kind == 1 else 4
        elif kind == 2:
            length, at = _varint(data, at)
            content = data[at : at + length]
            at += length
        else:
            raise ValueError(f"wire type {kind}")
        if not number or at > len(data):
            raise ValueError("ends early")
        yield number, content


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a long number")
