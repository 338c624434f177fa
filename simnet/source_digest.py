"""Digest of the code that some modules run: the closure of their imports, without comments and docstrings.

    roots ──▶ modules that they import ──▶ ... ──▶ syntax trees + versions of other packages ──▶ digest

Rows of a sweep's cell and entries of the store are named by such digests, so they are made anew when code changes that
they come from, and by no other edit.

- Imports inside functions count. Imports under `if TYPE_CHECKING` do not: they compute nothing.
- A module that is imported by a name in a string is not seen. Whoever imports so hands its name in as a root.
- Importing `a.b` executes `a/__init__.py` but calls nothing in it: its text counts, imports inside its functions do not.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = "simnet"
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
    "prometheus_client": "prometheus-client",
}
"""Distributions that are not called as what is imported from them."""


@cache
def digest(*roots: str) -> str:
    """Return the digest (64 hexadecimal digits) of the code that `roots`, modules or packages of simnet, run.

    It is that of the files as they are when it is first asked for: later edits change nothing in a process that has
    imported them.
    """
    return _own().digest(roots)


@cache
def version(package: str) -> str:
    """Return the version of a package that is imported as `package`, or that it is not installed."""
    try:
        return metadata.version(DISTRIBUTIONS.get(package, package))
    except metadata.PackageNotFoundError:
        return "not installed"


@cache
def _own() -> SourceTree:
    return SourceTree(Path(__file__).parent, PACKAGE)


@dataclass(slots=True)
class _Source:
    """What counts of a module: its text, and what it imports when it is executed and when it is called."""

    stamp: tuple[int, int] = (0, 0)
    """Size and time of change of the file that this was read from."""
    text: list[str] = field(default_factory=list[str])
    digest: str = ""
    executed: set[str] = field(default_factory=set[str])
    called: set[str] = field(default_factory=set[str])
    """Names of modules, or of what is in them."""


class SourceTree:
    """The modules of one package below one folder; each file is parsed once, until it changes."""

    def __init__(self, folder: Path, package: str) -> None:
        """Read nothing yet; `folder` is that of the package's own `__init__.py`."""
        self._folder, self._package = folder, package
        self._sources: dict[str, _Source] = {}

    def digest(self, roots: Iterable[str]) -> str:
        """Return the digest of the closure of `roots` and of the versions of other packages that it imports."""
        sources = self._reached(roots)
        whole = hashlib.sha256()
        for name in sorted(sources):
            whole.update(f"{name} {sources[name].digest}\n".encode())
        for package in sorted(self._others(sources)):
            whole.update(f"{package}=={version(package)}\n".encode())
        return whole.hexdigest()

    def closure(self, roots: Iterable[str]) -> frozenset[str]:
        """Return the names of all modules that `roots` run; a root that is a package stands for all modules in it.

        Raises:
            ModuleNotFoundError: A root that is not there.
        """
        return frozenset(self._reached(roots))

    def packages(self, roots: Iterable[str]) -> frozenset[str]:
        """Return the names, as imported, of the packages outside this one and the standard library that `roots` import."""
        return frozenset(self._others(self._reached(roots)))

    def path(self, name: str) -> Path | None:
        """Return the file of a module; None if there is no such module."""
        own, *parts = name.split(".")
        if own != self._package:
            return None
        place = self._folder.joinpath(*parts)
        files = (place / "__init__.py", place.with_suffix(".py")) if parts else (place / "__init__.py",)
        return next((file for file in files if file.is_file()), None)

    def _reached(self, roots: Iterable[str]) -> dict[str, _Source]:
        sources: dict[str, _Source] = {}
        called: set[str] = set()
        waiting = [(name, True) for root in roots for name in self._modules(root)]
        while waiting:
            name, is_called = waiting.pop()
            if name in called or (name in sources and not is_called):
                continue
            source = sources[name] = self._read(name)
            imported = source.executed
            if is_called:
                called.add(name)
                imported = source.executed | source.called
            waiting += [(each, True) for each in imported if self._is_own(each)]
            waiting += [
                (parent, False) for each in (name, *imported) if self._is_own(each) for parent in _parents(each)
            ]
        return sources

    def _modules(self, root: str) -> list[str]:
        """Return a root's module, or all modules of a root that is a package."""
        file = self.path(root)
        if file is None:
            raise ModuleNotFoundError(f"{root}: no such module in {self._folder}", name=root)
        if file.name != "__init__.py" or root == self._package:
            return [root]
        inside = (each.relative_to(file.parent).with_suffix("").parts for each in file.parent.rglob("*.py"))
        return [".".join((root, *(part for part in parts if part != "__init__"))) for parts in inside]

    def _others(self, sources: dict[str, _Source]) -> set[str]:
        imported = {each.partition(".")[0] for source in sources.values() for each in source.executed | source.called}
        return {each for each in imported - {self._package} if each not in sys.stdlib_module_names}

    def _is_own(self, name: str) -> bool:
        return name.partition(".")[0] == self._package

    def _read(self, name: str) -> _Source:
        file = self.path(name)
        if file is None:
            raise ModuleNotFoundError(f"{name}: no such module in {self._folder}", name=name)
        status = file.stat()
        stamp = status.st_size, status.st_mtime_ns
        known = self._sources.get(name)
        if known is not None and known.stamp == stamp:
            return known
        source = _Source(stamp)
        _collect(ast.parse(file.read_bytes(), str(file)), source, is_called=False)
        source.digest = hashlib.sha256("\0".join(source.text).encode()).hexdigest()
        source.text.clear()
        base = name if file.name == "__init__.py" else name.rpartition(".")[0]
        source.executed = set(self._resolved(source.executed, base))
        source.called = set(self._resolved(source.called, base))
        self._sources[name] = source
        return source

    def _resolved(self, names: set[str], base: str) -> Iterator[str]:
        """Yield the modules of `names`: `a.b`, `a.b:c` for c from a.b, with a leading dot a level where it is relative."""
        for name in names:
            module, _, member = name.partition(":")
            if module.startswith("."):
                bare = module.lstrip(".")
                above = base.split(".")[: len(base.split(".")) - (len(module) - len(bare)) + 1]
                module = ".".join((*above, bare) if bare else above)
            if not self._is_own(module):
                yield module
            elif member and self.path(f"{module}.{member}") is not None:
                yield f"{module}.{member}"
            elif self.path(module) is not None:
                yield module


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _collect(node: ast.AST, source: _Source, *, is_called: bool) -> None:
    """Add what a syntax tree says, and what it imports, to `source`; docstrings and imports for types are left out."""
    if isinstance(node, ast.Import):
        (source.called if is_called else source.executed).update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        (source.called if is_called else source.executed).update(f"{module}:{alias.name}" for alias in node.names)
    is_called = is_called or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    source.text.append(type(node).__name__)
    for name in node._fields:
        value: object = getattr(node, name, None)
        if value is None or value == []:
            continue  # what is empty is left out, as some versions of Python have fields that others lack
        source.text.append(name)
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        for each in items:
            if isinstance(each, ast.If) and _is_for_types(each.test):
                for other in each.orelse:
                    _collect(other, source, is_called=is_called)
            elif isinstance(each, ast.AST):
                if not _is_docstring(each):
                    _collect(each, source, is_called=is_called)
            else:
                source.text.append(repr(each))
    source.text.append(")")


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_for_types(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"
