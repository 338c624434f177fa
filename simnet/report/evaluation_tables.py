"""Tables of an evaluation with text cells, shared by the page and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simnet.report.evaluation_result import (
    BjontegaardDifference,
    BjontegaardDifferences,
    EvaluationResult,
    MetricWords,
)
from simnet.report.figures.rate_distortion import Points
from simnet.report.formatting import (
    MISSING,
    number,
    percent,
    signed,
)
from simnet.report.run_tables import Table

Measure = tuple[str, str, str, int, int, str]
"""Key, title, unit and decimals of the value, decimals and unit of the interval that it averages over."""
MEASURES: tuple[Measure, ...] = (
    ("bd_rate_psnr", "BD-rate, PSNR", " %", 1, 2, " dB"),
    ("bd_rate_ms_ssim", "BD-rate, MS-SSIM", " %", 1, 4, ""),
    ("bd_psnr", "BD-PSNR", " dB", 2, 3, " bpp"),
)
"""Measures of every evaluation."""
MOST_ANCHORS = 3
"""Most anchors that have a table of their own; a table a measure has all of them."""
_STANDARD: tuple[MetricWords, ...] = (
    {"key": "psnr_db", "title": "PSNR", "unit": "dB", "digits": 2, "higher_is_better": True},
    {"key": "ms_ssim", "title": "MS-SSIM", "unit": "", "digits": 4, "higher_is_better": True},
)
_WAYS = {"with": "its own", "none": "none", "unrelated": "unrelated"}
_SIDE = "side information"
_OVER = "over"
_MEANS = (
    "BD-rate is the mean change of rate at equal quality (below zero needs fewer bits), BD-PSNR that of quality at equal rate; "
    "MS-SSIM is taken as it is, not in dB. Over: the interval of the mean, and how much of the anchor's own that is, if not all."
)
_COMPLEXITY = (
    "Parameters and multiplications (thousands a pixel) are those of the networks' graphs; codecs without networks have "
    "none, and optical flow and range coding are in the times alone. Times: one picture on this machine with one thread, "
    "the fastest of three; decoding with a side picture if the codec uses one."
)


def comparisons(result: EvaluationResult) -> Iterator[Table]:
    """Yield the differences to each anchor; with several anchors, also a table of every codec against every anchor."""
    further = _further(result)
    for anchor in result["anchors"][:MOST_ANCHORS]:
        yield _against(result, anchor, MEASURES, "")
        if further:
            yield _against(result, anchor, further, ", further metrics")
    for key, title, unit, digits, *_ in (*MEASURES, *further) if len(result["anchors"]) > 1 else ():
        found = result["comparisons"]
        rows = [
            (codec, *(_value(found[anchor][codec][key], unit, digits) for anchor in result["anchors"]))
            for codec in result["points"]
        ]
        yield Table(caption=f"{title}, row against column", columns=("codec", *result["anchors"]), rows=rows)


def complexity(result: EvaluationResult) -> Table | None:
    """Return what each codec costs; None if it was not measured."""
    found = result.get("complexity")
    if not found:
        return None
    rows = [
        (
            codec,
            MISSING if own["parameters"] is None else f"{own['parameters'] / 1e6:.2f} M",
            *(number(own[key], 1) for key in ("encode_kmac", "decode_kmac", "encode_ms", "decode_ms")),
        )
        for codec, own in found.items()
    ]
    columns = ("codec", "parameters", "encode kMAC/pixel", "decode kMAC/pixel", "encode ms", "decode ms")
    return Table("Complexity", columns, rows, note=_COMPLEXITY)


def side_information(result: EvaluationResult) -> Table | None:
    """Return the gain of side information over the same decoder without it; None if no codec uses side information."""
    rows = [
        (codec, _WAYS[way], *_cells(own, MEASURES))
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
    columns = ("codec", _SIDE, *_titles(MEASURES))
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
    metrics = result.get("metrics") or _STANDARD
    rows = [
        (codec, way, number(point.get("quality"), 2), number(point["bpp"], 4), *(_at(point, each) for each in metrics))
        for codec, way, own in _every(result)
        for point in sorted(own, key=lambda point: point["bpp"])
    ]
    titles = [f"{each['title']} {each['unit']}".strip() for each in metrics]
    columns = ("codec", _SIDE, "quality", "bpp", *titles)
    return Table("Points", columns, rows, words=frozenset({_SIDE}))


def _at(point: Mapping[str, float], metric: MetricWords) -> str:
    """Return a metric at a point, with its interval."""
    key, digits = metric["key"], metric["digits"]
    low, high = point.get(f"{key}_low"), point.get(f"{key}_high")
    ends = "" if low is None or high is None else f" ({number(low, digits)} to {number(high, digits)})"
    return number(point.get(key), digits) + ends


def _further(result: EvaluationResult) -> tuple[Measure, ...]:
    """Return the BD-rates of the metrics besides PSNR and MS-SSIM."""
    return tuple(
        (f"bd_rate_{each['key'].removesuffix('_db')}", f"BD-rate, {each['title']}", " %", 1, each["digits"],
         f" {each['unit']}".rstrip())
        for each in (result.get("metrics") or ())[len(_STANDARD):]
        if each.get("compared", True)
    )  # fmt: skip


def _against(result: EvaluationResult, anchor: str, measures: Sequence[Measure], more: str) -> Table:
    own = result["comparisons"][anchor]
    empty = (MISSING,) * (2 * len(measures))
    rows = [
        (f"{codec} (anchor)", *empty) if codec == anchor else (codec, *_cells(own[codec], measures))
        for codec in result["points"]
    ]
    return Table(
        f"Against {anchor}{_within(result)}{more}",
        ("codec", *_titles(measures)),
        rows,
        note=(_MEANS + _drawn(result)) * (anchor == result["anchor"] and not more)
        + _reasons({c: deltas for c, deltas in own.items() if c != anchor}, measures),
    )


def _within(result: EvaluationResult) -> str:
    rates, above = result.get("rates"), result.get("psnr_rates")
    if not rates:
        return ""
    first = f", where the anchor takes {rates[0]:g} to {rates[1]:g} bpp"
    return first if not above or list(above) == list(rates) else f"{first} (BD-PSNR: {above[0]:g} to {above[1]:g} bpp)"


def _drawn(result: EvaluationResult) -> str:
    about = result.get("bootstrap")
    if about is None:
        return ""
    of = f"{about['drives']} drives and their pictures" if about["drives"] > 1 else "pictures of one drive"
    return f" In brackets: the 95 % interval of {about['replicates']} bootstrap replicates over {of} ({about['pairs']} pairs)."


def _titles(measures: Sequence[Measure]) -> tuple[str, ...]:
    return tuple(text for _, title, *_ in measures for text in (title, _OVER))


def _cells(own: BjontegaardDifferences, measures: Sequence[Measure]) -> Iterator[str]:
    for key, _, unit, digits, span_digits, span_unit in measures:
        delta = own[key]
        yield _value(delta, unit, digits)
        if delta["value"] is None:
            yield MISSING
            continue
        share = delta["share"]
        part = f" ({100 * share:.0f} %)" if share is not None and share < 0.995 else ""
        # A metric of which less is better is compared with its sign turned.
        low, high = sorted(abs(end) for end in (delta["low"] or 0.0, delta["high"] or 0.0))
        yield f"{number(low, span_digits)} to {number(high, span_digits)}{span_unit}{part}"


def _value(delta: BjontegaardDifference, unit: str, digits: int) -> str:
    if delta["value"] is None:
        return MISSING
    low, high = delta.get("interval_low"), delta.get("interval_high")
    ends = "" if low is None or high is None else f" ({signed(low, digits)} to {signed(high, digits)})"
    return f"{signed(delta['value'], digits)}{unit}{ends}"


def _percent(value: float | None) -> str:
    return MISSING if value is None else f"{signed(value, 1)} %"


def _reasons(own: Mapping[str, BjontegaardDifferences], measures: Sequence[Measure] = MEASURES) -> str:
    """Return the reasons for missing differences as sentences."""
    found = [
        f" {codec}: no {title}, {deltas[key]['reason']}."
        for codec, deltas in own.items()
        for key, title, *_ in measures
        if deltas[key]["reason"]
    ]
    return "".join(found)


def _every(result: EvaluationResult) -> Iterator[tuple[str, str, Points]]:
    controls: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]] = result.get("controls") or {}
    for codec, own in result["points"].items():
        yield codec, _WAYS["with" if codec in controls else "none"], own
        for kind, points_ in controls.get(codec, {}).items():
            yield codec, _WAYS.get(kind, kind), points_
