"""Keys of store entries: digests of everything that an entry depends on."""

from __future__ import annotations

import hashlib
from functools import cache

from simnet import compute_device, source_digest


def key(*parts: object) -> str:
    """Return the digest of some parts, as the name of an entry."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def made_by(*modules: str) -> str:
    """Return the digest of the code of `modules`, of the packages that it imports, and of the processor or GPU that runs it.

    These are part of it because they round in different ways.
    """
    return _made_by(compute_device.described(), *modules, *compute_device.modules())


@cache
def _made_by(device: str, *modules: str) -> str:
    return key(device, source_digest.digest(*modules))
