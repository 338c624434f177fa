"""Digests of code: what changes them, what does not, and which modules a sweep's cell and the store's entries depend on."""

from __future__ import annotations

import ast
import itertools
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import simnet
from simnet import source_digest, world
from simnet.codec import registry
from simnet.source_digest import SourceTree
from simnet.sweeps import cell_identity

CELL = (
    *cell_identity.ROOTS,
    *sorted({module for name in [*registry.names(), "jpeg+fuse", "recorded"] for module in registry.modules_of(name)}),
    *sorted(set(world.MODULES.values())),
)
"""What cells with every codec and every world depend on."""
SMALL = {
    "__init__": "",
    "a": "'''A.'''\nfrom typing import TYPE_CHECKING\nfrom p.b import f\nif TYPE_CHECKING:\n    import p.types_only\nx = 1\n",
    "b": "def f():\n    '''F.'''\n    from . import late\n    return late.x\n",
    "late": "x: int = 2\n'''About x.'''\nimport numpy as np, json, PIL.Image\n",
    "types_only": "x = 1\n",
    "other": "x = 1\n",
    "room.__init__": "import p.executed\ndef front():\n    import p.other\n",
    "room.inside": "from ..room import sibling\n",
    "room.sibling": "class C:\n    '''C.'''\n",
    "executed": "",
}


def write(folder: Path, modules: Mapping[str, str]) -> SourceTree:
    for name, text in modules.items():
        file = folder / "p" / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return SourceTree(folder / "p", "p")


@pytest.fixture(scope="module")
def tree() -> SourceTree:
    return SourceTree(Path(simnet.__file__).parent, "simnet")


@pytest.fixture
def small(tmp_path: Path) -> SourceTree:
    return write(tmp_path, SMALL)


def test_closure_follows_late_imports_but_not_those_for_types(small: SourceTree) -> None:
    assert small.closure(["p.a"]) == {"p", "p.a", "p.b", "p.late"}
    assert small.packages(["p.a"]) == {"numpy", "PIL"}


def test_parent_package_is_executed_and_not_called(small: SourceTree) -> None:
    assert small.closure(["p.room.inside"]) == {"p", "p.room", "p.room.inside", "p.room.sibling", "p.executed"}


def test_package_as_root_stands_for_all_its_modules(small: SourceTree) -> None:
    assert small.closure(["p.room"]) == small.closure(["p.room.inside"]) | {"p.other"}


def test_missing_root_is_an_error(small: SourceTree) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"p\.nowhere"):
        small.digest(["p.nowhere"])


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("a", "A.", "Anything else."),
        ("a", "x = 1", "x  =  (1)  # one"),
        ("a", "p.types_only", "p.other"),
        ("b", "F.", "G.\n\n    More of it.\n    "),
        ("late", "About x.", "X."),
        ("types_only", "1", "2"),
    ],
)
def test_comments_docstrings_and_types_change_nothing(
    small: SourceTree, tmp_path: Path, module: str, old: str, new: str
):
    before = small.digest(["p.a"])
    write(tmp_path, {module: SMALL[module].replace(old, new)})
    assert small.digest(["p.a"]) == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("a", "x = 1", "x = 1.0"),
        ("a", "x = 1", "x = '1'"),
        ("a", "x = 1", "y = 1"),
        ("a", "x = 1", "x = 1\nif not TYPE_CHECKING:\n    x = 2"),
        ("b", "return late.x", "return -late.x"),
        ("late", "2", "3"),
        ("late", "json", "csv"),
    ],
)
def test_code_changes_the_digest(small: SourceTree, tmp_path: Path, module: str, old: str, new: str) -> None:
    before = small.digest(["p.a"])
    write(tmp_path, {module: SMALL[module].replace(old, new)})
    assert small.digest(["p.a"]) != before


