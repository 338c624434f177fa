"""Figures of quality at the receiver against offered and sent bandwidth."""

from __future__ import annotations

from collections.abc import Sequence

from simnet.report.figures.figure import SYMBOLS, Dict, Figure, axis, colours, dashes, label, layout
from simnet.report.mean_interval import Mean
from simnet.report.sweeps.comparison_grid import BANDWIDTH, CATEGORY, SINGLE
from simnet.report.sweeps.sweep_formatting import amount, place
from simnet.report.sweeps.views import CurvePoint, PageView

_MEASURES = (("psnr", "PSNR (dB)", "PSNR", 3), ("ms-ssim", "MS-SSIM", "MS-SSIM", 5))
_WIDE = 4
"""Minimum ratio of an axis's ends for a logarithmic scale."""


def curves(view: PageView) -> list[Figure]:
    """Return figures of PSNR and MS-SSIM against offered bandwidth (or the swept key), then against sent bandwidth."""
    made = []
    for against in ("offered", "sent"):
        for index, (name, title, short, digits) in enumerate(_MEASURES):
            where = "at the receiver" if view.quality[index].startswith("shown") else "of decoded pictures"
            made.append(
                curve_figure(view, f"{name}-{against}", against, view.quality[index], (title, short, where), digits)
            )
    return made


def curve_figure(
    view: PageView, id_: str, against: str, column: str, titles: tuple[str, str, str], digits: int
) -> Figure:
    """Return a column's curves against bandwidth, `offered` or `sent`; `titles` are of the axis, of the figure, and where."""
    where = titles[2]
    offered = against == "offered"
    x_title = view.axis.title if offered else "bandwidth spent (kbit/s a stream)"
    data: list[Dict] = []
    colour, dash = colours(view.curves), dashes(view.curves)
    for index, (curve, spots) in enumerate(view.curves.items()):
        style: Dict = {"color": colour[curve], "dash": dash[curve], "symbol": SYMBOLS[index % len(SYMBOLS)]}
        points = [(spot, _x(spot, offered), spot.mean(column)) for spot in spots]
        if offered and view.axis.kind not in {CATEGORY, SINGLE}:
            data += _band(points, curve, style)
        data.append(_line(points, curve, style, (x_title, titles[0]), digits, bars=not offered or not view.has_scale))
    span, cut = reach([found for spots in view.curves.values() for spot in spots if (found := spot.mean(column))])
    if span and titles[1] == "MS-SSIM":
        span = span[0], min(span[1], 1.005)
    swept = "bandwidth offered" if view.axis.kind in {BANDWIDTH, SINGLE} else view.axis.key
    return Figure(
        id=id_,
        title=f"{titles[1]} {where} against {swept if offered else 'bandwidth spent'}",
        alt=_alt(view, column, titles, swept if offered else "bandwidth spent", digits),
        data=data,
        layout=layout(
            400,
            xaxis=_axis(view, x_title, offered, data),
            yaxis=axis(titles[0], hoverformat=f".{digits}f", **({"range": span} if span else {})),
        ),
        note=_note(view, "Bands" if offered and view.has_scale else "Bars", cut=cut),
    )


def reach(found: Sequence[Mean]) -> tuple[tuple[float, float] | None, bool]:
    """Return the axis range for these means, and whether it cuts off a wide interval that would dwarf the rest."""
    if not found:
        return None, False
    low, high = min(each.value for each in found), max(each.value for each in found)
    ends = [(each.low or each.value, each.high or each.value) for each in found]
    most = 0.6 * (high - low) or 1.0
    below, above = low - min(end for end, _ in ends), max(end for _, end in ends) - high
    pad = 0.06 * (high - low) or 0.5
    return (low - min(below, most) - pad, high + min(above, most) + pad), below > most or above > most


def _note(view: PageView, marks: str, *, cut: bool) -> str:
    if len(view.seeds) < 2:
        return "One seed: no interval can be given."
    more = " Wider ones are cut off by the plot's edge." if cut else ""
    return f"{marks}: 95 % interval of the mean over {len(view.seeds)} seeds (Student's t).{more}"


Points = Sequence[tuple[CurvePoint, float | str | None, Mean | None]]


def _x(spot: CurvePoint, offered: bool) -> float | str | None:
    if offered:
        return spot.x
    sent = spot.mean("sent_kbit_s")
    return sent.value if sent else None


