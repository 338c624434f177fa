"""A journal is one process's, on Windows too, whose locks are stood in for here."""

import fcntl
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from simnet.engine.recovery import exclusive_file
from simnet.engine.recovery.write_ahead_log import WriteAheadLog
from simnet.errors import InputError


def test_second_writer_of_a_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    first = WriteAheadLog(tmp_path / "journal" / "log")
    with pytest.raises(InputError, match="still going on"):
        WriteAheadLog(tmp_path / "journal" / "log")
    first.append(b"one")
    first.close()
    again = WriteAheadLog(tmp_path / "journal" / "log")
    assert [record for _, record in again.scan()] == [b"one"]
    again.close()


def test_windows_locks_a_byte_behind_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked: list[tuple[int, int]] = []

    def locking(number: int, mode: int, size: int) -> None:
        if locked:
            raise PermissionError(13, "Permission denied")
        locked.append((mode, size))

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    windows = importlib.reload(exclusive_file)
    try:
        with (tmp_path / "log").open("x+b", buffering=0) as file:
            windows.lock(file)
            assert locked == [(2, 1)]
            assert file.tell() == 1 << 40
            with pytest.raises(BlockingIOError):
                windows.lock(file)
    finally:
        monkeypatch.undo()
        assert importlib.reload(exclusive_file).fcntl is fcntl
