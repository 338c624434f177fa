"""Declaration of a congestion control that a stream's transport runs, in base units."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CongestionConfig:
    """Bounds of the target bit rate, and what the control asks of the network. The rate control's `kind` names the algorithm.

    `ecn`: none (packets are not marked), classic (ECT(0), RFC 3168) or l4s (ECT(1), RFC 9331).
    """

    min_bps: float
    start_bps: float
    max_bps: float
    ecn: str = "none"
    queue_target_ns: int = 60_000_000
    """Queue delay above which the control slows down (SCReAM)."""


CONGESTION_CONTROLS = ("scream", "gcc")
"""Kinds of rate control that run in a stream's transport."""
