"""Packages that training needs and a run does not: an installation for runs alone, such as the image, is without them."""

from __future__ import annotations

from importlib.util import find_spec

from simnet.errors import ModelError

PACKAGES = ("torch", "onnx")


def require(what: str) -> None:
    """Raise ModelError if a package is missing; `what` names the command that needs it."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise ModelError(
            f"{what}: needs {' and '.join(missing)}, not installed here; expected pip install {' '.join(missing)}"
        )
