"""Weights of a sweep's cells for the time left: a cell whose frames another one has coded takes a part of the time.

Settings of links, fusion and seeds leave the bitstreams as they are, unless a rate control listens to feedback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simnet.sweeps.grid import GridPoint

WARM = 0.25
"""Time of a cell whose frames are in the store, over that of the cell that coded them; measured on shipped scenarios."""
_NETWORK = ("links", "fusion", "media", "seed", "name", "expect")
_OPEN_LOOP = ("fixed", "target")


def weights(points: Iterable[GridPoint], named: Mapping[str, str], cells: Iterable[str]) -> dict[str, float]:
    """Return the weight of each of the cells: 1 for the first that codes its frames, `WARM` for the others.

    Args:
        points: The grid.
        named: Cells by point.
        cells: Cells to run, in their order.
    """
    wanted = set(cells)
    found: dict[str, float] = {}
    met: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for point in points:
        cell = named[point.point]
        if cell not in wanted or cell in found:
            continue
        coding = point.codec, tuple(each for each in point.settings if each[0].partition(".")[0] not in _NETWORK)
        is_open = all(stream.rate.kind in _OPEN_LOOP for stream in point.scenario.streams)
        found[cell] = WARM if is_open and coding in met else 1.0
        met.add(coding)
    return found
