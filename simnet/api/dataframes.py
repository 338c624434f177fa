"""pandas DataFrames from Parquet files and records, with the same types for every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

    from pandas import DataFrame


def pandas() -> ModuleType:
    """Import and return pandas; InputError with installation instructions if it is missing."""
    try:
        import pandas as imported
    except ImportError as error:
        raise InputError(
            "a DataFrame needs pandas, which is not installed; expected pip install 'simnet[notebook]'"
        ) from error
    return imported


def of_file(file: Path, record: type | None = None) -> DataFrame:
    """Return a Parquet file as a DataFrame; optional numbers of `record` become floats, None becomes NaN.

    Raises:
        InputError: The file is missing or was not written by simnet, or pandas is not installed.
    """
    pandas()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame = pq.read_table(file).to_pandas()
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{file}: cannot be read ({reason}); expected a table that simnet writes") from error
    # Times are below 2**53 ns (104 days), so they are exact as floats.
    floats = [name for name, kind in _hints(record).items() if name in frame and kind in {int | None, float | None}]
    return frame.astype(dict.fromkeys(floats, "float64"))


def of_records(records: Mapping[str, Mapping[str, Any]], record: type, index: str) -> DataFrame:
    """Return mappings by name as a DataFrame, one row each; a missing number becomes NaN.

    A field of `record` that is a mapping of numbers gives a column for each of its names.
    """
    hints = _hints(record)
    inner = [name for name, kind in hints.items() if get_origin(kind) is dict]
    spread = {name: {column: value for own in inner for column, value in (values.get(own) or {}).items()}
              for name, values in records.items()}  # fmt: skip
    further = sorted({column for own in spread.values() for column in own})
    records = {name: {**values, **spread[name]} for name, values in records.items()}
    names = [*(name for name in hints if name not in inner), *further]
    rows = {name: [values.get(column) for column in names] for name, values in records.items()}
    frame = pandas().DataFrame.from_dict(rows, orient="index", columns=names).rename_axis(index)
    floats = [*(name for name, kind in hints.items() if kind == float | None), *further]
    return frame.astype(dict.fromkeys(floats, "float64"))


def _hints(record: type | None) -> dict[str, Any]:
    return {} if record is None else get_type_hints(record)
