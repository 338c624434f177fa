"""Named, seeded random generators: the only source of random draws in a run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return the generator that belongs to `names` in a run seeded with `seed`.

    Generators of different names are independent, so adding a link to a scenario never changes another link's draws.
    """
    import numpy as np

    digest = hashlib.sha256("\x1f".join((str(seed), *names)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
