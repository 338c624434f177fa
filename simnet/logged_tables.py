"""One reader of CSV files from loggers: columns by name or by number, with a header or without.

A column is named as in the first line, or counted from 1. A file whose first line is data has no header. Fields are separated by
commas, semicolons or tabs, whichever the first line has most of. Text is UTF-8, or what a byte order mark says, or else Latin-1.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.printable import names_of_file

if TYPE_CHECKING:
    from pathlib import Path

_SEPARATORS = ",;\t"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class LoggedTable:
    """The rows of a file; iterating yields where each row stands, and the fields of the chosen columns."""

    def __init__(self, path: Path, data: bytes, columns: Sequence[str]) -> None:
        """Open the rows of `data`.

        Raises:
            InputError: There is no such column, or one twice.
        """
        self._path, self._columns = path, columns
        text = decoded(path, data)
        first = text.split("\n", 1)[0]
        separator = max(_SEPARATORS, key=first.count)
        self._lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        self._pending: list[str] | None = None
        self._header: list[str] = []
        self._places = self._find()

    def __iter__(self) -> Iterator[tuple[str, list[str]]]:
        while (line := self._next()) is not None:
            if not line:
                continue
            where = self.where
            if len(line) < len(self._header) or any(line[len(self._header) :]):
                raise InputError(f"{where}: {len(line)} fields; expected {len(self._header)} as in the first line")
            yield where, [line[place].strip() for place in self._places]

    @property
    def where(self) -> str:
        """File and line of the latest row."""
        return f"{self._path}:{self._lines.line_num}"

    def _next(self) -> list[str] | None:
        if self._pending is not None:
            line, self._pending = self._pending, None
            return line
        try:
            return next(self._lines, None)
        except csv.Error as error:
            raise InputError(f"{self.where}: no valid CSV: {error}") from None

    def _find(self) -> list[int]:
        line = self._next() or []
        self._header = [name.strip() for name in line]
        has_none = any(_is_number(name) for name in self._header) and all(name.isdecimal() for name in self._columns)
        numbered = [name.isdecimal() and (has_none or name not in self._header) for name in self._columns]
        if has_none:
            self._pending = line  # data already
        places: list[int] = []
        for name, is_number in zip(self._columns, numbered, strict=True):
            if is_number and 0 < int(name) <= len(self._header):
                places.append(int(name) - 1)
                continue
            if self._header.count(name) != 1:
                found = "two columns" if name in self._header else "no column"
                known = names_of_file(self._header) or "none"
                raise InputError(
                    f"{self._path}:1: {found} {name!r}; expected one of: {known}, or a number from 1 to {len(self._header)}"
                )
            places.append(self._header.index(name))
        return places


def decoded(path: Path, data: bytes) -> str:
    """Return the text of a file in the encoding that its first bytes name, else in UTF-8, else in Latin-1."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(name)
            except UnicodeDecodeError as error:
                raise InputError(f"{path}: no text of {name} ({error.reason} at byte {error.start})") from None
    if b"\0" in data[:4096]:
        raise InputError(f"{path}: no text (a zero byte); expected CSV")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
