"""Tables of a record's fields: name, type and meaning, from its source."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

from markdown_text import cell, code

MARK = re.compile(r"^<!-- fields of ([\w.]+):(\w+) -->$", re.MULTILINE)


def filled(markdown: str) -> str:
    """Return a page in which every mark has become the table of its record."""
    return MARK.sub(lambda match: _table(match[1], match[2]), markdown)


def _table(module: str, name: str) -> str:
    record = getattr(importlib.import_module(module), name)
    body = ast.parse(inspect.getsource(record)).body[0].body
    rows = []
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign):
            meaning = following.value.value if _is_text(following) else ""
            rows.append(
                f"| {code(ast.unparse(statement.target))} | {code(ast.unparse(statement.annotation))} | {cell(meaning)} |"
            )
    return "\n".join(["| column | type | meaning |", "|---|---|---|", *rows])


def _is_text(statement: ast.stmt | None) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