def _line(points: Points, curve: str, style: Dict, titles: tuple[str, str], digits: int, *, bars: bool) -> Dict:
    # A point without a sample stays, without a value, so that the line breaks there.
    partial = [spot.asked > len(spot.samples) for spot, _, _ in points]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label(curve),
        "legendgroup": label(curve),
        "connectgaps": False,
        "x": [round(x, 3) if isinstance(x, float) else x for _, x, _ in points],
        "y": [found and round(found.value, digits) for _, _, found in points],
        "customdata": [
            [_end(found, "low", digits), _end(found, "high", digits), found.count if found else 0, spot.asked]
            for spot, _, found in points
        ],
        "meta": {"columns": [titles[0], titles[1], "95 % low", "95 % high", "seeds", "seeds asked for"]},
        "hovertemplate": f"%{{y:.{digits}f}} [%{{customdata[0]}}, %{{customdata[1]}}]<br>%{{x:.4~g}}, "
        "%{customdata[2]} of %{customdata[3]} seeds",
        "line": {"color": style["color"], "width": 2.2, "dash": style["dash"]},
        "marker": {
            "size": 8,
            "color": style["color"],
            "symbol": [f"{style['symbol']}-open" if part else style["symbol"] for part in partial],
        },
        **(
            {
                "error_y": {
                    "type": "data",
                    "array": [found and found.half_width and round(found.half_width, digits) for _, _, found in points],
                    "color": style["color"],
                    "thickness": 1.2,
                    "width": 3,
                }
            }
            if bars
            else {}
        ),
    }


def _band(points: Points, curve: str, style: Dict) -> list[Dict]:
    """Return the interval as filled outlines, one for each stretch of neighbouring points that have one."""
    stretches: list[list[tuple[float, float, float]]] = [[]]
    for _, x, found in points:
        if isinstance(x, float) and found and found.low is not None and found.high is not None:
            stretches[-1].append((x, found.low, found.high))
        elif stretches[-1]:
            stretches.append([])
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": label(curve),
            "legendgroup": label(curve),
            "showlegend": False,
            "hoverinfo": "skip",
            "x": [round(x, 3) for x, _, _ in own] + [round(x, 3) for x, _, _ in reversed(own)],
            "y": [round(low, 5) for _, low, _ in own] + [round(high, 5) for _, _, high in reversed(own)],
            "fill": "toself",
            "fillcolor": _faint(style["color"]),
            "line": {"width": 0},
            "meta": {"skip": True},
        }
        for own in stretches
        if len(own) > 1
    ]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def _end(found: Mean | None, name: str, digits: int) -> float | None:
    end = getattr(found, name) if found else None
    return None if end is None else round(end, digits)


def _axis(view: PageView, title: str, offered: bool, data: Sequence[Dict]) -> Dict:
    xs = sorted({x for trace in data for x in trace["x"] if isinstance(x, float)})
    if offered and view.axis.kind == CATEGORY:
        return axis(
            title, type="category", categoryorder="array", categoryarray=[s or "not set" for s in view.axis.settings]
        )
    if not xs:
        return axis(title)
    more: Dict = {"hoverformat": ".4~g"}
    if xs[0] > 0 and xs[-1] / xs[0] >= _WIDE:
        more["type"] = "log"
        ticks = xs if offered and len(xs) <= 12 else _ticks(xs[0], xs[-1])
        more |= {"tickmode": "array", "tickvals": ticks, "ticktext": [amount_or_plain(x) for x in ticks]}
    elif offered and len(xs) <= 8 and view.axis.kind != BANDWIDTH:
        more |= {"tickmode": "array", "tickvals": xs}
    return axis(title, **more)


def amount_or_plain(x: float) -> str:
    """Return the shortest text of a tick."""
    return f"{x:g}" if x == round(x, 3) and x < 10_000 else amount(x)


def _ticks(low: float, high: float) -> list[float]:
    return [
        base * 10**power for power in range(-3, 9) for base in (1, 2, 5) if low / 1.3 <= base * 10**power <= high * 1.3
    ]


def _alt(view: PageView, column: str, titles: tuple[str, str, str], swept: str, digits: int) -> str:
    said = []
    for curve, spots in view.curves.items():
        found = [(spot, value) for spot in spots if (value := spot.mean(column))]
        if found:
            ends = [found[0], found[-1]] if len(found) > 1 else found
            said.append(
                f"{curve}: "
                + " to ".join(
                    f"{value.value:.{digits}f} at {place(view.axis, spot.x, spot.setting)}" for spot, value in ends
                )
            )
    return f"{titles[1]} {titles[2]} against {swept}, a curve each. {'; '.join(said) or 'no cell has been run'}."
