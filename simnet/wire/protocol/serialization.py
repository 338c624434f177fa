"""Serialization of frozen records to msgpack and plain data, for messages; the codec is `records.plain_data`."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

from simnet.errors import WireError
from simnet.records import plain_data
from simnet.records.plain_data import MismatchError, to_plain
from simnet.wire.protocol.strict_structs import strict_type

__all__ = ["from_plain", "pack_records", "to_plain", "unpack_records"]

Record = TypeVar("Record")
_READING_TYPES = threading.Lock()
_DECODERS: dict[Any, msgspec.msgpack.Decoder[Any]] = {}
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)


def from_plain(kind: type[Record], data: object) -> Record:
    """Return the record of class `kind` that `data` describes.

    Raises:
        WireError: A field is missing, unknown, or of another type than the record's.
    """
    try:
        return plain_data.from_plain(kind, data)
    except MismatchError as error:
        raise WireError(str(error)) from error


def pack_records(records: object) -> bytes:
    """Return the plain data of `records` as msgpack."""
    return msgspec.msgpack.encode(to_plain(records))


def unpack_records(kind: type[Record], data: bytes) -> Record:
    """Return the record, or the map of records (`dict[str, Record]`), that `pack_records` packed.

    The decoder follows the record's own types: foreign data is refused at the first value that is none of these.

    Raises:
        WireError: Not msgpack, or not such a record.
    """
    try:
        return msgspec.convert(_decoder(kind).decode(data), kind, from_attributes=True)
    except msgspec.ValidationError as error:
        raise WireError(f"{_name(kind)}: {' '.join(str(error).split())[:300]}") from error
    except _UNREADABLE as error:
        raise WireError(f"{_name(kind)}: not msgpack ({type(error).__name__})") from error


def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    # msgspec reads a record's types once, and crashes if a second thread comes by meanwhile.
    with _READING_TYPES:
        if kind not in _DECODERS:
            msgspec.msgpack.Decoder(kind)  # for `convert`
            _DECODERS[kind] = msgspec.msgpack.Decoder(strict_type(kind))
        return _DECODERS[kind]


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", "records")
