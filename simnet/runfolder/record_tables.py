"""Tables of records in Parquet files: one row a record, one column a field, with the types of the record's fields.

A field that maps names to numbers is spread: each name that a record has is a column of numbers, `task.figure`, with gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_origin

from simnet.errors import InputError
from simnet.input_files import check_regular
from simnet.output_files import whole
from simnet.records.plain_data import type_hints

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from pyarrow import parquet

Record = TypeVar("Record")
PART = 65_536
"""Lines that are read at a time where not all are wanted."""
SPREAD = "."
"""Part of the names of spread columns, which no field's name has."""


class _Column(NamedTuple):
    """How a field is stored."""

    kind: Any
    optional: bool


def write_records(path: Path, kind: type, records: Sequence[object]) -> None:
    """Write `records`, all of the dataclass `kind`; there may be millions of them.

    Raises:
        OutputError: The file cannot be written; there is none then, or the earlier one.
    """
    import pyarrow as pa
    from pyarrow import parquet

    known = _columns(kind)
    columns = {name: list(map(attrgetter(name), records)) for name in known}
    for name, column in known.items():
        if _is_enum(column.kind):
            columns[name] = [value.value for value in columns[name]]
    columns |= spread(kind, records)
    with whole(path) as aside:
        parquet.write_table(pa.Table.from_pydict(columns, schema_of(kind, columns)), aside)


def spread(kind: type, records: Iterable[object]) -> dict[str, list[float | None]]:
    """Return the columns of the field of `kind` that maps names to numbers, by name; empty if it has none.

    Records are read only if it has one.
    """
    field = _spread_field(kind)
    if field is None:
        return {}
    return spread_columns(list(map(attrgetter(field), records)))


def spread_columns(own: Sequence[Mapping[str, float]]) -> dict[str, list[float | None]]:
    """Return a column for each name that maps to a number in any line, by name."""
    return {name: [each.get(name) for each in own] for name in sorted({name for each in own for name in each})}


def read_records(path: Path, kind: type[Record], where: tuple[str, Collection[str]] | None = None) -> list[Record]:
    """Return the records of a table; `where` names a column of texts and those of the wanted records.

    Raises:
        InputError: The file cannot be read, or its columns are not the fields of `kind`.
    """
    with open_table(path) as file:
        if where is None:
            return records_of(path, kind, file.read(use_threads=False))
        return records_of(path, kind, _filtered(file, *where))


def _filtered(file: parquet.ParquetFile, name: str, wanted: Collection[str]) -> pa.Table:
    """Return the lines whose column `name` has one of the `wanted` texts, reading part after part."""
    import pyarrow as pa
    from pyarrow import compute

    values = pa.array(sorted(wanted), pa.string())
    parts = [
        batch.filter(compute.is_in(batch.column(name), value_set=values))  # pyright: ignore[reportAttributeAccessIssue]
        for batch in file.iter_batches(PART, use_threads=False)
        if name in batch.schema.names
    ]
    return pa.Table.from_batches(parts, file.schema_arrow)


@contextmanager
def open_table(path: Path) -> Iterator[parquet.ParquetFile]:
    """Open a table of records.

    Raises:
        InputError: The file cannot be read, here or within the block.
    """
    import pyarrow as pa
    from pyarrow import parquet

    check_regular(path, "a table that simnet run writes")
    try:
        # Not read_table: it loads pandas first.
        with parquet.ParquetFile(path) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read ({reason}); expected a table that simnet run writes") from error


def records_of(path: Path, kind: type[Record], table: pa.Table) -> list[Record]:
    """Return the records of a table, or of a part of one, that was read from `path`.

    Raises:
        InputError: Its columns are not the fields of `kind`.
    """
    columns = _columns(kind)
    _check(path, table, kind, columns)
    try:
        values = [_restored(column, table.column(name).to_pylist()) for name, column in columns.items()]
        if _spread_field(kind) is not None:
            values.append(_gathered(table))
        return [kind(*row) for row in zip(*values, strict=True)]
    except ValueError as error:
        raise InputError(f"{path}: {error}; expected a table that simnet run writes") from error


def schema_of(kind: type, names: Iterable[str] = ()) -> pa.Schema:
    """Return the columns of a table of records, and those of `names` that are spread."""
    import pyarrow as pa

    types = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string(), tuple: pa.list_(pa.string())}
    own = [
        (name, pa.string() if _is_enum(column.kind) else types[get_origin(column.kind) or column.kind])
        for name, column in _columns(kind).items()
    ]
    return pa.schema([*own, *((name, pa.float64()) for name in names if SPREAD in name)])


def columns_of(kind: type) -> list[str]:
    """Return the names of the columns that every table of `kind` has."""
    return list(_columns(kind))


def _columns(kind: type) -> dict[str, _Column]:
    """Return the columns that every table has: all fields but one that is spread, which is the last of its record."""
    return {name: _column(hint) for name, hint in type_hints(kind).items() if not _is_mapping(hint)}


def _spread_field(kind: type) -> str | None:
    return next((name for name, hint in type_hints(kind).items() if _is_mapping(hint)), None)


def _is_mapping(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _gathered(table: pa.Table) -> list[dict[str, float]]:
    """Return each row's numbers in spread columns; one without a number is left out."""
    columns = {name: table.column(name).to_pylist() for name in table.column_names if SPREAD in name}
    return [
        {name: own[index] for name, own in columns.items() if own[index] is not None} for index in range(table.num_rows)
    ]


def _column(hint: Any) -> _Column:
    alternatives = get_args(hint) if type(None) in get_args(hint) else ()
    known = [each for each in alternatives if each is not type(None)]
    return _Column(known[0] if known else hint, bool(known))


def _check(path: Path, table: pa.Table, kind: type, columns: dict[str, _Column]) -> None:
    """Raise InputError where a column is missing, unknown, of another type, or has gaps that its field may not have."""
    wrong = [f"the column {name} is missing" for name in columns if name not in table.column_names]
    is_spread = _spread_field(kind) is not None
    further = [name for name in table.column_names if name not in columns]
    wrong += [f"the column {name} is unknown" for name in further if not (is_spread and SPREAD in name)]
    wrong += [
        f"the column {name} holds {table.schema.field(name).type}; expected double"
        for name in (() if wrong else further)
        if str(table.schema.field(name).type) != "double"
    ]
    wrong += [
        f"the column {field.name} holds {table.schema.field(field.name).type}; expected {field.type}"
        for field in (() if wrong else schema_of(kind))
        if table.schema.field(field.name).type != field.type
    ]
    wrong += [
        f"the column {name} has gaps"
        for name, column in (() if wrong else columns.items())
        if not column.optional and table.column(name).null_count
    ]
    if wrong:
        raise InputError(f"{path}: {wrong[0]}; expected a table that this version of simnet writes")


def _restored(column: _Column, values: list[Any]) -> list[Any]:
    if _is_enum(column.kind):
        return [column.kind(value) for value in values]
    if get_origin(column.kind) is tuple:
        return [tuple(value) for value in values]
    return values


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)
