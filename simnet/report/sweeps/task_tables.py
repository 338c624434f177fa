"""Table of tasks on a sweep's page."""

from __future__ import annotations

from simnet.records.task_config import DONE
from simnet.report.run_tables import Table
from simnet.report.sweeps.comparison_grid import BANDWIDTH
from simnet.report.sweeps.sweep_formatting import place, with_interval
from simnet.report.sweeps.views import PageView


def tasks(view: PageView) -> Table | None:
    """Return each task's figures, of every curve at every setting; None without tasks."""
    if not view.tasks:
        return None
    names = list(dict.fromkeys(column.partition(".")[0] for column in view.tasks))
    rows: list[tuple[str, ...]] = []
    for index, first in enumerate(view.places):
        for curve, spots in view.curves.items():
            spot = spots[index]
            if not spot.samples:
                continue
            cells = [with_interval(spot.mean(column), own.digits) for column, own in view.tasks.items()]
            done = [with_interval(spot.mean(f"{name}.{DONE}"), 2) for name in names]
            where = place(view.axis, first.x, first.setting)
            rows.append(
                (where, curve, str(len(spot.samples)), with_interval(spot.mean("sent_kbit_s"), 1), *cells, *done)
            )
    titles = [f"{column} {own.unit}".strip() for column, own in view.tasks.items()]
    first_column = "offered" if view.axis.kind == BANDWIDTH else view.axis.key or "offered"
    words = "; ".join(f"{column}: {own.title.lower()}" for column, own in view.tasks.items())
    return Table(
        caption=f"Tasks, {view.stream}",
        columns=(first_column, "curve", "seeds", "sent kbit/s", *titles, *(f"{name}.{DONE}" for name in names)),
        rows=rows,
        words=frozenset({"curve"}),
        note=f"{words}. {DONE}: share of the frames with their pictures in time. Means over seeds ± half the 95 % interval; "
        "a frame without its pictures in time counts as failed in shares and counts, and has no error.",
    )
