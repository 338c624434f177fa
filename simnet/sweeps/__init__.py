"""Sweeps: a grid of scenarios, each point run once, on as many processes as there are, into one folder.

    grid ──▶ points ──(digest of all that matters)──▶ cells ──Dask──▶ engine.cell ──▶ OUT/cells/<cell> ──▶ table, page

Lives here: which points a user asks for, which cells answer them, who runs them. Must not live here: how a run works
(`engine`), what was coded before (`store`), what a page says (`report`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.sweeps.grid import Grid as Grid
    from simnet.sweeps.sweep import Done as Done
    from simnet.sweeps.sweep import Means as Means


def run(grid: Grid, means: Means) -> Done:
    """Run every point of a grid that has not been run before; see `sweep.run`."""
    from simnet.sweeps import sweep

    return sweep.run(grid, means)
