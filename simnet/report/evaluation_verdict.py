"""Verdict of an evaluation in words: which codec needs fewer bits, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simnet.report.evaluation_result import BjontegaardDifference, EvaluationResult, MetricWords
from simnet.report.formatting import FEW

_STRONGEST = {"hevc-intra+fuse": 0, "hevc-intra": 1}
"""Rivals that every evaluation has, in order; how they compare with each other is no finding."""
MOST = 8
"""Most codecs that are compared in words; the tables have all."""


def sentences(result: EvaluationResult) -> list[str]:
    """Return what the differences support, against each anchor, and what limits it."""
    found: list[str] = []
    said: set[frozenset[str]] = set()
    # The strongest rival first: what is said of it matters most.
    anchors = sorted(result["anchors"], key=lambda anchor: _STRONGEST.get(anchor, len(_STRONGEST)))
    for anchor in anchors:
        for codec in list(result["points"])[:MOST]:
            pair = frozenset((codec, anchor))
            if codec != anchor and pair not in said and not pair <= set(_STRONGEST):
                said.add(pair)
                found += _compared(result, codec, anchor)
    return [*found, *_tasks(result, anchors), *_limits(result)]


def _tasks(result: EvaluationResult, anchors: Sequence[str]) -> Iterator[str]:
    """Yield, for the first figure of each task, the bits that codecs need against the strongest anchor for equal results."""
    firsts: dict[str, MetricWords] = {}
    for words in result.get("metrics") or ():
        if task := words.get("task"):
            firsts.setdefault(task, words)
    anchor = anchors[0]
    for words in firsts.values():
        for codec in list(result["points"])[:MOST]:
            own = result["comparisons"][anchor][codec].get(f"bd_rate_{words['key'].removesuffix('_db')}")
            if codec == anchor or own is None:
                continue
            where = _where(result.get("rates"))
            if own["value"] is None:
                yield f"{words['title']}, {codec} against {anchor}{where}: no figure, {own['reason']}."
            elif _is_sure(own):
                much = f"{abs(own['value']):.1f} % {'fewer' if own['value'] < 0 else 'more'} bits"
                yield f"{words['title']}: {codec} needs {much} than {anchor} for equal results{where}."
            else:
                yield f"{words['title']}: no difference in bits is sure between {codec} and {anchor}{where}."


def _compared(result: EvaluationResult, codec: str, anchor: str) -> Iterator[str]:
    own = result["comparisons"][anchor][codec]
    rate, quality = own["bd_rate_psnr"], own["bd_psnr"]
    where = _where(result.get("rates"))
    if rate["value"] is None:
        yield f"{codec} against {anchor}{where}: no figure, {rate['reason']}."
    elif _is_sure(rate):
        less = rate["value"] < 0
        ends = sorted(abs(end) for end in (rate.get("interval_low"), rate.get("interval_high")) if end is not None)
        said = f" (95 % interval {ends[0]:.1f} to {ends[1]:.1f} %)" if ends else ""
        much = f"{abs(rate['value']):.1f} % {'fewer' if less else 'more'} bits"
        yield f"{codec} needs {much} than {anchor} at equal PSNR{said}{where}."
    else:
        low, high = rate.get("interval_low"), rate.get("interval_high")
        said = "" if low is None or high is None else f", 95 % interval {low:+.1f} to {high:+.1f} %"
        yield f"No difference in bits is sure between {codec} and {anchor} at equal PSNR ({rate['value']:+.1f} %{said}){where}."
    if quality["value"] is not None:
        low, high = quality.get("interval_low"), quality.get("interval_high")
        said = "" if low is None or high is None else f" (95 % interval {low:+.2f} to {high:+.2f} dB)"
        sure = "" if _is_sure(quality) else ", which is not sure"
        between = _where(result.get("psnr_rates"))
        yield f"At equal rate {codec} has {quality['value']:+.2f} dB of PSNR against {anchor}{said}{between}{sure}."


def _is_sure(delta: BjontegaardDifference) -> bool:
    """Return whether the interval excludes zero; without an interval, whether the difference is none of rounding."""
    low, high = delta.get("interval_low"), delta.get("interval_high")
    if low is None or high is None:
        return abs(delta["value"] or 0.0) >= 0.05
    return low > 0 or high < 0


def _where(rates: object) -> str:
    return (
        f", over {rates[0]:g} to {rates[1]:g} bpp"
        if isinstance(rates, list | tuple)
        else ", over the rates that both have"
    )


def _limits(result: EvaluationResult) -> Iterator[str]:
    about = result.get("bootstrap")
    if about is None:
        yield "Without a bootstrap there are no intervals: take small differences for none."
    elif about["drives"] == 1:
        yield "All pictures are of one drive: the intervals say how pictures of it differ, not drives."
    if result["pictures"] < FEW:
        yield f"A small sample, {result['pictures']} picture{'s' * (result['pictures'] != 1)}: intervals are rough."
