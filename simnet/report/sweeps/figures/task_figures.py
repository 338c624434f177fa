"""Figures of tasks against bandwidth: what the receiver can still do with the pictures that it has."""

from __future__ import annotations

from simnet.report.figures.figure import Figure
from simnet.report.sweeps.figures.curves import curve_figure
from simnet.report.sweeps.views import PageView

PREFIX = "task-"


def tasks(view: PageView) -> list[Figure]:
    """Return one figure for each figure of a task against offered bandwidth, then against sent bandwidth."""
    made: list[Figure] = []
    for against in ("offered", "sent"):
        for column, own in view.tasks.items():
            title = f"{own.title} ({own.unit})" if own.unit else own.title
            name = f"{PREFIX}{column.replace('.', '-').replace('_', '-')}-{against}"
            task = column.partition(".")[0]
            made.append(
                curve_figure(
                    view, name, against, column, (title, f"{task}: {own.title}", "at the receiver"), own.digits + 1
                )
            )
    return made
