"""Suggestions for misspelt names: the known name that is closest."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def near(name: object, known: Iterable[str]) -> str:
    """Return ' (did you mean ...?)' if a known name is close to `name`, else an empty text."""
    names = {each.casefold(): each for each in reversed(list(known))}
    close = difflib.get_close_matches(str(name).casefold(), list(names), n=1)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""
