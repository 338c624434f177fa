"""Figures of the gain of side information against its age and the overlap of views."""

from __future__ import annotations

from collections.abc import Sequence

from simnet.report.figures.figure import SYMBOLS, Dict, Figure, axis, colours, dashes, label, layout
from simnet.report.formatting import FEW
from simnet.report.mean_interval import Mean
from simnet.report.sweeps.figures.curves import reach
from simnet.report.sweeps.samples import AGE_STEP_MS, SweepSamples
from simnet.report.sweeps.views import PageView, gains

_KINDS = (
    ("by_age", "gain-age", "age", "age of the side picture (ms)", f"Means in steps of {AGE_STEP_MS} ms of age."),
    (
        "by_overlap", "gain-overlap", "overlap", "overlap of the views (share)",
        "Overlap: the share of the view that the source saw too, from where the cameras are and look, to the ground or 40 m "
        "ahead; what stands in between is not known. "
        "Of several sources the one that saw most.",
    ),
)  # fmt: skip
Bins = Sequence[tuple[float, Mean, int]]


def gain(readings: SweepSamples, view: PageView) -> list[Figure]:
    """Return figures of the gain against age, and against overlap if the world has camera poses."""
    made = []
    for kind, id_, short, title, note in _KINDS:
        found = list(gains(readings, view, kind))
        if found or any(True for _ in gains(readings, view, "by_age")):
            made.append(_figure(view, found, id_, short, title, note))
    return made


def _figure(view: PageView, found: Sequence[tuple[str, Bins]], id_: str, short: str, title: str, note: str) -> Figure:
    colour, dash = colours(view.curves), dashes(view.curves)
    symbols = {curve: SYMBOLS[index % len(SYMBOLS)] for index, curve in enumerate(view.curves)}
    several = len(view.seeds) > 1
    span, _ = reach([average for _, bins in found for _, average, _ in bins])
    upright = axis("gain in PSNR (dB)", zeroline=True, **({"range": span} if span else {}))
    said = "; ".join(f"{curve}: {bins[0][1].value:+.2f} dB at {bins[0][0]:g} to {bins[-1][1].value:+.2f} dB at {bins[-1][0]:g}"
                     for curve, bins in found)  # fmt: skip
    return Figure(
        id=id_,
        title=f"Gain of side information against its {short}",
        alt=f"Mean PSNR gain against {title}, a curve each. {said or 'Nothing to show'}.",
        data=[_trace(curve, bins, title, colour[curve], dash[curve], symbols[curve]) for curve, bins in found],
        layout=layout(360, xaxis=axis(title), yaxis=upright),
        note=f"{note} All bandwidths together; the same bitstream decoded with and without. "
        + ("Bars: 95 % interval over seeds." if several else "One seed: no interval.")
        + f" Hollow: fewer than {FEW} frames.",
    )  # fmt: skip


def _trace(curve: str, bins: Bins, title: str, colour: str, dash: str, symbol: str) -> Dict:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label(curve),
        "x": [at for at, _, _ in bins],
        "y": [round(average.value, 3) for _, average, _ in bins],
        "customdata": [
            [frames, average.count, average.half_width and round(average.half_width, 3)] for _, average, frames in bins
        ],
        "meta": {"columns": [title, "gain in PSNR (dB)", "frames", "seeds", "95 % half width"]},
        "hovertemplate": "%{y:+.2f} dB at %{x:.3~g}, %{customdata[0]} frames",
        "error_y": {
            "type": "data",
            "array": [average.half_width and round(average.half_width, 3) for _, average, _ in bins],
            "color": colour,
            "thickness": 1,
            "width": 2,
        },
        "line": {"color": colour, "width": 1.6, "dash": dash},
        "marker": {
            "color": colour,
            "size": 7,
            "symbol": [f"{symbol}-open" if frames < FEW else symbol for _, _, frames in bins],
        },
    }
