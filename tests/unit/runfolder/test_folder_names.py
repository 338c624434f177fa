"""The format of run folders stands in one room: nobody else spells its names."""

import ast
from pathlib import Path

import simnet
from simnet.runfolder import folder_names

NAMES = {
    value
    for name, value in vars(folder_names).items()
    if name.isupper() and isinstance(value, str) and name not in {"PICTURES", "CELLS", "POINTS"}
}
"""Three of them are words that other tables and commands use too."""
ROOT = Path(simnet.__file__).parent


def test_names_of_files_are_spelled_in_runfolder_alone() -> None:
    spelled = [
        f"{file.relative_to(ROOT)}: {node.value}"
        for file in ROOT.rglob("*.py")
        if file.parent.name != "runfolder" and file.name != "table_files.py"  # LaTeX gives "~" a meaning of its own
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and (node.value in NAMES or node.value == "~")
    ]
    assert spelled == []


def test_stream_folder_has_no_separator() -> None:
    assert folder_names.stream_folder("car/front") == "car~front"
