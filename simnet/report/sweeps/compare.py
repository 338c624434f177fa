"""Differences between folders, over their common cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.report.formatting import MISSING
from simnet.report.mean_interval import Mean, mean
from simnet.report.run_tables import Table
from simnet.report.sweeps.samples import SampledRow, SweepSamples
from simnet.report.sweeps.sweep_formatting import signed

Key = tuple[Any, ...]
Pairs = Sequence[tuple[SampledRow, SampledRow]]


def differences(readings: SweepSamples) -> Table | None:
    """Return a table of each folder's differences to the first, by codec; None for a single folder."""
    folders = readings.grid.folders
    if len(folders) < 2:
        return None
    first, *others = folders
    base = _by_key(readings, first.label)
    rows = [
        _row(readings, folder.label, codec, pairs)
        for folder in others
        for codec, pairs in _pairs(readings, base, folder.label).items()
    ]
    if not rows:
        rows = [(folder.label, "-", "0", *(MISSING,) * 6) for folder in others]
    return Table(
        caption=f"Differences to {first.label}",
        columns=("folder", "codec", "cells in common", "same fingerprint", "PSNR dB", "MS-SSIM", "sent kbit/s", "in time, points",
                 "p95 latency, ms"),
        rows=rows,
        words=frozenset({"codec"}),
        note="Mean difference over cells of the same scenario, settings, codec and seed, stream by stream; "
        "± half the 95 % interval over seeds. PSNR and MS-SSIM "
        + ("at the receiver." if readings.qualities[0].startswith("shown") else "of decoded pictures."),
    )  # fmt: skip


def sentences(readings: SweepSamples) -> list[str]:
    """Return sentences on each folder's differences to the first, by codec."""
    folders = readings.grid.folders
    if len(folders) < 2:
        return []
    first, *others = folders
    base = _by_key(readings, first.label)
    said = []
    for folder in others:
        found = _pairs(readings, base, folder.label)
        if not found:
            said.append(
                f"{folder.label} and {first.label} have no cell in common: their differences cannot be worked out."
            )
        said += [_sentence(readings, first.label, folder.label, codec, pairs) for codec, pairs in found.items()]
    return said


def _sentence(readings: SweepSamples, first: str, folder: str, codec: str, pairs: Pairs) -> str:
    same = [a.row["fingerprint"] == b.row["fingerprint"] for a, b in pairs]
    if all(same):
        return f"{codec}: {folder} and {first} are the same, fingerprint by fingerprint."
    found = _difference(pairs, lambda row: row[readings.qualities[0]])
    if found is None:
        return f"{codec}: {folder} and {first} differ; no picture was scored."
    if found.low is None or found.high is None:
        return f"{codec}: {folder} delivers {signed(found.value, 2)} dB against {first} (one seed)."
    interval = f"95 % interval {signed(found.low, 2)} to {signed(found.high, 2)} dB over {found.count} seeds"
    tie = ": a tie" if found.low <= 0 <= found.high else ""
    return f"{codec}: {folder} delivers {signed(found.value, 2)} dB against {first} ({interval}){tie}."


def _by_key(readings: SweepSamples, folder: str) -> dict[Key, SampledRow]:
    return {_key(readings, each): each for each in readings.rows if each.folder == folder}


def _key(readings: SweepSamples, each: SampledRow) -> Key:
    codec = each.row["codec"] or each.row["stream_codec"]
    return each.row["scenario"], each.case, each.setting, codec, each.seed, each.stream


def _pairs(
    readings: SweepSamples, base: Mapping[Key, SampledRow], folder: str
) -> dict[str, list[tuple[SampledRow, SampledRow]]]:
    """Return, by codec, the pairs of rows of a folder and the first folder that belong to the same point."""
    own = _by_key(readings, folder)
    by_codec: dict[str, list[tuple[SampledRow, SampledRow]]] = {}
    for key, reading in own.items():
        if key in base:
            by_codec.setdefault(str(key[3]), []).append((reading, base[key]))
    return dict(sorted(by_codec.items()))


def _row(readings: SweepSamples, folder: str, codec: str, pairs: Pairs) -> tuple[str, ...]:
    cells = {(a.row["cell"], b.row["cell"]): a.row["fingerprint"] == b.row["fingerprint"] for a, b in pairs}
    psnr, ms_ssim = readings.qualities
    return (
        folder,
        codec,
        str(len(cells)),
        str(sum(cells.values())),
        _said(_difference(pairs, lambda row: row[psnr]), 2),
        _said(_difference(pairs, lambda row: row[ms_ssim]), 4),
        _said(_difference(pairs, lambda row: row["sent_kbit_s"]), 1),
        _said(_difference(pairs, lambda row: 100 * row["in_time"] / row["frames"] if row["frames"] else None), 1),
        _said(_difference(pairs, lambda row: row["latency_ms_p95"]), 1),
    )


def _difference(pairs: Pairs, measure: Any) -> Mean | None:
    """Return the mean over seeds of each seed's mean difference."""
    by_seed: dict[int, list[float]] = {}
    for a, b in pairs:
        own, other = measure(a.row), measure(b.row)
        if own is not None and other is not None:
            by_seed.setdefault(a.seed, []).append(own - other)
    return mean(sum(own) / len(own) for own in by_seed.values())


def _said(found: Mean | None, digits: int) -> str:
    if found is None:
        return MISSING
    half = "" if found.half_width is None else f" ± {found.half_width:.{digits}f}"
    return f"{signed(found.value, digits)}{half}"
