"""Tables of a sweep's page, with text cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

from simnet.report.formatting import MISSING
from simnet.report.mean_interval import Mean
from simnet.report.run_tables import Table
from simnet.report.sweeps import differences
from simnet.report.sweeps.comparison_grid import BANDWIDTH
from simnet.report.sweeps.confidence import Range, within
from simnet.report.sweeps.differences import BdRateDifference
from simnet.report.sweeps.required_bandwidth import (
    AT_MOST,
    NOT_REACHED,
    UNKNOWN,
    Requirement,
    bracket,
    centre,
    levels,
    measured,
    needs,
)
from simnet.report.sweeps.samples import AbsentCell, SweepSamples
from simnet.report.sweeps.sweep_formatting import (
    amount,
    counted,
    listed,
    place,
    signed,
    with_interval,
)
from simnet.report.sweeps.views import CurvePoint, PageView

MOST_ABSENT = 100


def figures(view: PageView) -> Table:
    """Return the means over seeds of every curve at every setting; missing and failed cells are marked."""
    rows: list[tuple[str, ...]] = []
    for index, first in enumerate(view.places):
        for curve, spots in view.curves.items():
            rows.append((place(view.axis, first.x, first.setting), curve, *_cells(view, spots[index])))
    psnr, ms_ssim = (
        ("PSNR dB at the receiver", "MS-SSIM") if view.quality[0].startswith("shown") else ("PSNR dB", "MS-SSIM")
    )
    columns = (
        _first(view),
        "curve",
        "seeds",
        "sent kbit/s",
        psnr,
        ms_ssim,
        "in time",
        "late",
        "lost",
        "age ms",
        "gain dB",
    )
    points = [spots[index] for index in range(len(view.places)) for spots in view.curves.values()]
    # Both only where a view is of one stream, p99 from 1,000 frames a cell up.
    for name, column in (("p95 ms", "latency_ms_p95"), ("p99 ms", "latency_ms_p99")):
        cells = [with_interval(point.mean(column), 0) for point in points]
        if any(cell != MISSING for cell in cells):
            columns = (*columns, name)
            rows = [(*row, cell) for row, cell in zip(rows, cells, strict=True)]
    return Table(
        caption=f"Figures, {view.stream}",
        columns=columns,
        rows=rows,
        words=frozenset({"curve"}),
        note="Means over seeds ± half the 95 % interval. At the receiver: what it shows when a frame is due, against that frame; "
        "where the picture is late or lost it still shows an earlier one, or grey. Sent: mean of the streams, packet overhead "
        "included. Age: how old the newest picture is, over time. Gain: of side information, of the frames that used it.",
    )  # fmt: skip


def _first(view: PageView) -> str:
    return "offered" if view.axis.kind == BANDWIDTH else view.axis.key or "offered"


def _cells(view: PageView, spot: CurvePoint) -> tuple[str, ...]:
    if not spot.samples:
        state = "failed" if spot.failed else "missing" if spot.missing else "not asked"
        return (state, *(MISSING,) * 8)
    seeds = str(len(spot.samples)) if len(spot.samples) >= spot.asked else f"{len(spot.samples)} of {spot.asked}"
    return (
        seeds,
        with_interval(spot.mean("sent_kbit_s"), 1),
        with_interval(spot.mean(view.quality[0]), 2),
        with_interval(spot.mean(view.quality[1]), 4),
        *(_percent(spot.share(name)) for name in ("in_time", "late", "lost")),
        with_interval(spot.mean("age_ms_mean"), 0),
        with_interval(spot.mean("side_gain_db"), 2),
    )


def _percent(found: Mean | None) -> str:
    return MISSING if found is None else f"{100 * found.value:.1f} %"


def needed(view: PageView) -> list[Table]:
    """Return tables of each curve's required bandwidth for several qualities; empty if bandwidth was not swept."""
    if view.axis.kind != BANDWIDTH:
        return []
    made = []
    for column, unit in zip(view.quality, ("dB", "MS-SSIM"), strict=True):
        known = [found.value for spots in view.curves.values() for spot in spots if (found := spot.mean(column))]
        wanted = levels(known)
        if not wanted:
            continue
        made.append(
            Table(
                caption=f"kbit/s a stream needed for {'PSNR' if unit == 'dB' else unit}",
                columns=("curve", *(f"{level:g}" + (" dB" if unit == "dB" else "") for level in wanted)),
                rows=[
                    (
                        curve,
                        *(_need(needs(view, curve, column, level), measured(view, curve, column)) for level in wanted),
                    )
                    for curve in view.measured
                ],
                words=frozenset(),
                note="From where on the quality at the receiver is at least this: straight lines between neighbouring "
                "measured points, over the logarithm of x, and never beyond them. In brackets: the 95 % interval over seeds. "
                "≤: reached at the lowest measured already. >: not reached up to there. a … b: somewhere between these two "
                "measured points, too far apart for a line. Intervals end with the measured points: ≤, ≥ where they would go on.",
            )
        )
    return made


