"""All nodes of a run in the kernel's own thread: cameras and fusion's planner as plain calls.

    capture ──▶ CameraRuntime ──▶ Coder        live, cached or recorded
    deliver ──▶ AllottingPlanner
    decode ───▶ Pictures                       live, cached or none

Recorded sizes, and frames that are in the store already, are not worth a process or a message.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.codec.bitstream import framing
from simnet.engine.kernel.port import Costs
from simnet.engine.local.camera_runtime import CameraRuntime
from simnet.engine.local.coders import CachedCoder, RecordedCoder
from simnet.engine.local.local_pictures import CachedPictures, NoPictures
from simnet.engine.timing import process_memory
from simnet.nodes.allotting_planner import AllottingPlanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np

    from simnet.engine.cached.cached_pixels import Pixels
    from simnet.engine.kernel.port import Announcements, Packets, Results, Take
    from simnet.engine.local.coders import Coder
    from simnet.engine.local.local_pictures import Pictures
    from simnet.records import Scenario, StreamConfig
    from simnet.records.grants import Capture, Decision, Delivery, Plan
    from simnet.records.view_truth import ViewTruth


class LocalNodes:
    """A run's nodes, called directly (`kernel.port.CarriedNodes`)."""

    is_live = True

    def __init__(self, scenario: Scenario, coder: Callable[[StreamConfig], Coder], pictures: Pictures) -> None:
        """Carry the nodes of a scenario; `coder` opens what codes a stream, `pictures` decodes."""
        self._scenario, self._coder, self._pictures = scenario, coder, pictures
        self._cameras: dict[str, CameraRuntime] = {}
        self._planner = AllottingPlanner(scenario, _is_key)

    def open(self, packets: Mapping[str, Packets]) -> Announcements:
        """See `Nodes`."""
        configs = self._scenario.cameras
        for stream in self._scenario.streams:
            name = stream.name
            self._cameras[name] = CameraRuntime(stream, configs[name], packets[name], self._coder(stream))
        announcements = {name: camera.announcement for name, camera in self._cameras.items()}
        self._pictures.open(announcements)
        return announcements

    def capture(self, grant: Capture) -> Take:
        """See `Nodes`; the frame is coded at once."""
        coded = self._cameras[grant.stream].capture(grant)
        return lambda: coded

    def start(self) -> Plan:
        """See `Nodes`."""
        return self._planner.start()

    def deliver(self, delivery: Delivery) -> Plan:
        """See `Nodes`."""
        self._pictures.forget(delivery.time_ns)
        return self._planner.deliver(delivery)

    def wake(self, now_ns: int) -> Plan:
        """See `Nodes`."""
        return self._planner.wake(now_ns, self._pictures.changes(now_ns))

    def decode(self, decision: Decision, data: bytes) -> None:
        """See `Nodes`."""
        self._pictures.decode(decision, data)

    def finish(self) -> None:
        """See `Nodes`."""
        self._pictures.finish()

    def wait(self, seconds: float) -> None:
        """See `CarriedNodes`."""
        if seconds > 0:
            time.sleep(seconds)

    def costs(self) -> Costs:
        """See `CarriedNodes`; everything happened in the kernel's own thread."""
        return Costs()


@dataclass(frozen=True, slots=True)
class RecordedNodes:
    """Provides the nodes of a run of recorded sizes (`kernel.port.NodeProvider`)."""

    scenario: Scenario
    frame = None
    truth = None
    record_score = None

    @contextmanager
    def nodes(self, results: Results) -> Iterator[LocalNodes]:
        """Carry the nodes; there are no pictures for `results`."""
        del results
        with process_memory.garbage_collector_paused():
            yield LocalNodes(self.scenario, lambda stream: RecordedCoder(stream, self.scenario), NoPictures())


@dataclass(frozen=True, slots=True)
class CachedNodes:
    """Provides the nodes of a run through the store (`kernel.port.NodeProvider`)."""

    scenario: Scenario
    pixels: Pixels
    record_score = None

    @property
    def frame(self) -> Callable[[str, int], np.ndarray]:
        """Returns what a camera sees at a time."""
        return self.pixels.original

    @property
    def truth(self) -> Callable[[str, int], ViewTruth | None]:
        """Returns what a rendered world knows of a camera's frame."""
        return self.pixels.truth

    def nodes(self, results: Results) -> AbstractContextManager[LocalNodes]:
        """Carry the nodes; `results` get scored pictures."""
        pictures = CachedPictures(self.scenario, self.pixels, results)
        return nullcontext(LocalNodes(self.scenario, lambda stream: CachedCoder(stream, self.pixels), pictures))


def _is_key(_stream: str, data: bytes) -> bool:
    # A complete delivery has the very bytes that were sent: no link alters any.
    return framing.is_key(data)
