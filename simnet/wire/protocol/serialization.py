"""Serialization of frozen records to msgpack and plain data, for messages; the codec is `records.plain_data`."""

from __future__ import annotations

from typing import Any, TypeVar

import msgpack

from simnet.errors import WireError
from simnet.records import plain_data
from simnet.records.plain_data import MismatchError, to_plain

__all__ = ["from_plain", "pack_records", "to_plain", "unpack_records"]

Record = TypeVar("Record")


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
    return msgpack.packb(to_plain(records), use_bin_type=True)


def unpack_records(data: bytes) -> Any:
    """Return the plain data that `pack_records` packed.

    Raises:
        WireError: Not msgpack.
    """
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=True, max_ext_len=0)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise WireError(f"a payload is not msgpack ({type(error).__name__})") from error
