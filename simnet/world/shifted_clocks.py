"""A world seen by cameras whose clocks are off: what one calls its picture of a time is that of another time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig
    from simnet.records.view_truth import ViewTruth
    from simnet.world import World


class ShiftedWorld:
    """Another world, at the time that it is when a camera's clock says another.

    Before a recording's beginning its first picture stands.
    """

    def __init__(self, world: World, cameras: Mapping[str, CameraConfig], *, begins: bool) -> None:
        """Shift a world; `begins` says whether it has nothing to show before a camera's first capture."""
        self._world, self._cameras, self._begins = world, dict(cameras), begins

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """See `World`."""
        return self._world.frame(camera, self._true_ns(camera, t_ns))

    def truth(self, camera: str, t_ns: int) -> ViewTruth | None:
        """Return depth and objects of a frame; None if the other world does not know them."""
        known = getattr(self._world, "truth", None)
        return None if known is None else known(camera, self._true_ns(camera, t_ns))

    def close(self) -> None:
        """See `World`."""
        self._world.close()

    def _true_ns(self, camera: str, t_ns: int) -> int:
        config = self._cameras[camera]
        true_ns = t_ns - config.clock_ns
        return max(true_ns, min(t_ns, config.phase_ns)) if self._begins else true_ns


def latest_ns(cameras: Mapping[str, CameraConfig]) -> int:
    """Return how much later than they say cameras capture, at most."""
    return max((-camera.clock_ns for camera in cameras.values() if camera.clock_ns < 0), default=0)
