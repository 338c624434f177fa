"""Codecs in a file of the user's: `./mine.py:Codec`. A scenario that names one runs code of it, so the user must allow that.

    --allow-code, allow_code=True, SIMNET_ALLOW_CODE=1 ──▶ allowed ──▶ CodeFile.load ──▶ the class
    nothing of these ─────────────────────────────────────▶ refused by name, nothing is imported

The environment variable hands the permission on to a run's own processes; on other machines each host is told by itself.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simnet import codec_names
from simnet.errors import ModelError, PluginError

VARIABLE = "SIMNET_ALLOW_CODE"
_NAME = re.compile(r"(?P<path>.*\.py):(?P<target>[A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One class or object in a Python file."""

    path: Path
    target: str

    @property
    def name(self) -> str:
        """Name without the folder, the same on every machine: `mine.py:Codec`."""
        return f"{self.path.name}:{self.target}"

    def __str__(self) -> str:
        """Return the name for error messages."""
        return f"codec {self.path}:{self.target}"

    def identity(self) -> str:
        """Return a digest (16 hexadecimal digits) of the file; ModelError if it cannot be read."""
        try:
            if not self.path.is_file():
                raise ModelError(f"{self}: no such file; expected a Python file with the class {self.target}")
            return hashlib.sha256(self.path.read_bytes()).hexdigest()[:16]
        except OSError as error:
            raise ModelError(f"{self}: {error.strerror}; expected a file that can be read") from error

    def load(self) -> Any:
        """Import the file and return what it calls `target`.

        Raises:
            ModelError: The user has not allowed code, or there is no such file.
            PluginError: The file cannot be imported, or has no such name.
        """
        check_allowed(self.name)
        digest = self.identity()
        name = f"simnet_code_{self.path.stem}_{digest}"
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, self.path)
            if spec is None or spec.loader is None:
                raise PluginError(f"{self}: cannot be imported; expected a Python file")
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except Exception as error:
                del sys.modules[name]
                reason = " ".join(str(error).split())[:200]
                line = _line(error, self.path)
                raise PluginError(
                    f"{self}: cannot be imported ({type(error).__name__}: {reason}{line}); expected a file that imports by itself"
                ) from error
        found = getattr(sys.modules[name], self.target, None)
        if found is None:
            raise PluginError(f"{self}: the file has no {self.target}; expected a class of that name")
        return found


def parse(name: str) -> CodeFile | None:
    """Return the file that a codec's name says; None if it is the name of a codec."""
    found = _NAME.fullmatch(name)
    return CodeFile(Path(found["path"]), found["target"]) if found else None


def located(name: str) -> str:
    """Return a codec's name whose file, if it is one of code, is relative to the current folder, with the file's whole path."""
    bare = codec_names.bare(name)
    found = parse(bare)
    return name if found is None else f"{found.path.expanduser().absolute()}:{found.target}{name[len(bare) :]}"


def is_allowed() -> bool:
    """Return whether code that scenarios name may run in this process."""
    return os.environ.get(VARIABLE) == "1"


def check_allowed(name: str, host: str = "") -> None:
    """Raise ModelError unless code may run, on a `host` of a run if that is where; nothing of the file is read before."""
    if not is_allowed():
        where, when = (f"{host}: ", "there") if host else ("", "here")
        raise ModelError(
            f"{where}codec {name}: code that would run {when}; expected --allow-code {when} if you trust it"
        )


@contextmanager
def permission(*, given: bool = True) -> Iterator[None]:
    """Allow code inside the block, in this process and those that it starts; if not `given`, all stays as it is."""
    before = os.environ.get(VARIABLE)
    if given:
        os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        if given:
            if before is None:
                os.environ.pop(VARIABLE, None)
            else:
                os.environ[VARIABLE] = before


def _line(error: BaseException, path: Path) -> str:
    """Return the line of the file where an error came up."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    trace, found = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            found = f", line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
