"""Tables as LaTeX (booktabs) and as CSV.

A table of a page has text cells: `-12.3 % (-15.1 to -9.8)`. In CSV a column of such cells becomes numbers, its unit goes into the
title, and the ends of intervals get columns of their own. LaTeX keeps the text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from simnet.report.formatting import MISSING
from simnet.report.run_tables import Bar, Table

_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_CELL = re.compile(
    rf"(?P<value>{_NUMBER})(?: (?P<unit>[^\W\d]\S*|%))?"
    rf"(?: \((?P<low>{_NUMBER}) to (?P<high>{_NUMBER})\)| ± (?P<half>{_NUMBER}))?"
)
_RANGE = re.compile(rf"(?P<low>{_NUMBER}) to (?P<high>{_NUMBER})(?: (?P<unit>[^\W\d]\S*))?(?: \((?P<share>\d+) %\))?")
_PLAIN = {"\N{NARROW NO-BREAK SPACE}": "", "\N{NO-BREAK SPACE}": " ", "\N{MINUS SIGN}": "-"}
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "±": r"$\pm$", "≤": r"$\leq$", "≥": r"$\geq$", "→": r"$\rightarrow$", "\N{MULTIPLICATION SIGN}": r"$\times$",
    "∞": r"$\infty$", "…": r"\ldots{}",
    "\N{MINUS SIGN}": "$-$",
    "\N{NARROW NO-BREAK SPACE}": r"\,", "\N{NO-BREAK SPACE}": "~",
}  # fmt: skip
_SIGNED = re.compile(r"(?<![\w.])-(?=\d)")
LONG = 40
"""Length of a cell from which its column is a paragraph that LaTeX breaks into lines."""


def latex(table: Table, label: str) -> str:
    r"""Return a `table` environment with `\caption` and `\label{tab:...}`, shrunk to the line's width if it is wider."""
    texts = [[_text(cell) for cell in row] for row in table.rows]
    columns = "".join(_alignment(table, index, [row[index] for row in texts]) for index in range(len(table.columns)))
    lines = [
        "% Needs \\usepackage{booktabs,graphicx}.",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{escaped(table.caption)}}}",
        f"\\label{{tab:{label}}}",
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%",
        f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        "\\toprule",
        f"{' & '.join(map(escaped, table.columns))} \\\\",
        "\\midrule",
        *(f"{' & '.join(map(escaped, row))} \\\\" for row in texts),
        "\\bottomrule",
        "\\end{tabular}}",
    ]
    if table.note:
        lines.append(f"\\par\\smallskip\\parbox{{\\linewidth}}{{\\footnotesize {escaped(table.note.strip())}}}")
    return "\n".join([*lines, "\\end{table}", ""])


def escaped(text: str) -> str:
    """Return text for LaTeX, with true minus signs before numbers."""
    return _SIGNED.sub("$-$", "".join(_LATEX.get(letter, letter) for letter in " ".join(text.splitlines())))


def comma_separated(table: Table) -> str:
    """Return the table as CSV, with numbers where a column has them; a missing value is an empty field."""
    titles: list[str] = []
    columns: list[list[str]] = []
    for index, title in enumerate(table.columns):
        cells = [_plain(_text(row[index])) for row in table.rows]
        # What has the same title several times belongs to the column before it.
        own = title if table.columns.count(title) == 1 else f"{table.columns[index - 1]}, {title}"
        for name, values in _columns(own, cells):
            titles.append(name)
            columns.append(values)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def _columns(title: str, cells: Sequence[str]) -> list[tuple[str, list[str]]]:
    if ranges := _ranges(title, cells):
        return ranges
    found = [_CELL.fullmatch(cell) if cell else None for cell in cells]
    units = {match["unit"] or "" for match in found if match}
    if len(units) != 1 or any(cell and not match for cell, match in zip(cells, found, strict=True)):
        return [(title, list(cells))]
    unit = units.pop()
    name = title if not unit or unit in re.split(r"[ ,]+", title) else f"{title}, {unit}"
    made = [(name, [match["value"].removeprefix("+") if match else "" for match in found])]
    if any(match and (match["low"] or match["half"]) for match in found):
        ends = [_ends(match) if match else ("", "") for match in found]
        made += [(f"{name}, low", [low for low, _ in ends]), (f"{name}, high", [high for _, high in ends])]
    return made


def _ranges(title: str, cells: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the ends of ranges such as `27.0 to 33.0 dB (62 %)` as columns; nothing unless all cells are ranges of one unit."""
    found = [_RANGE.fullmatch(cell) if cell else None for cell in cells]
    units = {match["unit"] or "" for match in found if match}
    if len(units) != 1 or any(cell and not match for cell, match in zip(cells, found, strict=True)):
        return []
    name = ", ".join(filter(None, (title, units.pop())))
    made = [(f"{name}, {end}", [match[end] if match else "" for match in found]) for end in ("low", "high")]
    if any(match and match["share"] for match in found):
        made.append((f"{title}, share, %", [(match["share"] or "100") if match else "" for match in found]))
    return made


def _ends(match: re.Match[str]) -> tuple[str, str]:
    if match["low"]:
        return match["low"].removeprefix("+"), match["high"].removeprefix("+")
    if not match["half"]:
        return "", ""
    value, half = float(match["value"]), float(match["half"])
    digits = max(len(text.partition(".")[2]) for text in (match["value"], match["half"]))
    return f"{value - half:.{digits}f}", f"{value + half:.{digits}f}"


def _text(cell: str | Bar) -> str:
    return cell.text if isinstance(cell, Bar) else cell


def _plain(text: str) -> str:
    for letter, instead in _PLAIN.items():
        text = text.replace(letter, instead)
    return "" if text == MISSING else text


def _alignment(table: Table, index: int, cells: Sequence[str]) -> str:
    if max(map(len, cells), default=0) > LONG:
        return "p{0.6\\linewidth}" if len(table.columns) > 1 else "p{\\linewidth}"
    return "l" if index == 0 or table.columns[index] in table.words else "r"
