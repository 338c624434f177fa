"""`simnet cache` and `simnet completion`."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from simnet import cli
from simnet.commands import completion
from simnet.store import Store


def test_cache_shows_its_size_and_is_cleared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "store"
    with closing(Store(folder, 10**7)) as store:
        store.put("bits", "a", b"x" * 1000)
        store.put("pixels", "b", b"x" * 200_000)
    assert cli.main(["cache", "--cache", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(part["part"], part["entries"]) for part in shown["parts"]] == [("records", 1), ("pixels", 1)]
    assert sum(part["limit_bytes"] for part in shown["parts"]) == 10**7
    assert shown["bytes"] > 200_000
    assert cli.main(["cache", "--cache", str(folder), "--clear"]) == 0
    assert "cleared" in capsys.readouterr().out
    with closing(Store(folder, None)) as store:
        assert [part.entries for part in store.usage()] == [0, 0]
        assert store.get("bits", "a") is None


def test_cache_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "none"
    assert cli.main(["cache", "--cache", str(folder), "--clear"]) == 0
    assert capsys.readouterr().out == f"{folder}: cleared: 0 B\n"
    assert not folder.exists()


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_completion_knows_commands_and_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "dashboard" in script
    assert "resume" in script
    if shell in {"bash", "zsh"}:
        assert "vehicle_platoon" in script
        assert "hevc-intra" in script
