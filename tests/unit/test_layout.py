"""Names of files tell modules and tests apart."""

from collections import Counter
from pathlib import Path

from support.places import ROOT


def repeated(files: list[Path]) -> list[str]:
    return [name for name, count in Counter(file.name for file in files).items() if count > 1]


def test_no_two_modules_share_a_file_name() -> None:
    """Commands are named as they are typed."""
    rooms = [file for file in (ROOT / "simnet").rglob("*.py") if file.parent.name != "commands"]
    assert rooms
    assert repeated([file for file in rooms if not file.name.startswith("__")]) == []


def test_no_two_test_files_share_a_file_name() -> None:
    files = list((ROOT / "tests").rglob("test_*.py"))
    assert files
    assert repeated(files) == []
