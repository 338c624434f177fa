"""A sweep whose answers are known by hand, made once."""

import shutil
from pathlib import Path

import pytest

from support import sweep_folders as made


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two codecs at four bandwidths, three seeds, with pictures."""
    return made.sweep(tmp_path_factory.mktemp("sweep"), pictures=True)


@pytest.fixture
def changed(whole: Path, tmp_path: Path) -> Path:
    """A copy of the sweep to take things from."""
    return shutil.copytree(whole, tmp_path / "sweep")
