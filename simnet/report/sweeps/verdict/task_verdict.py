"""Verdict on tasks: which curve serves each task best at single settings."""

from __future__ import annotations

from simnet.records.task_config import TaskFigure
from simnet.report.formatting import number
from simnet.report.mean_interval import mean
from simnet.report.sweeps.sweep_formatting import at, seeds_of, signed
from simnet.report.sweeps.views import CurvePoint, PageView

MOST_TASKS = 4
"""Most tasks that are told of in words; the table has all."""


def sentences(view: PageView) -> list[str]:
    """Return, for the first figure of each task, the best curve at the lowest and highest setting against each other curve."""
    firsts: dict[str, tuple[str, TaskFigure]] = {}
    for column, figure in view.tasks.items():
        firsts.setdefault(column.partition(".")[0], (column, figure))
    last = len(view.places) - 1
    return [
        sentence
        for name, (column, figure) in list(firsts.items())[:MOST_TASKS]
        for index in dict.fromkeys((0, last))
        if (sentence := _at(view, index, name, column, figure))
    ]


def _at(view: PageView, index: int, name: str, column: str, figure: TaskFigure) -> str:
    spots = {curve: view.curves[curve][index] for curve in view.measured}
    found = {curve: value for curve, spot in spots.items() if (value := spot.mean(column))}
    if not found:
        return ""
    sign = 1 if figure.higher_is_better else -1
    best = max(found, key=lambda curve: sign * found[curve].value)
    where = at(view.axis, spots[best].x, spots[best].setting)
    value = number(found[best].value, figure.digits, figure.unit)
    start = f"Task {name}, {figure.title.lower()}{f' {where}' if where else ''}: {best} has {value}{seeds_of(found[best].count)}"
    others = [_against(spots[best], spots[curve], column, curve, figure) for curve in found if curve != best]
    return f"{start}; {'; '.join(others)}." if others else f"{start}."


def _against(best: CurvePoint, other: CurvePoint, column: str, curve: str, figure: TaskFigure) -> str:
    """Return how the best curve differs from another one; a difference that the seeds do not show is called a tie."""
    own = {sample.seed: sample.values.get(column) for sample in best.samples}
    pairs = [(own.get(sample.seed), sample.values.get(column)) for sample in other.samples]
    found = mean(a - b for a, b in pairs if a is not None and b is not None)
    if found is None:
        return f"no seed in common with {curve}"
    unit = f" {figure.unit}" if figure.unit else ""
    said = f"{signed(found.value, figure.digits)}{unit} against {curve}"
    if found.low is None or found.high is None:
        return said
    interval = f"95 % interval {signed(found.low, figure.digits)} to {signed(found.high, figure.digits)}{unit}"
    return f"{said}{', a tie' if found.low <= 0 <= found.high else ''} ({interval})"
