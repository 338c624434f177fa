"""Capture times of a camera: frame k at phase + k * period, from the start of the run to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.records import CameraConfig


@dataclass(frozen=True, slots=True)
class Schedule:
    """Capture times of one camera during a run."""

    phase_ns: int
    period_ns: int
    end_ns: int
    """Duration of the run; all captures happen before it."""

    @classmethod
    def of(cls, camera: CameraConfig, end_ns: int) -> Schedule:
        """Return the schedule of `camera` in a run that ends at `end_ns`."""
        return cls(camera.phase_ns, camera.period_ns, end_ns)

    @property
    def count(self) -> int:
        """Number of frames."""
        return max(0, -((self.phase_ns - self.end_ns) // self.period_ns))

    def capture_ns(self, sequence: int) -> int:
        """Return when frame `sequence` is captured."""
        return self.phase_ns + sequence * self.period_ns

    def near(self, time_ns: int, reach_ns: int) -> list[int]:
        """Return the frames captured at most `reach_ns` from `time_ns`, nearest first, the earlier of equals first."""
        first = max(0, -((self.phase_ns - (time_ns - reach_ns)) // self.period_ns))
        last = min(self.count - 1, (time_ns + reach_ns - self.phase_ns) // self.period_ns)
        frames = range(first, last + 1)
        return sorted(frames, key=lambda sequence: (abs(self.capture_ns(sequence) - time_ns), sequence))
