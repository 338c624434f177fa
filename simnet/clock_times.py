"""One reader of the times that loggers write, for tracks, traces and recordings.

Understood without a word: seconds (`12.5`), dates and times of ISO 8601 with or without an offset, and G-NetTrack's
`2020.02.13_10.00.01`. Anything else needs a format: `unix_ms`, `unix_us`, `unix_ns` (whole numbers since 1970), or one of
Python's `strptime`, such as `%d/%m/%Y %H:%M:%S`. A time without an offset is UTC.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from simnet.errors import InputError
from simnet.printable import of_file

Value = TypeVar("Value")

UNIX = {"unix_ms": 10**6, "unix_us": 10**3, "unix_ns": 1}
"""Formats of whole numbers, and their nanoseconds."""
_UNDERSTOOD = ("%Y.%m.%d_%H.%M.%S",)
_SECOND_NS = 10**9
_HIGHEST_S = 10**11
"""A number above this is no seconds since 1970 before the year 5000, but a count of something smaller."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Reads the times of one file, all of one kind."""

    def __init__(self, name: str, time_format: str | None = None) -> None:
        """Read times called `name` in errors, in a format or in one that is understood without."""
        self._name, self._format = name, time_format
        self._kind: str | None = None
        self._latest: tuple[int, str] | None = None

    def read_ns(self, where: str, text: str) -> int:
        """Return a time in ns, from 1970 where it has a date.

        Raises:
            InputError: It is no such time, of another kind than those before, or before them.
        """
        kind, time_ns = self._parse(where, text.strip())
        if self._kind not in {None, kind}:
            raise InputError(
                f"{where}: {self._name} is {of_file(text)}, {kind}; expected {self._kind} as in the rows before"
            )
        self._kind = kind
        self.check_ascending(where, time_ns, text)
        return time_ns

    def check_ascending(self, where: str, time_ns: int, text: str) -> None:
        """Raise InputError where a time is before the latest one: a clock that was set back says nothing about what followed."""
        if self._latest is not None and time_ns < self._latest[0]:
            back_s = (self._latest[0] - time_ns) / _SECOND_NS
            raise InputError(
                f"{where}: {self._name} {of_file(text)} is {back_s:g} s before {of_file(self._latest[1])}, the latest so far: a "
                "clock that was set back, or rows of several recordings; expected ascending times (cut the file there)"
            )
        self._latest = time_ns, text

    def _parse(self, where: str, text: str) -> tuple[str, int]:
        if self._format in UNIX:
            number = _decimal(text)
            if number is None or abs(number) * UNIX[self._format] > _HIGHEST_S * _SECOND_NS:
                raise self._no_time(where, text, f"a number ({self._format})")
            return "a number", round(number * UNIX[self._format])
        if self._format is not None:
            try:
                return _dated(datetime.strptime(text, self._format))
            except ValueError:
                raise self._no_time(where, text, f"the form {self._format}") from None
        number = _decimal(text)
        if number is not None:
            if abs(number) > _HIGHEST_S:
                raise self._no_time(
                    where, text, "seconds; for milliseconds or smaller name the format: " + " or ".join(UNIX)
                )
            return "seconds", round(number * _SECOND_NS)
        for read in (datetime.fromisoformat, *(_strptime(form) for form in _UNDERSTOOD)):
            try:
                return _dated(read(text))
            except ValueError:
                continue
        raise self._no_time(
            where,
            text,
            "seconds, or a date and time of ISO 8601; for others name the format, such as %d/%m/%Y %H:%M:%S",
        )

    def _no_time(self, where: str, text: str, expected: str) -> InputError:
        return InputError(f"{where}: {self._name} is {of_file(text)}; expected {expected}")


def merged(
    times_ns: Sequence[int], values: Iterable[Value], mean: Callable[[list[Value]], Value]
) -> tuple[list[int], list[Value], int]:
    """Return ascending times without repetitions, the mean of each one's values, and how many values were merged into others.

    Loggers with clocks of whole seconds write several rows with one time.
    """
    groups = itertools.groupby(zip(times_ns, values, strict=True), key=lambda pair: pair[0])
    found = [(time_ns, [value for _, value in group]) for time_ns, group in groups]
    each = [mean(group) if len(group) > 1 else group[0] for _, group in found]
    return [time_ns for time_ns, _ in found], each, len(times_ns) - len(found)


def _decimal(text: str) -> Decimal | None:
    """Return a number exactly: as a float, seconds since 1970 lose their nanoseconds."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _dated(when: datetime) -> tuple[str, int]:
    since = (when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH
    return "a date and time", (since.days * 86_400 + since.seconds) * _SECOND_NS + since.microseconds * 1000


def _strptime(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, form)
