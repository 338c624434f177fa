"""Numbers that options take, each with what was expected where it is out of range."""

from __future__ import annotations

from argparse import ArgumentTypeError


def count(text: str) -> int:
    """Return a number of processes."""
    return _whole(text, 0, 256, "a whole number from 0 to 256")


def workers(text: str) -> int:
    """Return a number of processes, one at least."""
    return _whole(text, 1, 256, "a whole number from 1 to 256")


def port(text: str) -> int:
    """Return a port of TCP."""
    return _whole(text, 1, 65535, "a port from 1 to 65535")


def pause(text: str) -> float:
    """Return a pause in seconds, which may be none."""
    return _within(text, 0, 60, "seconds from 0 to 60")


def patience(text: str) -> float:
    """Return how long to wait in seconds, which may be not at all."""
    return _within(text, 0, 86400, "seconds from 0 to 86400")


def wait(text: str) -> float:
    """Return how long to wait in seconds, for some time at least."""
    return _within(text, 1e-9, 86400, "seconds, more than 0 and at most 86400")


def factor(text: str) -> float:
    """Return how many wall seconds a virtual second takes."""
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
