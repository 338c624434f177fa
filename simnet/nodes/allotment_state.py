"""State of fusion's allotment: what has been seen since the last one, and what was learned before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class StreamSeen:
    """One stream since the last allotment, and what is known of it from before."""

    stream: str
    frames: int = 0
    """Frames that came to an end, whole or not."""
    whole: int = 0
    size_bytes: int = 0
    """Of whole frames' bitstreams."""
    link_bytes: int = 0
    strained: int = 0
    """Frames that were not whole, or came so late that their pictures were hardly in time."""
    silent_periods: int = 0
    """Periods without a frame before this one."""
    frame_bytes: int = 0
    """Mean size of a bitstream in the last period with a whole frame; 0 before."""
    gain_db: float | None = None
    """What its anchor's much finer pictures bring where all of the view is shared; None: not seen yet."""

    def close_period(self) -> None:
        """Begin a new period."""
        self.silent_periods = 0 if self.frames else self.silent_periods + 1
        if self.whole:
            self.frame_bytes = self.size_bytes // self.whole
        self.frames = self.whole = self.size_bytes = self.link_bytes = self.strained = 0


@dataclass(frozen=True, slots=True)
class AllotmentState:
    """Everything that an `Allotter` keeps between two grants."""

    next_ns: int
    """When rates are allotted next."""
    seen: tuple[StreamSeen, ...]
    shares: tuple[tuple[str, float], ...]
    """Share of each link or medium that is allotted now."""
    told_ns: int
    """When rates were told last; they are told again with each period of feedback, since some of it is lost."""
    rates_bps: tuple[tuple[str, int], ...]
    loads: tuple[tuple[str, float], ...]
    """Share of each link or medium that streams take that nothing is allotted to."""
    links_bps: tuple[float, ...]
    """Bit rates of the links on the streams' ways when rates were allotted last."""
    served: tuple[tuple[str, int, int], ...]
    """Frames that were decoded with their anchor's picture, when those are ready; their changes are not known yet."""
