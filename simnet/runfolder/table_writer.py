"""A table of records that is written in parts, so that nobody holds all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from simnet.output_files import PartialFile
from simnet.runfolder.record_tables import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray
    from pyarrow import parquet

    Column = Sequence[Any] | NDArray[Any]


class TableWriter:
    """Writes one table; a context that ends without `close` removes it."""

    def __init__(self, path: Path, kind: type) -> None:
        """Write records of the dataclass `kind` to `path`; no file is made before the first part."""
        self._file, self._kind = PartialFile(path), kind
        self._schema: pa.Schema | None = None
        self._writer: parquet.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._file.drop(self._writer)

    def write(self, columns: Mapping[str, Column]) -> None:
        """Write records as columns, one for each field, in any order. The first part says which columns are spread.

        Raises:
            OutputError: The file cannot be written.
        """
        import pyarrow as pa

        if self._schema is None:
            self._schema = schema_of(self._kind, columns)
        table = pa.Table.from_pydict(dict(columns), self._schema)
        with self._file.telling():
            self._opened(self._schema).write_table(table)

    def close(self) -> None:
        """Give the file its name: it is whole, even without a record.

        Raises:
            OutputError: The file cannot be written.
        """
        with self._file.telling():
            self._opened(self._schema or schema_of(self._kind)).close()
        self._file.keep()
        self._writer = None

    def _opened(self, schema: pa.Schema) -> parquet.ParquetWriter:
        from pyarrow import parquet

        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._file.partial, schema)
        return self._writer
