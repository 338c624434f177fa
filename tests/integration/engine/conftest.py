"""Fixtures of the engine tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simnet.store import Store
from support.lying_hosts import lied_to
from support.tiny_runs import pictures, run, tiny


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = Store(tmp_path / "cache")
    yield opened
    opened.close()
