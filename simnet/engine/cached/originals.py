"""Source frames and their keys: a rendered frame's key is known from its scene and time, without rendering it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from simnet import world
from simnet.engine.cached import store_keys
from simnet.engine.cached.picture_cache import PictureKey
from simnet.records import view_truth

if TYPE_CHECKING:
    import numpy as np

    from simnet.engine.cached.cache_statistics import CacheCounters
    from simnet.engine.cached.picture_cache import PictureCache
    from simnet.records import Scenario
    from simnet.records.view_truth import ViewTruth
    from simnet.store import Store
    from simnet.world import World

KIND, TRUTH = "frames", "truths"
_DIGEST = re.compile(rb"[0-9a-f]{32}")


class Originals:
    """The frames of a scenario's world, which is opened when one has to be made."""

    def __init__(self, scenario: Scenario, cache: PictureCache, store: Store, counters: CacheCounters) -> None:
        self._scenario, self._cache, self._store, self._counters = scenario, cache, store, counters
        self._cameras = scenario.cameras
        self._is_rendered = scenario.world.kind == "rendered"
        # Every camera shows in every frame, as the vehicle that carries it; when it captures does not.
        still = [replace(camera, period_ns=0, phase_ns=0) for _, camera in sorted(self._cameras.items())]
        made_by = store_keys.made_by(__name__, world.module_of(scenario.world.kind))
        self._base = store_keys.key(made_by, scenario.world, still, scenario.seed)
        self._keys: dict[tuple[str, int], PictureKey] = {}
        self._world: World | None = None

    def key(self, camera: str, t_ns: int) -> PictureKey:
        """Return the key of what `camera` sees at `t_ns`."""
        if (camera, t_ns) not in self._keys:
            self._keys[camera, t_ns] = self._known(camera, t_ns) or self._make(camera, t_ns)[0]
        return self._keys[camera, t_ns]

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return what `camera` sees at `t_ns`: uint8, H x W x 3, RGB, not to be written to."""
        found = self._cache.find(self.key(camera, t_ns), t_ns)
        return self._make(camera, t_ns)[1] if found is None else found

    def truth(self, camera: str, t_ns: int) -> ViewTruth | None:
        """Return what a rendered world knows of a frame, from the store if it is there; None in another world."""
        if not self._is_rendered:
            return None
        name = self._name(camera, t_ns)
        known = self._store.get(TRUTH, name)
        if known is not None and (found := view_truth.unpacked(known)) is not None:
            return found
        found = world.truth(self._opened(), camera, t_ns)
        if found is not None:
            self._store.put(TRUTH, name, view_truth.packed(found))
        return found

    def close(self) -> None:
        """Close the world if it was opened."""
        if self._world is not None:
            self._world.close()
            self._world = None

    def _known(self, camera: str, t_ns: int) -> PictureKey | None:
        # Recorded frames are known by their pixels alone: reading files is cheap, and they may have changed.
        digest = self._store.get(KIND, self._name(camera, t_ns)) if self._is_rendered else None
        if digest is None or not _DIGEST.fullmatch(digest):
            return None
        config = self._cameras[camera]
        return PictureKey(digest.decode(), config.height, config.width)

    def _make(self, camera: str, t_ns: int) -> tuple[PictureKey, np.ndarray]:
        scenario = self._scenario
        picture = self._opened().frame(camera, t_ns)
        picture.setflags(write=False)
        self._counters.renders += scenario.world.kind not in world.RECORDED
        own = self._cache.add(picture, t_ns)
        if self._is_rendered:
            self._store.put(KIND, self._name(camera, t_ns), own.digest.encode())
        return own, picture

    def _opened(self) -> World:
        if self._world is None:
            self._world = world.open_world(self._scenario.world, self._cameras, self._scenario.seed)
        return self._world

    def _name(self, camera: str, t_ns: int) -> str:
        return store_keys.key(self._base, camera, t_ns)
