"""Reception counters of a stream: what fusion reports to its camera with the next feedback message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.records.grants import Feedback

if TYPE_CHECKING:
    from simnet.records.grants import Delivery


@dataclass(slots=True)
class Reception:
    """Counts the deliveries of one stream since the last report."""

    stream: str
    frames: int = 0
    received_bytes: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    queue_ns: int = 0
    delay_ns: int = 0

    def add(self, delivery: Delivery) -> None:
        """Count a delivery."""
        self.packets_received += delivery.packets_sent - delivery.packets_lost
        self.packets_lost += delivery.packets_lost
        self.queue_ns = max(self.queue_ns, delivery.queue_ns)
        if delivery.complete:
            self.frames += 1
            self.received_bytes += delivery.link_bytes
            self.delay_ns = max(self.delay_ns, delivery.time_ns - delivery.sent_ns)

    def report(self, time_ns: int) -> Feedback:
        """Return the feedback of `time_ns` and reset the counters."""
        feedback = Feedback(
            stream=self.stream,
            time_ns=time_ns,
            frames=self.frames,
            received_bytes=self.received_bytes,
            packets_received=self.packets_received,
            packets_lost=self.packets_lost,
            queue_ns=self.queue_ns,
            delay_ns=self.delay_ns,
        )
        self.__init__(self.stream)
        return feedback