def test_library_version_changes_the_digest(small: SourceTree, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {root: small.digest([root]) for root in ("p.a", "p.room")}
    monkeypatch.setattr(source_digest, "version", lambda package: "99" if package == "numpy" else "1")
    assert small.digest(["p.a"]) != before["p.a"]
    assert small.digest(["p.room"]) == before["p.room"]


def test_every_library_that_is_imported_has_a_version(tree: SourceTree) -> None:
    unknown = {each for each in tree.packages(CELL) if source_digest.version(each) == "not installed"}
    assert unknown == set()


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copied") / "simnet"
    shutil.copytree(
        Path(simnet.__file__).parent, folder, ignore=lambda _, names: [n for n in names if n == "__pycache__"]
    )
    return folder


def modules(folder: Path) -> dict[str, Path]:
    found = {}
    for file in sorted(folder.rglob("*.py")):
        parts = ("simnet", *file.relative_to(folder).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def test_every_reachable_module_and_no_other_changes_the_digest(copied: Path) -> None:
    tree, files = SourceTree(copied, "simnet"), modules(copied)
    digests = [tree.digest(CELL)]
    reached = tree.closure(CELL)
    for name in {*files} - reached:
        files[name].write_text(files[name].read_text() + "\nedited = True\n")
    for name in reached:
        text = files[name].read_text()
        files[name].write_text("# A comment.\n" + text.replace('"""', '"""Edited. ', 1))
    assert tree.digest(CELL) == digests[0]
    for name in sorted(reached):
        files[name].write_text(files[name].read_text() + "\nedited = True\n")
        digests.append(tree.digest(CELL))
    same = [name for name, (one, two) in zip(sorted(reached), itertools.pairwise(digests), strict=True) if one == two]
    assert same == []


def test_cell_does_not_depend_on_session_telemetry_or_pages(tree: SourceTree) -> None:
    reached = tree.closure(CELL)
    rooms = (
        "report",
        "dashboard",
        "exports",
        "commands",
        "api",
        "console",
        "cli",
        "learn",
        "scenario",
        "sweeps",
        "store",
    )
    others = ("engine.session", "engine.runner", "engine.results.run_telemetry", "wire.telemetry", "wire.sockets")
    unwanted = [f"simnet.{each}" for each in (*rooms, *others)]
    assert [name for name in reached if any(name == each or name.startswith(f"{each}.") for each in unwanted)] == []


def test_cell_depends_on_the_codec_and_world_it_names(tree: SourceTree) -> None:
    reached = tree.closure([*cell_identity.ROOTS, *registry.modules_of("jpeg"), world.module_of("pictures")])
    assert {"simnet.plugins", "simnet.shipped", "simnet.codec.still.pillow_codecs"} <= reached
    assert not [name for name in reached if name.startswith(("simnet.world.rendering", "simnet.codec.video"))]
    assert "simnet.codec.learned.side_fusion" not in reached
    assert "simnet.codec.learned.side_fusion" in tree.closure(registry.modules_of("jpeg+fuse"))


def test_store_entries_depend_on_what_makes_them(tree: SourceTree) -> None:
    cached = "simnet.engine.cached"
    scores = tree.closure([f"{cached}.cached_scores"])
    frames = tree.closure([f"{cached}.originals", world.module_of("rendered")])
    pictures = tree.closure([f"{cached}.decodings", *registry.modules_of("hevc")])
    assert "simnet.quality" in scores
    assert "simnet.world.rendering.renderer" in frames
    assert {"simnet.codec.video.libav", "simnet.codec.bitstream.framing"} <= pictures
    for reached, foreign in (
        (scores, ("simnet.codec", "simnet.world", "simnet.net")),
        (frames, ("simnet.codec", "simnet.net", "simnet.nodes")),
        (pictures, ("simnet.world", "simnet.net", "simnet.nodes", "simnet.codec.still")),
    ):
        assert [name for name in reached if name.startswith(foreign)] == []


def test_modules_that_are_imported_by_name_are_roots(tree: SourceTree) -> None:
    files = modules(Path(simnet.__file__).parent)
    by_name = {
        "simnet.codec.registry",
        "simnet.codec.identity",
        "simnet.world",
        "simnet.codec.bitstream.entropy_library",
        # Looks for models that a user names beside a foreign stream; a cell has no such streams.
        "simnet.codec.permitted_models",
    }
    # Opens networks of others by a module that is a root of every codec of others.
    by_name |= {"simnet.codec.plugin_codecs"}
    # A GPU's backend is a root of every codec while it computes (`compute_device.modules`); the others are torch and onnx.
    by_name |= {"simnet.compute_device", "simnet.codec.learned.inference"}
    # Readers of drives say what a scenario's nodes are, which count themselves; worlds import what they play.
    by_name |= {"simnet.drives"}
    by_name |= {"simnet", "simnet.plugins", "simnet.serial_imports"}
    reached = tree.closure(CELL)
    found = {
        name
        for name in reached
        for node in ast.walk(ast.parse(files[name].read_bytes()))
        if (isinstance(node, ast.Attribute) and node.attr in {"import_module", "__import__", "find_spec"})
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "imported")
    }
    assert found <= by_name, (
        "its modules are not seen: add them to the roots of whoever imports them, and it to this list"
    )
    assert {*registry.FAMILIES, *world.MODULES.values()} <= {*CELL}
