"""Rate-distortion curves of an evaluation, with the controls that say whether side information is what helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simnet.report.figures.figure import SYMBOLS, Dict, Figure, axis, colours, label, layout

_CONTROLS = {"none": ("dash", "without side information"), "unrelated": ("dot", "with unrelated side information")}
_MEASURES = (("psnr_db", "PSNR (dB)", "PSNR"), ("ms_ssim", "MS-SSIM", "MS-SSIM"))

Points = Sequence[Mapping[str, float]]


def curves(points: Mapping[str, Points], controls: Mapping[str, Mapping[str, Points]], pictures: int) -> list[Figure]:
    """Return PSNR and MS-SSIM against bits per pixel, a curve a codec; its controls in its colour, dashed and dotted."""
    figures: list[Figure] = []
    for key, title, name in _MEASURES:
        colour = colours(points)
        data: list[Dict] = []
        for index, (codec, own) in enumerate(points.items()):
            line = {"color": colour[codec], "width": 2.2}
            marker = {"size": 8, "symbol": SYMBOLS[index % len(SYMBOLS)]}
            data.append(_curve(codec, own, key) | {"mode": "lines+markers", "line": line, "marker": marker})
        for codec, kinds in controls.items():
            for kind, own in kinds.items():
                dash, words = _CONTROLS.get(kind, ("dashdot", kind))
                line = {"color": colour.get(codec, "#7d8590"), "width": 1.6, "dash": dash}
                data.append(_curve(f"{codec} {words}", own, key) | {"mode": "lines", "line": line})
        said = "; ".join(_span(codec, own, key) for codec, own in points.items() if own)
        figures.append(
            Figure(
                id=f"curve-{key.replace('_', '-')}",
                title=f"{name} against rate",
                alt=f"{name} against bits per pixel, a curve a codec over {pictures} pictures. {said}.",
                data=data,
                layout=layout(460, xaxis=axis("bits per pixel", rangemode="tozero"), yaxis=axis(title)),
                note=f"Means over {pictures} pictures, from real bytes.",
            )
        )
    return figures


def _curve(name: str, points: Points, key: str) -> Dict:
    ordered = sorted(points, key=lambda point: point["bpp"])
    return {
        "type": "scatter",
        "name": label(name),
        "x": [round(point["bpp"], 5) for point in ordered],
        "y": [point.get(key) for point in ordered],
        "customdata": [point.get("quality") for point in ordered],
        "hovertemplate": "%{y:.4~f} at %{x:.4f} bpp, quality %{customdata:.2f}",
    }


def _span(codec: str, points: Points, key: str) -> str:
    ordered = sorted(points, key=lambda point: point["bpp"])
    first, last = ordered[0], ordered[-1]
    return f"{codec}: {first.get(key, '-')} at {first['bpp']:.3f} bpp to {last.get(key, '-')} at {last['bpp']:.3f} bpp"
