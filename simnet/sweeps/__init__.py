"""Sweeps: a grid of scenarios, each point run once, on many processes, into one folder.

    grid ──▶ points ──(digest of all they depend on)──▶ cells ──Dask──▶ engine.cell ──▶ OUT/cells/<cell> ──▶ table, page

Here live the points of a grid, the names of their cells and the workers that run them. How a run works (`engine`), what was
coded before (`store`) and what a page shows (`report`) live elsewhere. A cell is named by a digest of everything that its rows
depend on (`cell_identity`), so one that exists is never run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.sweeps.grid import Grid as Grid
    from simnet.sweeps.sweep import SweepOptions as SweepOptions
    from simnet.sweeps.sweep import SweepResult as SweepResult


def run(grid: Grid, options: SweepOptions) -> SweepResult:
    """Run every point of a grid that has not been run before; see `sweep.run`."""
    from simnet.sweeps import sweep  # takes diskcache and the engine along

    return sweep.run(grid, options)
