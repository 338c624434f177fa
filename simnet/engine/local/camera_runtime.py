"""A camera at work: its state, and the coder of its stream."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simnet.nodes import camera
from simnet.nodes.camera import CameraSetup
from simnet.nodes.rate_state import RateSetup

if TYPE_CHECKING:
    from simnet.engine.kernel.port import Packets
    from simnet.engine.local.coders import Coder
    from simnet.nodes.camera import CameraState
    from simnet.records import Announcement, CameraConfig, StreamConfig
    from simnet.records.grants import Capture, Coded


class CameraRuntime:
    """Answers one stream's capture grants, one at a time."""

    def __init__(self, stream: StreamConfig, config: CameraConfig, packets: Packets, coder: Coder) -> None:
        """Start at the first capture; `packets` says what rate control may reckon with."""
        rate = RateSetup(stream.rate, config.period_ns, *packets, stream.transport.repair, stream.slices)
        self._setup = CameraSetup(rate, stream.encode_ns, stream.key_interval_ns)
        self._coder = coder
        self._state = camera.start(self._setup)

    @property
    def announcement(self) -> Announcement:
        """The constants of the stream."""
        return self._coder.announcement

    @property
    def state(self) -> CameraState:
        """All that the next answer depends on beside its grant and the coder."""
        return self._state

    def restore(self, state: CameraState) -> None:
        """Go on from the `state` before a key frame; that frame is captured next."""
        self._state = state

    def capture(self, grant: Capture) -> Coded:
        """Capture and code a frame."""
        self._state, coded = camera.step(self._setup, self._state, grant, partial(self._coder.encode, grant))
        return coded
