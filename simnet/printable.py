"""Text of others in messages: nothing in it can move a cursor, turn a line around, or tell what a file holds.

printable   a name or a message          escapes control, bidirectional and invisible characters
of_file     a value read from a file     as it is if it is a number or a date, otherwise its length alone
names_of_file   names that a file gives  as they are if all of them look like names, otherwise how many there are
"""

from __future__ import annotations

import html
import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = re.compile(r"[-+.:0-9TZeE ]{0,30}|[+-]?(nan|inf|none|true|false)", re.IGNORECASE)
_NAME = re.compile(r"[\w .%°/()\[\]-]{1,40}")
_NAMES = 12


def printable(text: object, keep: str = "") -> str:
    r"""Return text with every character that is not printable, and not one of `keep`, as an escape such as `\x1b` or `\u202e`."""
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode() for each in shown
    )


def printable_html(text: object) -> str:
    """Return text for a page: printable, and with HTML's own characters escaped."""
    return html.escape(printable(text))


def of_file(value: object) -> str:
    """Return a value of a file for a message. What is no number may be anything: a user may name the wrong file."""
    text = str(value)
    return repr(text) if _NUMBER.fullmatch(text) else f"text of {len(text)} characters"


def names_of_file(names: Iterable[str]) -> str:
    """Return the names of columns or tracks of a file for a message."""
    listed = list(names)
    if not all(_NAME.fullmatch(each) for each in listed):
        return f"its {len(listed)}, which do not look like names"
    more = len(listed) - _NAMES
    return ", ".join(listed[:_NAMES]) + (f" and {more} more" if more > 0 else "")


class PrintableFormatter(logging.Formatter):
    """Formatter of log records in one printable line each."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        return printable(super().format(record))
