"""The engine: one scenario becomes one run folder.

A run is a session of the kernel between nodes and results. The kernel knows its nodes by a port alone, so that a plain run, a run
on hosts, a cell of a sweep and a run of recorded sizes are the same loop over other nodes:

    runner, cell ──▶ session ──▶ kernel ── port ─┬─▶ local     nodes in this thread ── cached (through the store)
                        │           │            └─▶ remote    nodes on hosts ──────── recovery (journal, replay)
                        │           └── net        packets
                        └─▶ results ── runfolder, report       rows, fingerprint, page

What a node decides, what a link does and what a message looks like do not belong here: they are `nodes`, `net` and `wire`. Which
room may import which is written in pyproject.toml (import-linter); no two rooms import each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simnet.engine.runner import RunResult, run


def __getattr__(name: str) -> Any:
    """Import the runner when it is asked for: a sweep's cell uses other modules of this room without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simnet.engine import runner

    return getattr(runner, name)


__all__ = ["RunResult", "run"]
