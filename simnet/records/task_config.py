"""Declarations of tasks that the receiver does with its pictures, and the figures that they give."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

TASK_KINDS = ("stereo_depth", "matching", "detection")
"""simnet's own kinds of tasks; other packages may add kinds."""
PREVIOUS = "previous"
"""Second view that is the stream's own frame before this one."""
DONE = "done"
"""Figure of every task: whether its pictures were there in time."""


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """One task: `kind` is a name in `TASK_KINDS` or an installed plug-in."""

    name: str
    kind: str
    streams: tuple[str, ...]
    """Streams whose frames it is done for, in decoding order."""
    partner: str | None = None
    """Second view: a stream, a camera of the fusion node, or `previous`; None: one view alone."""
    every: int = 1
    """It is done for each so many-th frame, from the first."""
    options_json: str = ""
    """Options of the kind, a JSON object; empty: none."""

    @property
    def options(self) -> dict[str, Any]:
        """Return the options of the kind, as given in the scenario."""
        return json.loads(self.options_json) if self.options_json else {}


@dataclass(frozen=True, slots=True)
class TaskFigure:
    """One number that a task gives for a frame: its name, and how it is written."""

    key: str
    title: str
    unit: str = ""
    digits: int = 2
    higher_is_better: bool = True
    missed: float | None = None
    """Value of a frame whose pictures are not there in time; None: such a frame has no value."""
