"""Tables of an evaluation with text cells, shared by the page and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simnet.report.evaluation_result import BjontegaardDifference, BjontegaardDifferences, EvaluationResult
from simnet.report.figures.rate_distortion import Points
from simnet.report.formatting import (
    MISSING,
    number,
    percent,
    signed,
)
from simnet.report.run_tables import Table

MEASURES = (
    ("bd_rate_psnr", "BD-rate, PSNR", " %", 1, 2, " dB"),
    ("bd_rate_ms_ssim", "BD-rate, MS-SSIM", " %", 1, 4, ""),
    ("bd_psnr", "BD-PSNR", " dB", 2, 3, " bpp"),
)
"""Columns: key, title, unit and decimals of the value, decimals and unit of the interval that it averages over."""
_WAYS = {"with": "its own", "none": "none", "unrelated": "unrelated"}
_SIDE = "side information"
_OVER = "over"
_MEANS = (
    "BD-rate is the mean change of rate at equal quality (below zero needs fewer bits), BD-PSNR that of quality at equal rate; "
    "MS-SSIM is taken as it is, not in dB. Over: the interval of the mean, and how much of the anchor's own that is, if not all."
)


def comparisons(result: EvaluationResult) -> Iterator[Table]:
    """Yield the differences to the main anchor; with several anchors, also a table of every codec against every anchor."""
    yield _against(result)
    for key, title, unit, digits, *_ in MEASURES if len(result["anchors"]) > 1 else ():
        found = result["comparisons"]
        rows = [
            (codec, *(_value(found[anchor][codec][key], unit, digits) for anchor in result["anchors"]))
            for codec in result["points"]
        ]
        yield Table(caption=f"{title}, row against column", columns=("codec", *result["anchors"]), rows=rows)


def side_information(result: EvaluationResult) -> Table | None:
    """Return the gain of side information over the same decoder without it; None if no codec uses side information."""
    rows = [
        (codec, _WAYS[way], *_cells(own))
        for codec, ways in (result.get("side_information") or {}).items()
        for way, own in ways.items()
    ]
    if not rows:
        return None
    note = "Against the same bitstreams decoded without side information."
    if unrelated := result.get("unrelated"):
        note += f" Unrelated: {unrelated}."
    note += _reasons({f"{codec}, {_WAYS[way]}": own for codec, ways in (result.get("side_information") or {}).items()
                      for way, own in ways.items()})  # fmt: skip
    columns = ("codec", _SIDE, *_titles())
    return Table("Gain of side information", columns, rows, words=frozenset({_SIDE}), note=note)


def offsets(result: EvaluationResult) -> Table | None:
    """Return the gain by offset in time; None if only one offset was measured."""
    rows = [
        (
            codec,
            str(row["offset"]),
            str(row["pictures"]),
            signed(row["gain_db"]),
            percent(row["kept"], 1, 0),
            signed(row["gain_ms_ssim"], 4),
            *(_percent(row["bd_rate"][metric]) for metric in ("psnr", "ms_ssim")),
        )
        for codec, own in (result.get("offsets") or {}).items()
        for row in own
    ]  # fmt: skip
    if not rows:
        return None
    return Table(
        caption="Side information of another time",
        columns=("codec", "offset, frames", "pictures", "gain dB", "of that at 0", "gain MS-SSIM", "rate, PSNR", "rate, MS-SSIM"),
        rows=rows,
        note="Against the same bitstreams decoded without side information, over the pictures that have a side picture so many "
        "frames later; the share of the gain at offset 0 is of the same pictures.",
    )  # fmt: skip


def points(result: EvaluationResult) -> Table:
    """Return every point of every curve."""
    rows = [
        (codec, way, number(point.get("quality"), 2), number(point["bpp"], 4), *_quality(point))
        for codec, way, own in _every(result)
        for point in sorted(own, key=lambda point: point["bpp"])
    ]
    columns = ("codec", _SIDE, "quality", "bpp", "PSNR dB", "MS-SSIM")
    return Table("Points", columns, rows, words=frozenset({_SIDE}))


def _against(result: EvaluationResult) -> Table:
    anchor, rates = result["anchor"], result.get("rates")
    own = result["comparisons"][anchor]
    within = f", where the anchor takes {rates[0]:g} to {rates[1]:g} bpp" if rates else ""
    rows = [
        (codec, *(("anchor",) + (MISSING,) * 5 if codec == anchor else _cells(own[codec])))
        for codec in result["points"]
    ]
    return Table(
        f"Against {anchor}{within}",
        ("codec", *_titles()),
        rows,
        note=_MEANS + _reasons({codec: deltas for codec, deltas in own.items() if codec != anchor}),
    )


def _titles() -> tuple[str, ...]:
    return tuple(text for _, title, *_ in MEASURES for text in (title, _OVER))


def _cells(own: BjontegaardDifferences) -> Iterator[str]:
    for key, _, unit, digits, span_digits, span_unit in MEASURES:
        delta = own[key]
        yield _value(delta, unit, digits)
        if delta["value"] is None:
            yield MISSING
            continue
        share = delta["share"]
        part = f" ({100 * share:.0f} %)" if share is not None and share < 0.995 else ""
        yield f"{number(delta['low'], span_digits)} to {number(delta['high'], span_digits)}{span_unit}{part}"


def _value(delta: BjontegaardDifference, unit: str, digits: int) -> str:
    return MISSING if delta["value"] is None else f"{signed(delta['value'], digits)}{unit}"


def _percent(value: float | None) -> str:
    return MISSING if value is None else f"{signed(value, 1)} %"


def _reasons(own: Mapping[str, BjontegaardDifferences]) -> str:
    """Return the reasons for missing differences as sentences."""
    found = [
        f" {codec}: no {title}, {deltas[key]['reason']}."
        for codec, deltas in own.items()
        for key, title, *_ in MEASURES
        if deltas[key]["reason"]
    ]
    return "".join(found)


def _quality(point: Mapping[str, float]) -> tuple[str, str]:
    return number(point.get("psnr_db"), 2), number(point.get("ms_ssim"), 4)


def _every(result: EvaluationResult) -> Iterator[tuple[str, str, Points]]:
    controls: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]] = result.get("controls") or {}
    for codec, own in result["points"].items():
        yield codec, _WAYS["with" if codec in controls else "none"], own
        for kind, points_ in controls.get(codec, {}).items():
            yield codec, _WAYS.get(kind, kind), points_
