"""Files of users that are read at once: up to a stated size, and nothing of them is printed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from simnet.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000
YAML_BYTES = 1 * MB
TRACK_BYTES = 32 * MB
TRACE_BYTES = 64 * MB
JSON_BYTES = 256 * MB
"""Largest sizes, by kind: scenarios and recipes, tracks, bandwidth traces, and what simnet itself has written."""


def check_regular(path: Path, expected: str) -> None:
    """Raise InputError for a pipe or a device, on which opening or reading may wait for ever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f"{path}: not a regular file; expected {expected}")


def read_bytes(path: Path, largest_bytes: int, expected: str) -> bytes:
    """Return the content of a file.

    Raises:
        InputError: It cannot be read, or is larger; the message says what was `expected`.
    """
    try:
        check_regular(path, expected)
        with path.open("rb") as file:
            data = file.read(largest_bytes + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "no file"
        raise InputError(f"{path}: cannot be read ({reason}); expected {expected}") from error
    except ValueError as error:  # a name with a null byte
        raise InputError(f"{path}: cannot be read (no name of a file); expected {expected}") from error
    if len(data) > largest_bytes:
        raise InputError(f"{path}: larger than {largest_bytes / MB:g} MB; expected {expected}, no larger")
    return data


def read_text(path: Path, largest_bytes: int, expected: str) -> str:
    """Return the content of a file as text, without the mark that some programs put at its start.

    Raises:
        InputError: See `read_bytes`; or it is no UTF-8.
    """
    try:
        return read_bytes(path, largest_bytes, expected).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: no text ({error.reason} at byte {error.start}); expected {expected}, in UTF-8"
        ) from None
