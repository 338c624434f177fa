"""Import of CompressAI's entropy bottleneck, layers and zoo without CompressAI's package initialiser.

`import compressai` loads torchvision, torch-geometric and torch._dynamo. That takes seconds, and fails if the CPU build of torch
meets the registry's torchvision. The parts that simnet uses need none of these packages, so this module registers `compressai`
as a bare namespace and skips its initialiser. Only training, the zoo's models and the import of published checkpoints need them.
"""

from __future__ import annotations

import importlib
import sys
import threading
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from simnet.errors import ModelError

BARE = {
    "registry": ("registry.torch",),
    "models": ("models.google", "models.waseda"),
    "zoo": (),
}
"""Subpackages whose initialisers import torchvision or torch-geometric, and their modules whose names they re-export."""

MISSING = (
    "the package compressai is not installed; expected it for training, CompressAI's models and published checkpoints: "
    "pip install compressai==1.2.8 (Python 3.11 or 3.12, numpy below 2)"
)
_IMPORTING = threading.RLock()
"""Packages are registered before they are whole, and torch's own imports do not stand several threads that begin them."""


def architectures() -> Any:
    """Return CompressAI's table of published image models, `compressai.zoo.image`, without the parts that need torchvision."""
    with _IMPORTING:
        part("ans")
        for name, lenders in BARE.items():
            whole = f"compressai.{name}"
            if whole in sys.modules:
                continue
            package = ModuleType(whole)
            package.__path__ = [f"{place}/{name}" for place in sys.modules["compressai"].__path__]
            sys.modules[whole] = package
            for lender in lenders:
                lent = vars(part(lender))
                vars(package).update({key: value for key, value in lent.items() if not key.startswith("_")})
        return part("zoo.image")


def part(name: str) -> Any:
    """Import `compressai.<name>` (`ans`, `_CXX`, `entropy_models`, ...) without running `compressai/__init__.py`."""
    with _IMPORTING:
        if "compressai" not in sys.modules:
            spec = PathFinder.find_spec("compressai")
            if spec is None or spec.submodule_search_locations is None:
                raise ModelError(MISSING)
            package = ModuleType("compressai")
            package.__path__ = list(spec.submodule_search_locations)
            # Names that its entropy models expect from the skipped initialiser.
            vars(package).update(get_entropy_coder=lambda: "ans", available_entropy_coders=lambda: ["ans"])
            sys.modules["compressai"] = package
        return importlib.import_module(f"compressai.{name}")
