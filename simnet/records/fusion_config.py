"""The fusion node as a resolved scenario declares it."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records.allotment_config import AllotmentConfig


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """The fusion node: waits `wait_ns` for side information, uses at most `pictures` side pictures of age up to `max_age_ns`."""

    node: str
    wait_ns: int = 30_000_000
    max_age_ns: int = 400_000_000
    deadline_ns: int = 200_000_000
    """Time after capture from which a picture is late."""
    pictures: int = 1
    feedback_period_ns: int = 100_000_000
    feedback_bytes: int = 40
    allotment: AllotmentConfig | None = None
    """How it allots bit rates to streams; None: it allots none."""
