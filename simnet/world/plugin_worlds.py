"""Worlds of other packages (`simnet.plugins`); frames are validated, and an error names the plug-in's package.

A plug-in's entry point names a callable that makes a `World` from (config, cameras, seed), usually its class. `config` has the
scenario's `path` and `options`, `cameras` holds all cameras by name. `length_ns` (the time at which the first camera runs out of
frames) and `close` are optional. It need not be thread-safe: calls are serialised.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet import plugins
from simnet.errors import PluginError
from simnet.plugins import blamed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simnet.records import CameraConfig, WorldConfig

    Maker = Callable[[WorldConfig, Mapping[str, CameraConfig], int], Any]


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> InstalledWorld:
    """Open the world of a plug-in; PluginError if no plug-in has its kind, or it cannot be imported or opened."""
    plugin = plugins.find(plugins.WORLDS, config.kind, ())
    if plugin is None:
        raise PluginError(f"world {config.kind}: not installed; expected a package that has it")
    return InstalledWorld(plugin.load(), str(plugin), config, cameras, seed)


class InstalledWorld:
    """A plug-in's world with validated frames. See `simnet.world.World`."""

    def __init__(
        self, make: Maker, who: str, config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int
    ) -> None:
        """Open the world that `make` returns; `who` is its name in errors."""
        self._who, self._cameras, self._lock = who, dict(cameras), threading.Lock()
        with blamed(who, "cannot be opened"):
            self._world: Any = make(config, self._cameras, seed)
            length_ns = getattr(self._world, "length_ns", None)
        if not callable(getattr(self._world, "frame", None)):
            raise PluginError(f"{who}: made {self._world!r:.60}; expected a world with frame(camera, t_ns)")
        if length_ns is not None and type(length_ns) is not int:
            raise PluginError(f"{who}: its length_ns is {length_ns!r:.60}; expected whole ns, or None")
        self.length_ns: int | None = length_ns

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return the frame of `camera` at `t_ns` (uint8, height x width x 3, RGB), a copy of the plug-in's array."""
        with self._lock, blamed(self._who, f"no frame of {camera} at {t_ns / 1e9:.3f} s"):
            picture = self._world.frame(camera, t_ns)
        expected = (self._cameras[camera].height, self._cameras[camera].width, 3)
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.shape != expected:
            is_array = isinstance(picture, np.ndarray)
            found = f"{' x '.join(map(str, picture.shape))} {picture.dtype}" if is_array else repr(picture)
            wanted = " x ".join(map(str, expected))
            raise PluginError(f"{self._who}: {camera} sees {found:.60}; expected uint8 {wanted} (height x width x 3)")
        return np.array(picture, order="C")

    def close(self) -> None:
        """Close the plug-in's world."""
        close = getattr(self._world, "close", None)
        if close is not None:
            with self._lock, blamed(self._who, "cannot be closed"):
                close()
