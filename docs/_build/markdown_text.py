"""Text as Markdown that stays what it is inside a table."""

from __future__ import annotations

import re


def code(text: object) -> str:
    """Return code; a vertical bar would end a table's cell."""
    return f"<code>{_escaped(str(text))}</code>" if "|" in str(text) else f"`{text}`"


def cell(text: str) -> str:
    """Return text for one cell of a table: in one line, with nothing in it that is taken for Markdown or HTML."""
    return re.sub(r"([*_\[\]])", r"\\\1", _escaped(" ".join(text.split())))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