def _need(found: Mapping[int, Requirement], ends: Range) -> str:
    own = list(found.values())
    if logs := centre(own):
        return _logarithmic(logs, ends)
    if apart := bracket(own):
        return f"{amount(apart[0])} … {amount(apart[1])}"
    return _uncrossed(own)


def _uncrossed(own: Sequence[Requirement]) -> str:
    """Return a text for a curve if not every seed crosses the level between two points."""
    kinds = {each.kind for each in own}
    values = [each.value for each in own if each.value is not None]
    if kinds == {AT_MOST}:
        return f"≤ {amount(max(values))}"
    if kinds == {NOT_REACHED}:
        return f"> {amount(max(values))}"
    if UNKNOWN not in kinds:
        reached = sum(each.kind != NOT_REACHED for each in own)
        if reached == len(own):
            return f"≤ {amount(max(values))}"
        return f"in {reached} of {counted(len(own), 'seed')}"
    return "not known: a cell is missing"


def _logarithmic(logs: Mean, ends: Range) -> str:
    found = within(logs, *ends)
    if found is None:
        return amount(exp(logs.value))
    low, high = "≤ " * found.low_cut + amount(found.low), "≥ " * found.high_cut + amount(found.high)
    return f"{amount(exp(logs.value))} ({low} to {high})"


def against(view: PageView, anchor: str) -> Table:
    """Return each curve's BD-rates against an anchor."""
    kinds = differences.kinds(view)
    found = differences.against(view, anchor)
    rows = [(curve, *(_difference(each) for each in own)) for curve, own in found.items()]
    reasons: dict[str, list[str]] = {}
    for curve, own in found.items():
        for kind, each in zip(kinds, own, strict=True):
            if each.reason:
                reasons.setdefault(each.reason, []).append(f"{curve} at the {kind.title}")
    missing = "; ".join(f"{listed(where)}: {reason}" for reason, where in reasons.items())
    receiver = (
        "At the receiver: bandwidth offered for equal quality shown, after loss and lateness. "
        if view.axis.kind == BANDWIDTH
        else "Bandwidth was not swept, so there is no rate at the receiver to compare. "
    )
    return Table(
        caption=f"BD-rate against {anchor}",
        columns=("curve", *(kind.title for kind in kinds)),
        rows=rows,
        note=f"Mean change of rate at equal quality: below zero needs less. {receiver}At the encoder: bits per pixel, for equal "
        "quality of the pictures that were decoded. In brackets: the 95 % interval over seeds. "
        + (f"No figure for {missing}." if missing else ""),
    )


def _difference(found: BdRateDifference) -> str:
    if found.percent is None:
        return MISSING
    interval = (
        "" if found.low is None or found.high is None else f" ({signed(found.low, 1)} to {signed(found.high, 1)})"
    )
    few = f", {found.seeds} of {counted(found.of, 'seed')}" if found.seeds < found.of else ""
    return f"{signed(found.percent, 1)} %{interval}{few}"


def absent(readings: SweepSamples) -> Table | None:
    """Return the missing and failed cells; None if there are none."""
    if not readings.absent:
        return None
    failed = [each for each in readings.absent if each.reason]
    rest = [each for each in readings.absent if not each.reason]
    shown = [*failed, *rest][:MOST_ABSENT]
    more = len(readings.absent) - len(shown)
    return Table(
        caption="Cells that are not there",
        columns=("cell", "what became of it"),
        rows=[(_label(each), f"failed: {each.reason}" if each.reason else "missing: it has not been run") for each in shown],
        words=frozenset({"what became of it"}),
        note=f"{more} more are left out here." if more else "",
    )  # fmt: skip


def _label(each: AbsentCell) -> str:
    return f"{each.folder}: {each.point.label}" if each.folder else each.point.label


def ordered_columns(readings: SweepSamples) -> Sequence[str]:
    """Return the columns of all rows, the folder first if there are several."""
    names = dict.fromkeys(name for reading in readings.rows for name in reading.row)
    return (["folder"] if len(readings.grid.folders) > 1 else []) + list(names)
