"""Argument types of numbers; a number out of range is refused with the expected range."""

from __future__ import annotations

from argparse import ArgumentTypeError


def processes(text: str) -> int:
    """Return a number of processes."""
    return _whole(text, 0, 256, "a whole number from 0 to 256")


def workers(text: str) -> int:
    """Return a number of processes, at least one."""
    return _whole(text, 1, 256, "a whole number from 1 to 256")


def port(text: str) -> int:
    """Return a TCP port."""
    return _whole(text, 1, 65535, "a port from 1 to 65535")


def pixels(text: str) -> int:
    """Return a number of pixels of a picture, at least one."""
    return _whole(text, 1, 16384 * 16384, "a number of pixels from 1 to 268435456")


def pause(text: str) -> float:
    """Return a pause in seconds, 0 allowed."""
    return _within(text, 0, 60, "seconds from 0 to 60")


def time_limit(text: str) -> float:
    """Return a time limit in seconds, 0 allowed."""
    return _within(text, 0, 86400, "seconds from 0 to 86400")


def positive_time_limit(text: str) -> float:
    """Return a time limit in seconds, more than 0."""
    return _within(text, 1e-9, 86400, "seconds, more than 0 and at most 86400")


def pace(text: str) -> float:
    """Return the number of wall seconds a virtual second."""
    return _within(text, 1e-6, 1e6, "wall seconds a virtual second, from 0.000001 to 1000000")


def _whole(text: str, least: int, most: int, expected: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ArgumentTypeError(f"{text!r}: expected {expected}")
    return number


def _within(text: str, least: float, most: float, expected: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ArgumentTypeError(f"{text!r}: expected {expected}")
    return number
