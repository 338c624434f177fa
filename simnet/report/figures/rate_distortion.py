"""Rate-distortion curves of an evaluation, with two controls: no side information, and unrelated pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simnet.report.figures.figure import NEUTRAL, SYMBOLS, Dict, Figure, axis, colours, dashes, label, layout

_CONTROLS = {"none": ("dash", "without side information"), "unrelated": ("dot", "with unrelated side information")}
_MEASURES = (("psnr_db", "PSNR (dB)", "PSNR"), ("ms_ssim", "MS-SSIM", "MS-SSIM"))

_OF_PUBLISHED = (
    " Published rates of ATN, NDIC and DSIN are sums of log-likelihoods, not bytes;"
    " their PSNR is of pictures before clipping."
)
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

Points = Sequence[Mapping[str, float]]
Published = Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]
"""Published points: metric -> title -> (bpp, value)."""


def curves(
    points: Mapping[str, Points],
    controls: Mapping[str, Mapping[str, Points]],
    pictures: int,
    published: Published | None = None,
    published_words: str = "published",
    metrics: Sequence[tuple[str, str, str]] = (),
) -> list[Figure]:
    """Return PSNR and MS-SSIM against bits per pixel, one curve for each codec; its controls have its colour, dashed and dotted.

    `published` points are grey and have open markers; `published_words` follow their titles. `metrics` are further ones: key,
    title of the axis, name.
    """
    figures: list[Figure] = []
    for key, title, name in (*_MEASURES, *metrics):
        data = _measured(points, controls, key) + _published((published or {}).get(key, {}), published_words)
        said = "; ".join(_span(codec, own, key) for codec, own in points.items() if own)
        more = _intervals(points, key) + (_OF_PUBLISHED if published else "")
        figures.append(
            Figure(
                id=f"curve-{key.replace('_', '-')}",
                title=f"{name} against rate",
                alt=f"{name} against bits per pixel, a curve a codec over {pictures} pictures. {said}.",
                data=data,
                layout=layout(
                    360 + 20 * len(data),
                    xaxis=axis("bits per pixel", type="log", tickvals=_TICKS),
                    yaxis=axis(title),
                    updatemenus=[_scales()],
                ),
                note=f"Means over {pictures} pictures, from real bytes.{more}",
            )
        )
    return figures


def _measured(points: Mapping[str, Points], controls: Mapping[str, Mapping[str, Points]], key: str) -> list[Dict]:
    colour, dash = colours(points), dashes(points)
    data: list[Dict] = []
    for index, (codec, own) in enumerate(points.items()):
        line = {"color": colour[codec], "width": 2.2, "dash": dash[codec]}
        marker = {"size": 7, "symbol": SYMBOLS[index % len(SYMBOLS)]}
        data += _band(codec, own, key, colour[codec])
        data.append(_curve(codec, own, key) | {"mode": "lines+markers", "line": line, "marker": marker})
    for codec, kinds in controls.items():
        for kind, own in kinds.items():
            style, words = _CONTROLS.get(kind, ("dashdot", kind))
            line = {"color": colour.get(codec, NEUTRAL), "width": 1.6, "dash": style}
            data.append(_curve(f"{codec} {words}", own, key) | {"mode": "lines", "line": line})
    return data


def _band(codec: str, points: Points, key: str, colour: str) -> list[Dict]:
    """Return the interval of a curve as a filled outline; nothing if a point has none."""
    ordered = sorted(points, key=lambda point: point["bpp"])
    if not all(f"{key}_low" in point for point in ordered) or len(ordered) < 2:
        return []
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    x = [round(point["bpp"], 5) for point in ordered]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": label(codec),
            "legendgroup": label(codec),
            "showlegend": False,
            "hoverinfo": "skip",
            "x": [*x, *reversed(x)],
            "y": [*(p[f"{key}_low"] for p in ordered), *(p[f"{key}_high"] for p in reversed(ordered))],
            "fill": "toself",
            "fillcolor": f"rgba({red},{green},{blue},0.1)",
            "line": {"width": 0},
            "meta": {"skip": True},
        }
    ]


def _intervals(points: Mapping[str, Points], key: str) -> str:
    has = any(f"{key}_low" in point for own in points.values() for point in own)
    return (
        " Bands: 95 % intervals of the bootstrap; curves of the same pictures move together, so bands may overlap."
        if has
        else ""
    )


def _published(curves: Mapping[str, Sequence[tuple[float, float]]], words: str) -> list[Dict]:
    return [
        {
            "type": "scatter",
            "name": label(f"{title}, {words}"),
            "x": [bpp for bpp, _ in points],
            "y": [value for _, value in points],
            "mode": "lines+markers",
            "line": {"color": NEUTRAL, "width": 1, "dash": "dot"},
            "marker": {"size": 9, "symbol": f"{SYMBOLS[index % len(SYMBOLS)]}-open", "color": NEUTRAL},
            "hovertemplate": "%{y:.4~f} at %{x:.2f} bpp, published",
        }
        for index, (title, points) in enumerate(curves.items())
    ]


def _scales() -> Dict:
    """Return buttons that make the rate axis logarithmic (the default, because BD-rates use logarithmic rates) or linear."""
    buttons = [
        {
            "label": name,
            "method": "relayout",
            "args": [{"xaxis.type": kind, "xaxis.tickmode": ticks, "xaxis.autorange": True}],
        }
        for name, kind, ticks in (("logarithmic", "log", "array"), ("linear", "linear", "auto"))
    ]
    place = {"x": 1, "y": 0.02, "xanchor": "right", "yanchor": "bottom", "direction": "left", "font": {"size": 11}}
    return {"type": "buttons", "buttons": buttons, "showactive": False, "pad": {"r": 4}, **place}


def _curve(name: str, points: Points, key: str) -> Dict:
    ordered = sorted(points, key=lambda point: point["bpp"])
    return {
        "type": "scatter",
        "name": label(name),
        "legendgroup": label(name),
        "x": [round(point["bpp"], 5) for point in ordered],
        "y": [point.get(key) for point in ordered],
        "customdata": [point.get("quality") for point in ordered],
        "hovertemplate": "%{y:.4~f} at %{x:.4f} bpp, quality %{customdata:.2f}",
    }


def _span(codec: str, points: Points, key: str) -> str:
    ordered = sorted(points, key=lambda point: point["bpp"])
    first, last = ordered[0], ordered[-1]
    return f"{codec}: {first.get(key, '-')} at {first['bpp']:.3f} bpp to {last.get(key, '-')} at {last['bpp']:.3f} bpp"
