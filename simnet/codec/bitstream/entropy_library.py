"""CompressAI's range coder and entropy bottleneck without CompressAI's package initialiser.

`import compressai` pulls in torchvision, torch-geometric and torch._dynamo (seconds, and it fails outright where the
CPU build of torch meets the registry's torchvision). The parts that simnet uses need none of them, so the package is
entered as a bare namespace and its initialiser is left out.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from simnet.errors import ModelError

BARE = {
    "registry": ("registry.torch",),
    "models": ("models.google", "models.waseda"),
    "zoo": (),
}
"""Subpackages whose initialisers ask for torchvision or torch-geometric, and the modules of theirs whose names they lend."""


ROOM = 16
"""Bytes behind a payload for each symbol: twice what a symbol of 16 bits with a large escape takes."""
ESCAPES = 16
"""Bytes behind a payload for each of its own: four bits may announce an escape of fifteen times four."""


def roomy(data: bytes, symbols: int) -> bytes:
    """A payload with zeros behind it, for CompressAI's decoder does not look where it ends.

    A payload that was made to pass its CRC and holds fewer than `symbols` symbols would have it read whatever memory comes next,
    or crash the process.
    """
    return data + bytes(ROOM * symbols + ESCAPES * len(data))


def architectures() -> Any:
    """Return CompressAI's table of published image models, `compressai.zoo.image`, without what needs torchvision."""
    part("ans")
    for name, lenders in BARE.items():
        whole = f"compressai.{name}"
        if whole in sys.modules:
            continue
        package = ModuleType(whole)
        package.__path__ = [f"{place}/{name}" for place in sys.modules["compressai"].__path__]
        sys.modules[whole] = package
        for lender in lenders:
            vars(package).update({key: value for key, value in vars(part(lender)).items() if not key.startswith("_")})
    return part("zoo.image")


def part(name: str) -> Any:
    """Import `compressai.<name>` (`ans`, `_CXX`, `entropy_models`, ...) without running `compressai/__init__.py`."""
    if "compressai" not in sys.modules:
        spec = PathFinder.find_spec("compressai")
        if spec is None or spec.submodule_search_locations is None:
            raise ModelError("the package compressai is not installed; expected version 1.2.8")
        package = ModuleType("compressai")
        package.__path__ = list(spec.submodule_search_locations)
        # What its entropy models ask of the initialiser that was left out.
        vars(package).update(get_entropy_coder=lambda: "ans", available_entropy_coders=lambda: ["ans"])
        sys.modules["compressai"] = package
    return importlib.import_module(f"compressai.{name}")
