"""A run's folder, read into records: the only thing that a report is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from simnet.errors import InputError
from simnet.records import SECOND_NS, LinkConfig, Outcome, Row, Scenario
from simnet.records.link_bin import LinkBin

ABOUT, ROWS, LINKS = "run.json", "rows.parquet", "links.parquet"


_ROW = tuple(field.name for field in fields(Row))
_BIN = tuple(field.name for field in fields(LinkBin))


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Everything a run left behind. `about` is `run.json` as it is; `rows` are in order of capture."""

    path: Path
    scenario: Scenario
    rows: tuple[Row, ...]
    bins: tuple[LinkBin, ...]
    about: Mapping[str, Any]

    @property
    def virtual_s(self) -> float:
        """Virtual time that the run covered."""
        return float(self.about.get("summary", {}).get("virtual_s") or self.scenario.duration_ns / SECOND_NS)

    @property
    def streams(self) -> tuple[str, ...]:
        """Every stream that was asked for, and any other that has rows."""
        names = [stream.name for stream in self.scenario.streams] + [row.stream for row in self.rows]
        return tuple(dict.fromkeys(names))

    def link(self, name: str) -> LinkConfig | None:
        """Return the link of this name as it was asked for."""
        return next((link for link in self.scenario.links if link.name == name), None)


def read(path: Path) -> RunFolder:
    """Read a run folder.

    Raises:
        InputError: It is no run's folder, or a file in it is missing or is not what a run writes.
    """
    about = read_json(path / ABOUT)
    try:
        scenario = _restore(Scenario, about["scenario"])
        rows = [_row(values) for values in read_parquet(path / ROWS)]
        bins = [_bin(values) for values in read_parquet(path / LINKS)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: not a run folder of this version ({error!r}); expected one that simnet run wrote"
        ) from error
    rows.sort(key=lambda row: row.capture_ns)
    return RunFolder(path=path, scenario=scenario, rows=tuple(rows), bins=tuple(bins), about=about)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a run's `run.json` holds; InputError where it cannot be read."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        place = path.parent
        what = f"holds no {path.name}" if place.is_dir() else "is no folder" if place.exists() else "does not exist"
        raise InputError(f"{place}: {what}; expected a folder that simnet run or simnet sweep wrote") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); expected the run.json that simnet run writes") from error
    if not isinstance(about, dict):
        raise InputError(f"{path}: holds a {type(about).__name__}; expected an object")
    return about


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """Return a table's rows; InputError where it cannot be read."""
    import pyarrow
    from pyarrow import parquet

    try:
        # Not read_table: it loads pandas first.
        with parquet.ParquetFile(path) as file:
            return file.read(use_threads=False).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read ({reason}); expected a table that simnet run writes") from error


def _row(values: Mapping[str, Any]) -> Row:
    known = {name: values[name] for name in _ROW}
    known["outcome"] = Outcome(known["outcome"])
    known["side_sources"] = tuple(known["side_sources"] or ())
    return Row(**known)


def _bin(values: Mapping[str, Any]) -> LinkBin:
    return LinkBin(**{name: values[name] for name in _BIN if name in values})


def _restore(kind: Any, value: Any) -> Any:
    """Undo `dataclasses.asdict` and JSON: dicts to the records that the type hints name, lists to tuples."""
    if value is None:
        return None
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        known = [field.name for field in fields(kind) if field.name in value]
        return kind(**{name: _restore(hints[name], value[name]) for name in known})
    if get_origin(kind) is tuple:
        arguments = get_args(kind)
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(_restore(inner, part) for inner, part in zip(kinds, value, strict=True))
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
