"""Packages that are installed for a test: a module and what its entry points say."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simnet import plugins

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package: (module name, its source, entry points by group: "codecs", "worlds", "rates") -> folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made: list[str] = []

    def put(module: str, source: str, version: str = "1.0", **groups: str) -> Path:
        (folder / f"{module}.py").write_text(source)
        about = folder / f"{module}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: {version}\n")
        (about / "entry_points.txt").write_text(
            "".join(f"[simnet.{group}]\n{text}\n" for group, text in groups.items())
        )
        made.append(module)
        _forget()
        return folder

    yield put
    for module in made:
        sys.modules.pop(module, None)
    _forget()


def _forget() -> None:
    from simnet.codec import plugin_codecs
    from simnet.nodes import plugin_rate

    for cached in (plugins._installed, plugins._identity, plugin_codecs.family, plugin_rate.find):
        cached.cache_clear()
