"""Keys of store entries: digests of everything that an entry depends on."""

from __future__ import annotations

import hashlib
from functools import cache

from simnet import processor, source_digest


def key(*parts: object) -> str:
    """Return the digest of some parts, as the name of an entry."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


@cache
def made_by(*modules: str) -> str:
    """Return the digest of the code of `modules`, of the packages that it imports, and of the processor that runs it.

    The processor is part of it because vector instructions round in different ways.
    """
    return key(processor.processor(), source_digest.digest(*modules))
