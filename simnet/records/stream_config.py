"""A stream from a camera to fusion, as a resolved scenario declares it."""

from __future__ import annotations

from dataclasses import dataclass, field

from simnet.records.link_config import TransportConfig
from simnet.records.plugin_config import RateConfig


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """One camera's coded stream to the fusion node. `name` is the camera's name."""

    name: str
    codec: str
    model: str | None = None
    """Name of a folder in `models/`; None is the codec's default."""
    rate: RateConfig = field(default_factory=RateConfig)
    side_information: tuple[str, ...] = ()
    """Side-information candidates in order of preference: camera names (streams, or sensors of the fusion node) or `previous`."""
    side_lags_ns: tuple[int, ...] = ()
    """Lag of each candidate's picture before this frame's capture; empty is 0 for all candidates.

    A vehicle that follows another vehicle sees the same place at a later time.
    """
    encode_ns: int = 15_000_000
    decode_ns: int = 40_000_000
    key_interval_ns: int | None = None
    """Key-frame interval: a frame captured at least this long after the last key frame is one; None: only on request."""
    priority: int = 0
    """Priority in priority queues, higher first. Feedback has priority over all streams."""
    transport: TransportConfig = field(default_factory=TransportConfig)
    slices: int = 1
    """Bands of rows that are coded alone and travel in packets of their own; 1 is a frame that is not sliced."""
    concealment: str = "none"
    """What missing slices are filled from: `none` (they stay as they were shown last), `previous` or `side`."""

    @property
    def conceals(self) -> bool:
        """Return whether missing slices are predicted, and whole frames where nothing arrived."""
        return self.concealment != "none"

    @property
    def candidates(self) -> tuple[tuple[str, int], ...]:
        """Return the names in `side_information`, each with its lag in ns."""
        lags_ns = self.side_lags_ns or (0,) * len(self.side_information)
        return tuple(zip(self.side_information, lags_ns, strict=True))
