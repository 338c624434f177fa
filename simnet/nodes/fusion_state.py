"""State of the fusion planner as a record: another planner that restores it continues as the first one would have."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.nodes.allotment_state import AllotmentState
from simnet.nodes.feedback import Reception
from simnet.nodes.references import ReferenceChain
from simnet.nodes.side_selection import FrameStatus, Query


@dataclass(slots=True)
class WaitingFrame:
    """A frame that has arrived and is not decided yet."""

    stream: str
    sequence: int
    query: Query
    status: FrameStatus
    key: bool
    missing: int = 0
    """Slices of it that are missing."""


@dataclass(frozen=True, slots=True)
class PlannerState:
    """Everything that a `FusionPlanner` keeps between two grants."""

    statuses: tuple[tuple[str, int, FrameStatus], ...]
    chains: tuple[tuple[str, ReferenceChain], ...]
    receptions: tuple[Reception, ...]
    waiting: tuple[WaitingFrame, ...]
    decoder_free_ns: tuple[tuple[str, int], ...]
    next_feedback_ns: int | None
    allotment: AllotmentState | None = None
    """What it knows for allotting rates; None: it allots none."""
