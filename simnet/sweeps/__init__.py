"""Sweeps: run a grid of scenarios, each point once, on many processes, into one folder.

    grid ──▶ points ──(digest of all inputs)──▶ cells ──Dask──▶ engine.cell ──▶ OUT/cells/<cell> ──▶ table, page

This package has the points of a grid, the names of their cells and the workers that run them. Runs (`engine`), cached results
(`store`) and pages (`report`) are elsewhere. The name of a cell is a digest of everything that its rows depend on
(`cell_identity`), so an existing cell is never run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.sweeps.grid import Grid as Grid
    from simnet.sweeps.sweep import SweepOptions as SweepOptions
    from simnet.sweeps.sweep import SweepResult as SweepResult


def run(grid: Grid, options: SweepOptions) -> SweepResult:
    """Run every point of a grid that has no cell yet; see `sweep.run`."""
    from simnet.sweeps import sweep  # imports diskcache and the engine

    return sweep.run(grid, options)
