"""How good pictures are, worked out once for each pair of a picture and an original."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from simnet import quality
from simnet.engine.cached import store_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from simnet.engine.cached.cache_statistics import CacheCounters
    from simnet.engine.cached.picture_cache import PictureKey
    from simnet.store import Store

KIND = "scores"
_PAIR = struct.Struct("<dd")


class Scores:
    """PSNR in dB and MS-SSIM, to the last bit."""

    def __init__(self, store: Store, counters: CacheCounters) -> None:
        self._store, self._counters = store, counters
        self._base = store_keys.made_by(__name__)
        self._seen: tuple[PictureKey, quality.Original] | None = None
        """The last original: pictures of it come one after another."""

    def score(
        self,
        original: PictureKey,
        picture: PictureKey,
        open_original: Callable[[], np.ndarray],
        open_picture: Callable[[], np.ndarray],
    ) -> tuple[float, float]:
        """Return PSNR and MS-SSIM of a picture; pixels are opened only if the store has no score."""
        name = store_keys.key(self._base, original, picture)
        known = self._store.get(KIND, name)
        if known is not None and len(known) == _PAIR.size:
            psnr_db, ms_ssim = _PAIR.unpack(known)
            return psnr_db, ms_ssim
        if self._seen is None or self._seen[0] != original:
            self._seen = original, quality.Original(open_original())
        pixels, seen = open_picture(), self._seen[1]
        self._counters.scores += 1
        found = seen.psnr(pixels), seen.ms_ssim(pixels)
        self._store.put(KIND, name, _PAIR.pack(*found))
        return found
