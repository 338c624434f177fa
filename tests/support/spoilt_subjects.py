"""Subjects of a conformance suite that are wrong in one thing each."""

from collections.abc import Callable
from typing import Any

import pytest


def each_fails(checks: tuple[Callable[..., None], ...], bad: dict[str, Any], check: Callable[[Any], None]) -> None:
    """Check that there is a subject for each check, by its name, and that it fails that one."""
    assert [each.__name__ for each in checks] == list(bad)
    for name, subject in bad.items():
        with pytest.raises(AssertionError, match=f"^{name}: .*(expected|raises)"):
            check(subject)
