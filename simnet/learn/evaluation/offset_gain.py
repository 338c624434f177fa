"""Gain by side information as a function of its offset in frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simnet.bd_rate import Rates, bd_rate
from simnet.learn.evaluation.evaluation_rows import PictureScore, curve, decoded


def gains(scores: Sequence[PictureScore], offsets: Sequence[int], rates: Rates | None) -> list[dict[str, Any]]:
    """Gain of one codec at every offset, over the pictures that have a side picture at that offset.

    A gain compares the same bitstreams decoded with and without side information, hence at equal rate, and is a mean over
    pictures and settings. `kept` is the ratio of the gain in dB to that at offset 0 *of the same pictures*; None if offset 0
    was not requested or has no gain. `bd_rate` (psnr, ms_ssim; percent) is the BD-rate of the curve with side information
    against the curve without it.
    """
    table = {(score.key, score.model, score.quality, score.way, score.offset): score for score in scores}
    return [row for offset in offsets if (row := _row(table, scores, offset, rates)) is not None]


def _row(
    table: dict[tuple, PictureScore], scores: Sequence[PictureScore], offset: int, rates: Rates | None
) -> dict[str, Any] | None:
    own = decoded(scores, "with", offset)
    if not own:
        return None
    places = [(score.key, score.model, score.quality) for score in own]
    alone = [table[*place, "none", 0] for place in places]
    at_once = [table.get((*place, "with", 0)) for place in places]
    gain_db = float(np.mean([a.psnr_db - b.psnr_db for a, b in zip(own, alone, strict=True)]))
    whole = (
        float(np.mean([s.psnr_db - b.psnr_db for s, b in zip(at_once, alone, strict=True) if s]))
        if all(at_once)
        else 0.0
    )
    saved = {
        metric.removesuffix("_db"): bd_rate(curve(alone), curve(own), metric, rates).value
        for metric in ("psnr_db", "ms_ssim")
    }
    return {
        "offset": offset,
        "pictures": len({score.key for score in own}),
        "gain_db": gain_db,
        "gain_ms_ssim": float(np.mean([a.ms_ssim - b.ms_ssim for a, b in zip(own, alone, strict=True)])),
        "kept": gain_db / whole if whole > 0 else None,
        "bd_rate": saved,
        "points": curve(own),
    }
