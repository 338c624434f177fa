"""Tables on the terminal whose cells are never cut: what does not fit beside each other goes below, with its names again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

GAP = 2
"""Spaces between two columns."""


def parts(widths: Sequence[int], room: int) -> list[list[int]]:
    """Return the columns of each table: the first column of names, and as many of the others in order as fit into `room`."""
    found: list[list[int]] = []
    used = room + 1
    for column in range(1, len(widths)):
        wide = GAP + widths[column]
        if used + wide > room:
            found.append([0])
            used = widths[0]
        found[-1].append(column)
        used += wide
    return found or [[0]]


def show(
    console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]], left: frozenset[int] = frozenset()
) -> None:
    """Print a table; numbers stand right, the first column and those of `left` stand left."""
    from rich.cells import cell_len
    from rich.text import Text

    widths = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)]
    for columns in parts(widths, console.width):
        for number, row in enumerate((titles, *rows)):
            cells = []
            for column in columns:
                space = " " * (widths[column] - cell_len(row[column]))
                cells.append(f"{row[column]}{space}" if column == 0 or column in left else f"{space}{row[column]}")
            line = (" " * GAP).join(cells).rstrip()
            # Wrapped by the terminal, if it must be: rich would cut.
            console.print(Text(line, style="" if number else "bold"), soft_wrap=True)
