"""Timeouts of searches."""

import pytest

from fuzz import harness


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A search takes the seconds that were asked for, and its process the time to open and to shrink."""
    for item in items:
        if item.path.parent == harness.HERE:
            item.add_marker(pytest.mark.timeout(harness.SECONDS + harness.OPENING_S + 60))
