"""Names tell modules, classes and files of tests apart."""

import ast
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from support.places import ROOT


def repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def classes(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def test_no_two_modules_share_a_file_name() -> None:
    """Commands are named as they are typed."""
    rooms = [file for file in (ROOT / "simnet").rglob("*.py") if file.parent.name != "commands"]
    assert rooms
    assert repeated(file.name for file in rooms if not file.name.startswith("__")) == []


def test_no_two_test_files_share_a_file_name() -> None:
    files = list((ROOT / "tests").rglob("test_*.py"))
    assert files
    assert repeated(file.name for file in files) == []


def test_no_two_classes_share_a_name() -> None:
    found = [name for file in (ROOT / "simnet").rglob("*.py") for name in classes(file)]
    assert found
    assert repeated(found) == []
