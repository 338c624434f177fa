"""Argument checks of the Python API, made before anything is written or run; a misuse is a one-line InputError.

The functions of the API use the types below as annotations. Pydantic's `validate_call` reads them; the description of a type is
the expected value in the error message. NumPy's numbers and arrays are converted to Python's, without importing NumPy.
"""

from __future__ import annotations

import json
import reprlib
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from os import PathLike, fspath
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, get_type_hints

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, InstanceOf, ValidationError, validate_call
from pydantic.fields import FieldInfo

from simnet.errors import InputError
from simnet.records import Scenario
from simnet.sweeps.grid import MOST_POINTS

P = ParamSpec("P")
R = TypeVar("R")

MOST_PROCESSES = 256
MOST_SEED = 2**63 - 1
SLOWEST = 1e6
"""Maximum wall seconds per virtual second; its inverse is the minimum."""


def validated(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` with its arguments validated by their annotations.

    Raises:
        InputError: An argument of a call is invalid; the message names it and the expected value.
    """
    checked = validate_call(config=ConfigDict(strict=True))(function)
    bind = signature(function).bind
    hints = get_type_hints(function, include_extras=True)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        given = bind(*args, **kwargs).arguments  # A missing or unknown argument raises Python's own TypeError.
        try:
            return checked(*args, **kwargs)
        except ValidationError as error:
            if error.title != function.__name__:
                raise
            where = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
            name = next(name for index, name in enumerate(given) if where[0] in (name, index))
            raise InputError(f"{name} {_shown(given[name])}: expected {_description(hints[name])}") from None

    return call


def _description(hint: Any) -> str:
    return str(next(each.description for each in hint.__metadata__ if isinstance(each, FieldInfo)))


def _shown(value: object) -> str:
    """Return any value as one short line."""
    try:
        return " ".join(reprlib.repr(value).split())
    except ValueError:  # The number has more digits than Python converts to text.
        return f"of type {type(value).__name__}"


def _plain(value: Any) -> Any:
    """Return NumPy's numbers and arrays as Python's, without importing NumPy."""
    return value.tolist() if hasattr(value, "tolist") else value


def _length(value: Any) -> int | None:
    """Return the length of a collection; None for text, mappings and values without a length."""
    try:
        return None if isinstance(value, str | bytes | Mapping) else len(value)
    except TypeError:
        return None
    except OverflowError:
        return sys.maxsize  # A range may be longer than `len` supports.


def _listed(value: Any) -> Any:
    """Return a collection as a tuple of Python's own values; any other value is returned unchanged."""
    plain = _plain(value)
    return plain if _length(plain) is None else tuple(_plain(each) for each in plain)


def _path(value: object) -> object:
    """Return a path object of any library as text."""
    return fspath(value) if isinstance(value, PathLike) else value


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else _listed(value)


def _overrides(value: object) -> object:
    """Return overrides in the form of `--set`."""
    if isinstance(value, Mapping):
        return [f"{_key('overrides', key)}={_text(key, one)}" for key, one in value.items()]
    return _listed(value)


def _settings(value: object) -> object:
    """Return the values of each key as text; a list, range or array gives several values, any other value gives one."""
    if not isinstance(value, Mapping):
        return value
    return {_key("settings", key): [_text(key, one) for one in _swept(key, values)] for key, values in value.items()}


def _swept(key: str, value: Any) -> Sequence[object]:
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
    """Return a value as scenario text; NumPy's numbers become numbers, its arrays become lists."""
    if isinstance(value, str | PathLike):
        return str(value)
    try:
        return json.dumps(value, default=lambda other: other.tolist())
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{key} {_shown(value)}: expected text, a number, a list or a mapping") from error


def _seeds(value: object) -> object:
    if (which := _length(value)) is not None and which > MOST_POINTS:
        raise InputError(f"seeds: {which} at once; expected at most {MOST_POINTS}")
    return _listed(value)


def _each_once(value: Any) -> Any:
    if isinstance(value, tuple) and not 0 < len(set(value)) == len(value):
        raise ValueError("none, or one of them twice")
    return value


def _rising(value: Any) -> Any:
    if value is not None and not value[0] < value[1]:
        raise ValueError("not below each other")
    return value


Name = Annotated[str, Field(min_length=1)]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]

ScenarioFile = Annotated[
    str | Path, BeforeValidator(_path), Field(description="a file, or the name of a shipped scenario")
]
LoadedOrFile = Annotated[
    InstanceOf[Scenario] | str | Path,
    BeforeValidator(_path),
    Field(description="a file, or the name of a shipped scenario"),
]
Folder = Annotated[str | Path, BeforeValidator(_path), Field(description="a folder, such as 'runs/mine'")]
FolderOrNone = Annotated[
    str | Path | None, BeforeValidator(_path), Field(description="a folder, such as 'runs/mine', or None")
]
FileOrNone = Annotated[str | Path | None, BeforeValidator(_path), Field(description="a file, or None")]
Overrides = Annotated[
    Sequence[str] | Mapping[str, object],
    BeforeValidator(_overrides),
    Field(description="a list, such as ['duration=1s'], or a mapping"),
]
Settings = Annotated[
    Mapping[str, Any] | None,
    BeforeValidator(_settings),
    Field(description="a mapping, such as {'duration': '1s'}"),
]
Exports = Annotated[
    str | Sequence[Name], BeforeValidator(_names), Field(description="a list of names, such as ['pcap']")
]
Codecs = Annotated[
    str | Sequence[Name], BeforeValidator(_names), Field(description="a list of names, such as ['jpeg']")
]
Seeds = Annotated[
    Annotated[int, Field(ge=1, le=MOST_POINTS)] | Sequence[Seed] | None,
    BeforeValidator(_seeds),
    AfterValidator(_each_once),
    Field(description=f"how many, 1 to {MOST_POINTS}, or which, such as [7, 11]: each once, 0 to 2**63 - 1"),
]
Hosts = Annotated[
    int,
    BeforeValidator(_plain),
    Field(ge=0, le=MOST_PROCESSES, description=f"a whole number from 0 to {MOST_PROCESSES}"),
]
Workers = Annotated[
    Annotated[int, Field(ge=1, le=MOST_PROCESSES)] | None,
    BeforeValidator(_plain),
    Field(description=f"a whole number from 1 to {MOST_PROCESSES}, or None"),
]
Bytes = Annotated[
    Annotated[int, Field(ge=0)] | None,
    BeforeValidator(_plain),
    Field(description="a whole number of bytes, or None"),
]
Pace = Annotated[
    Annotated[float, Field(ge=1 / SLOWEST, le=SLOWEST, allow_inf_nan=False)] | None,
    BeforeValidator(_plain),
    Field(description="wall seconds a virtual second, from 0.000001 to 1000000, or None"),
]
Address = Annotated[str | None, Field(description="an address, such as 'tcp://127.0.0.1:5570', or None")]
Device = Annotated[Literal["cpu", "cuda"] | None, Field(description="'cpu', 'cuda', or None")]
Switch = Annotated[bool, BeforeValidator(_plain), Field(description="True or False")]
RunProgress = Annotated[Callable[[float], None] | None, Field(description="a function, or None")]
SweepProgress = Annotated[Callable[[int, int], None] | None, Field(description="a function, or None")]

DataNames = Annotated[
    str | Sequence[Name], BeforeValidator(_names), Field(description="a list of names, such as ['pairs:drive']")
]
MetricNames = Annotated[
    str | Sequence[Name], BeforeValidator(_names), Field(description="a list of names, such as ['xpsnr']")
]
Anchors = Annotated[
    str | Sequence[Name] | None, BeforeValidator(_names), Field(description="a list of codecs, 'all', or None")
]
Qualities = Annotated[
    Sequence[Annotated[float, Field(ge=0, le=1)]] | None,
    BeforeValidator(_listed),
    AfterValidator(_each_once),
    Field(description="a list of different numbers from 0 to 1, or None"),
]
PictureSize = Annotated[
    tuple[Annotated[int, Field(ge=16, le=16_384)], Annotated[int, Field(ge=16, le=16_384)]] | None,
    BeforeValidator(_listed),
    Field(description="(width, height) in pixels, 16 to 16384 each, or None"),
]
Offsets = Annotated[
    Sequence[int],
    BeforeValidator(_listed),
    AfterValidator(_each_once),
    Field(min_length=1, max_length=1000, description="a list of different frames, such as [0, 3], at most 1000"),
]
RateRange = Annotated[
    tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0, allow_inf_nan=False)]] | None,
    BeforeValidator(_listed),
    AfterValidator(_rising),
    Field(description="(low, high) in bits per pixel, or None for whole curves"),
]
Count = Annotated[
    Annotated[int, Field(ge=1, le=MOST_POINTS)] | None,
    BeforeValidator(_plain),
    Field(description=f"a whole number from 1 to {MOST_POINTS}, or None"),
]
Whole = Annotated[
    int, BeforeValidator(_plain), Field(ge=0, le=MOST_POINTS, description=f"a whole number from 0 to {MOST_POINTS}")
]
NameOrNone = Annotated[Name | None, Field(description="a name, or None")]
