"""The last few frames of a world: the encoder asks for a frame first, the score asks for it again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

SIZE = 32


class FrameCache:
    """Keeps the `SIZE` frames that were asked for last. Its user holds a lock."""

    def __init__(self) -> None:
        self._frames: OrderedDict[tuple[str, int], np.ndarray] = OrderedDict()

    def get(self, camera: str, t_ns: int, make: Callable[[str, int], np.ndarray]) -> np.ndarray:
        """Return a copy of the frame, made by `make(camera, t_ns)` if it is not here."""
        key = (camera, t_ns)
        if key not in self._frames:
            self._frames[key] = make(camera, t_ns)
            if len(self._frames) > SIZE:
                self._frames.popitem(last=False)
        self._frames.move_to_end(key)
        return self._frames[key].copy()
