"""Allotment of bit rates by the fusion centre, as a resolved scenario declares it."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records.link_config import SECOND_NS


@dataclass(frozen=True, slots=True)
class AllotmentConfig:
    """What fusion allots: every `every_ns`, up to `share` of each link or medium, by an `objective` (mean, minimum, equal)."""

    every_ns: int = SECOND_NS
    objective: str = "mean"
    share: float = 0.9


@dataclass(frozen=True, slots=True)
class AllottedConfig:
    """Bounds of the bit rate that a stream is allotted, headers of packets included."""

    min_bps: float = 5e3
    max_bps: float = 50e6
