"""Records of rate control: what it knows of its stream, and what it has seen so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

from simnet.nodes.rate_model import RateModel
from simnet.records import SECOND_NS, RateConfig


@dataclass(frozen=True, slots=True)
class RateSetup:
    """Constants of a stream and of its first link."""

    config: RateConfig
    period_ns: int
    payload_bytes: int
    """Largest payload of one packet."""
    overhead_bytes: int
    repair: float = 0.0
    """Repair packets for each packet of data; they count like all others."""
    slices: int = 1
    """Slices of a frame, each in packets of its own; they are taken for equally large."""

    def link_bytes(self, size_bytes: int) -> int:
        """Return what a bitstream takes on the link, the overhead of every packet included."""
        if self.slices > 1:
            return self.slices * replace(self, slices=1).link_bytes(-(-size_bytes // self.slices))
        packets = max(1, -(-size_bytes // self.payload_bytes))
        repair = ceil(self.repair * packets) if self.repair else 0
        return size_bytes + packets * self.overhead_bytes + repair * (-(-size_bytes // packets) + self.overhead_bytes)

    def frame_bytes(self, rate_bps: float) -> float:
        """Return the share of one frame in a bit rate."""
        return rate_bps * self.period_ns / SECOND_NS / 8


@dataclass(frozen=True, slots=True)
class RateState:
    """State of rate control after some frames and reports."""

    quality: float
    model: RateModel = field(default_factory=RateModel)
    measured: int = 0
    """Number of frames that the model has learned from."""
    debt_bytes: float = 0.0
    """Bytes sent beyond the target, bounded for each frame; paid back over a second."""
    rate_bps: float | None = None
    """Adaptive: the bit rate that the link is assumed to carry; None until a frame has been measured."""
    loss: float = 0.0
    """Share of packets lost, smoothed over about a second."""
    delivered_bps: float | None = None
    """Smoothed rate at which frames arrive, by the receiver's reports."""
    last_report_ns: int | None = None
    """Time of the last report that counts any packet (at first, of the first report)."""
    held_until_ns: int = 0
    """The rate does not fall again for loss or silence before this time, so that the first fall can take effect."""
    plugin_state: str = ""
    """State of a plug-in's rate control, as JSON."""
