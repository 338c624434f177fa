"""What is asked for from Python, looked at before anything is written or run: a misuse is an InputError of one line."""

from __future__ import annotations

import json
import operator
import reprlib
import sys
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.errors import InputError
from simnet.sweeps.grid import MOST_POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_PROCESSES = 256
MOST_SEED = 2**63 - 1
SLOWEST = 1e6
"""Wall seconds a virtual second, and the inverse of the fastest."""


def scenario(value: object) -> str:
    """Return a scenario's file or name."""
    if not isinstance(value, str | PathLike):
        raise InputError(f"scenario {_shown(value)}: expected a file, or the name of a shipped scenario")
    return str(value)


def folder(name: str, value: object) -> Path:
    """Return the folder that the argument `name` says."""
    if not isinstance(value, str | PathLike):
        raise InputError(f"{name} {_shown(value)}: expected a folder, such as {name}='runs/mine'")
    return Path(value)


def processes(name: str, value: object, least: int) -> int:
    """Return how many processes the argument `name` says."""
    number = _index(value)
    if number is None or not least <= number <= MOST_PROCESSES:
        raise InputError(f"{name} {_shown(value)}: expected a whole number from {least} to {MOST_PROCESSES}")
    return number


def realtime(value: object) -> float | None:
    """Return how many wall seconds a virtual second takes, if it is paced."""
    if value is None:
        return None
    plain = _plain(value)
    if isinstance(plain, bool) or not isinstance(plain, int | float) or not 1 / SLOWEST <= plain <= SLOWEST:
        raise InputError(
            f"realtime {_shown(value)}: expected wall seconds a virtual second, from 0.000001 to 1000000, or None"
        )
    return float(plain)


def progress(value: object) -> None:
    """Look whether `value` can be called, if it is there."""
    if value is not None and not callable(value):
        raise InputError(f"progress {_shown(value)}: expected a function, or None")


def names(name: str, value: Any, such_as: str) -> tuple[str, ...]:
    """Return the names that the argument `name` lists; a text is one."""
    listed = (value,) if isinstance(value, str) else value
    if _length(listed) is None or not all(isinstance(each, str) and each for each in listed):
        raise InputError(f"{name} {_shown(value)}: expected a list of names, such as {such_as}")
    return tuple(str(each) for each in listed)


def overrides(value: Any) -> list[str]:
    """Return overrides as `--set` takes them."""
    if isinstance(value, Mapping):
        return [f"{_key('overrides', key)}={_text(key, one)}" for key, one in value.items()]
    if isinstance(value, str):
        raise InputError(f"overrides {value!r}: expected a list, such as [{value!r}], or a mapping")
    if _length(value) is None or not all(isinstance(each, str) for each in value):
        raise InputError(f"overrides {_shown(value)}: expected a list, such as ['duration=1s'], or a mapping")
    return list(value)


def settings(value: object) -> dict[str, list[str]]:
    """Return the values of each key as text: those of a list, a range or an array are swept, anything else is one value."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"settings {_shown(value)}: expected a mapping, such as {{'duration': '1s'}}")
    return {_key("settings", key): [_text(key, one) for one in _swept(key, values)] for key, values in value.items()}


def seeds(value: Any, first: Callable[[int], Iterable[int]]) -> tuple[int, ...]:
    """Return the seeds asked for, none for the scenario's own; `first` returns so many from the scenario's own on."""
    if value is None:
        return ()
    refused = InputError(
        f"seeds {_shown(value)}: expected how many, 1 to {MOST_POINTS}, or which, such as [7, 11]: each once, 0 to 2**63 - 1"
    )
    count, which = _index(value), _length(value)
    if count is not None:
        if not 1 <= count <= MOST_POINTS:
            raise refused
        value = first(count)
    elif not which:
        raise refused
    elif which > MOST_POINTS:
        raise InputError(f"seeds: {which} at once; expected at most {MOST_POINTS}")
    chosen = [seed for each in value if (seed := _index(each)) is not None and 0 <= seed <= MOST_SEED]
    if len(set(chosen)) < (count or which or 0):
        raise refused
    return tuple(chosen)


def _swept(key: str, value: Any) -> Iterable[object]:
    if not isinstance(value, list | tuple | range) and not hasattr(value, "tolist"):
        return [value]
    if (_length(value) or 0) > MOST_POINTS:
        raise InputError(f"{key}: {_length(value)} values; expected at most {MOST_POINTS}")
    plain = _plain(value)
    return plain if isinstance(plain, list | tuple | range) else [plain]


def _key(name: str, key: object) -> str:
    if not isinstance(key, str):
        raise InputError(f"{name}: the key {_shown(key)}; expected a key of the scenario, such as 'duration'")
    return key


def _text(key: str, value: object) -> str:
    """Return a value as one would type it in a scenario; NumPy's numbers are numbers, its arrays lists."""
    if isinstance(value, str | PathLike):
        return str(value)
    try:
        return json.dumps(value, default=lambda other: other.tolist())
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{key} {_shown(value)}: expected text, a number, a list or a mapping") from error


def _plain(value: Any) -> Any:
    """Return NumPy's numbers and arrays as Python's, without importing it."""
    return value.tolist() if hasattr(value, "tolist") else value


def _index(value: object) -> int | None:
    """Return a whole number; None for anything else, also for what is true or false."""
    plain: Any = value if _length(value) is not None else _plain(value)
    try:
        return None if isinstance(plain, bool) else operator.index(plain)
    except TypeError:
        return None


def _length(value: Any) -> int | None:
    """Return how many there are in a collection; None for text, mappings, and what has no end that is known."""
    try:
        return None if isinstance(value, str | bytes | Mapping) else len(value)
    except TypeError:
        return None
    except OverflowError:
        return sys.maxsize  # a range may be longer than Python counts


def _shown(value: object) -> str:
    """Return a value on one short line, whatever it is."""
    try:
        return " ".join(reprlib.repr(value).split())
    except ValueError:  # a number of more digits than Python writes
        return f"of type {type(value).__name__}"
