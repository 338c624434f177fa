"""Tables of a run's results, with text cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simnet.records import SECOND_NS, Outcome, RateConfig, Row
from simnet.records.link_bin import LinkBin
from simnet.records.task_config import DONE
from simnet.report import gain
from simnet.report.figures.figure import OUTCOME_COLOURS
from simnet.report.formatting import (
    FEW,
    MISSING,
    bit_rate,
    few_frames,
    number,
    percent,
    signed,
)
from simnet.report.site_plan import capacity_bps
from simnet.row_statistics import LEAST_FOR_P99, StreamFigures, by_stream, mean
from simnet.runfolder.folder_names import MANIFEST
from simnet.runfolder.run_manifest import RunManifest
from simnet.runfolder.run_reader import RunFolder


@dataclass(frozen=True, slots=True)
class Bar:
    """A table cell drawn as a bar: (colour, percent) from left to right. `text` states the same in words."""

    parts: tuple[tuple[str, float], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table. The first column names the row; the columns in `words` are aligned as text."""

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str | Bar, ...]]
    words: frozenset[str] = frozenset()
    note: str = ""


def asked_rate(rate: RateConfig) -> str:
    """Return the configured rate control in words."""
    if rate.kind == "target":
        return f"target {bit_rate(rate.target_bps)}"
    if rate.kind == "adaptive":
        return f"adaptive, quality {rate.quality_min:g} to {rate.quality_max:g}"
    if rate.allotted is not None:
        return f"allotted by fusion, {bit_rate(rate.allotted.min_bps)} to {bit_rate(rate.allotted.max_bps)}"
    if rate.congestion is not None:
        own = rate.congestion
        return f"{rate.kind}, {bit_rate(own.min_bps)} to {bit_rate(own.max_bps)}, ECN {own.ecn}"
    if rate.kind == "fixed":
        return f"fixed, quality {rate.quality:g}"
    return " ".join([rate.kind, *(f"{key}={value}" for key, value in rate.options.items())])


def quality(run: RunFolder, summaries: Mapping[str, StreamFigures]) -> Table:
    """Return each stream's rate and quality."""
    asked, rows_of = {stream.name: stream for stream in run.scenario.streams}, by_stream(run.rows)
    rows: list[tuple[str | Bar, ...]] = []
    for name in run.streams:
        own, config = summaries.get(name), asked.get(name)
        codec = own.codec if own else config.codec if config else MISSING
        start = (name, codec, asked_rate(config.rate) if config else MISSING)
        if own is None:
            rows.append((*start, "0", *(MISSING,) * 6))
            continue
        qualities = [row.quality for row in rows_of[name] if row.outcome is not Outcome.NODE_LOST]
        rows.append((
            *start,
            str(own.frames),
            number(own.kbit_s, 1),
            number(own.bpp, 3),
            number(mean(qualities), 2),
            number(own.psnr_db, 2),
            number(own.ms_ssim, 4),
            signed(own.side_gain_db),
        ))  # fmt: skip
    shown = {name: own.decoded + own.late for name, own in summaries.items()}
    return Table(
        caption="Rate and quality",
        columns=("stream", "codec", "asked for", "frames", "kbit/s", "bpp", "quality", "PSNR dB", "MS-SSIM", "gain dB"),
        rows=rows,
        words=frozenset({"codec", "asked for"}),
        note="Rate on the first link with every packet's overhead; PSNR and MS-SSIM are means over the pictures that were "
        f"shown{_every(run.scenario.score_every)}, late ones too; gain is what side information brought where it was used. "
        f"{few_frames(shown)}",
    )


def _every(stride: int) -> str:
    return f" and scored (one frame in {stride})" if stride > 1 else ""


def tasks(run: RunFolder) -> Table | None:
    """Return the figures of each task and stream; None without tasks."""
    words = run.manifest.task_figures
    if not words:
        return None
    rows: list[tuple[str | Bar, ...]] = []
    for stream, own in run.manifest.summary.streams.items():
        for name, figure in words.items():
            task = name.partition(".")[0]
            if name not in own.tasks:  # not a task of this stream, or a figure that this world cannot give
                continue
            due = [
                row.tasks[f"{task}.{DONE}"]
                for row in run.rows
                if row.stream == stream and f"{task}.{DONE}" in row.tasks
            ]
            value = number(own.tasks.get(name), figure.digits, figure.unit)
            rows.append((stream, task, figure.title, value, str(len(due)), percent(sum(due), len(due))))
    return Table(
        caption="Tasks",
        columns=("stream", "task", "figure", "value", "frames due", "done"),
        rows=rows,
        words=frozenset({"task", "figure"}),
        note="Means over the frames that a task is due for. Done: the pictures that it needs were there in time; without them "
        "a frame counts as failed in shares and counts, and has no error.",
    )


def outcomes(run: RunFolder, summaries: Mapping[str, StreamFigures]) -> Table:
    """Return the outcomes of each stream's frames, and its picture latency."""
    rows_of = by_stream(run.rows)
    rows: list[tuple[str | Bar, ...]] = []
    for name in run.streams:
        counts = dict.fromkeys(Outcome, 0) | Counter(row.outcome for row in rows_of.get(name, ()))
        own, total = summaries.get(name), sum(counts.values())
        latency = (own.latency_ms_p50, own.latency_ms_p95) if own else (None, None)
        parts = tuple((OUTCOME_COLOURS[o], round(100 * n / total, 2)) for o, n in counts.items() if n)
        said = ", ".join(f"{n} {outcome}" for outcome, n in counts.items() if n)
        rows.append((
            name,
            Bar(parts, said) if total else MISSING,
            *(str(counts[outcome]) if total else MISSING for outcome in Outcome),
            str(own.key_frames) if own else MISSING,
            percent(own.decoded if own else None, total),
            *(number(value, 1) for value in latency),
        ))  # fmt: skip
    columns = (
        "stream", "share", "decoded", "alone", "concealed", "late", "lost", "corrupt", "no reference", "no node", "key frames",
        "in time", "p50 ms", "p95 ms",
    )  # fmt: skip
    long = {name for name, own in summaries.items() if own.frames >= LEAST_FOR_P99}
    if long:
        columns += ("p99 ms",)
        tails = (summaries[name].latency_ms_p99 if name in long else None for name in run.streams)
        rows = [(*row, number(tail, 1)) for row, tail in zip(rows, tails, strict=True)]
    return Table(
        caption="What became of the frames",
        columns=columns,
        rows=rows,
        words=frozenset({"share"}),
        note="Alone: decoded without side information. Concealed: slices of it were filled from other pictures. "
        "No reference: arrived, but refers to a frame that was not decoded. "
        "No node: its camera's process was gone. "
        f"Key frames: sent, referring to no other. In time: within {run.scenario.fusion.deadline_ns / 1e6:g} ms of "
        "capture. p50 and p95: median and 95th percentile of the latency from capture to picture, over all pictures"
        + (f"; p99 of streams of at least {LEAST_FOR_P99} frames." if long else "."),
    )  # fmt: skip


def links(run: RunFolder) -> Table:
    """Return the totals of each link."""
    rows = [_link(run, name, bins) for name, bins in bins_by_link(run).items()]
    columns = (
        "link", "way", "capacity", "offered kbit/s", "delivered kbit/s", "use", "packets", "lost", "dropped", "longest queue",
    )  # fmt: skip
    note = "Lost: on the way. Dropped: refused by the full queue. Use: delivered against the mean capacity of the run."
    if any(entry.traffic_sent_bytes for entry in run.bins):
        columns = (*columns, "traffic kbit/s", "traffic delivered kbit/s")
        rows = [(*row, *_traffic(run, row[0])) for row in rows]
        note += " Traffic: what of the offered and delivered kbit/s is background traffic, and not of the streams."
    return Table(caption="Totals", columns=columns, rows=rows, words=frozenset({"way"}), note=note)


def bins_by_link(run: RunFolder) -> dict[str, list[LinkBin]]:
    """Return the bins of each link of the scenario, and of each other that has any."""
    found: dict[str, list[LinkBin]] = {link.name: [] for link in run.scenario.links}
    for entry in run.bins:
        found.setdefault(entry.link, []).append(entry)
    return found


def _traffic(run: RunFolder, link: str) -> tuple[str, str]:
    """Return the rate of a link's background traffic, offered and delivered."""
    bins = [entry for entry in run.bins if entry.link == link]
    sent, delivered = sum(each.traffic_sent_bytes for each in bins), sum(each.traffic_delivered_bytes for each in bins)
    if not sent:
        return MISSING, MISSING
    return number(8 * sent / run.virtual_s / 1e3, 1), number(8 * delivered / run.virtual_s / 1e3, 1)


def _link(run: RunFolder, name: str, bins: Sequence[LinkBin]) -> tuple[str, ...]:
    config = run.link(name)
    way = f"{config.source} → {config.target}" if config else MISSING
    times = [round(step * run.scenario.duration_ns / 20) for step in range(21)]
    rates = [capacity_bps(config, run.scenario.nodes, time) for time in times] if config else []
    if recorded := [80 * entry.capacity_bytes for entry in bins if entry.capacity_bytes is not None]:
        rates = recorded
    shown = MISSING
    if rates:
        low, high = min(rates), max(rates)
        shown = bit_rate(low) if low == high else f"{bit_rate(low)} to {bit_rate(high)}"
    if not bins:
        return (name, way, shown, *(MISSING,) * 7)
    offered, delivered = (8 * sum(values) / run.virtual_s for values in (
        (entry.sent_bytes for entry in bins), (entry.delivered_bytes for entry in bins),
    ))  # fmt: skip
    packets = sum(entry.sent_packets for entry in bins)
    lost, dropped = sum(entry.lost_packets for entry in bins), sum(entry.dropped_packets for entry in bins)
    return (
        name,
        way,
        shown,
        number(offered / 1e3, 1),
        number(delivered / 1e3, 1),
        percent(delivered, sum(rates) / len(rates)) if rates else MISSING,
        number(packets),
        f"{lost} ({percent(lost, packets)})",
        f"{dropped} ({percent(dropped, packets)})",
        number(max(entry.queue_bytes_max for entry in bins) / 1e3, 1, "kB"),
    )


MOST_EVENTS = 100


def events(run: RunFolder) -> Table:
    """Return the outages and hand-overs of the links."""
    found = run.manifest.events
    rows = [
        (
            f"{event.time_ns / SECOND_NS:.3f} s",
            event.where,
            " ".join(filter(None, (event.kind, event.detail))),
        )
        for event in found[:MOST_EVENTS]
    ]
    more = len(found) - len(rows)
    return Table(
        caption="Outages and hand-overs",
        columns=("time", "where", "what"),
        rows=rows,
        words=frozenset({"where", "what"}),
        note=f"{more} more are in {MANIFEST}." if more else "",
    )


def side_information(run: RunFolder, summaries: Mapping[str, StreamFigures]) -> Table:
    """Return the gain and cost of each source of side information for each stream."""
    rows: list[tuple[str, ...]] = []
    for found in gain.gains(run.rows):
        kinds = [gain.cost(source, run.scenario, summaries) for source in found.source.split(" + ")]
        rates = [rate for _, rate in kinds]
        total = None if any(rate is None for rate in rates) else sum(rate for rate in rates if rate is not None)
        rows.append((
            found.stream,
            found.source,
            " + ".join(kind for kind, _ in kinds),
            str(found.frames) + (" (few)" if found.frames < FEW else ""),
            signed(found.mean_db),
            MISSING if found.half_width_db is None else f"± {found.half_width_db:.2f}",
            percent(found.helped, found.frames, 0),
            number(found.mean_age_ms, 0, "ms"),
            "nothing" if total == 0 else number(total, 1, "kbit/s"),
        ))  # fmt: skip
    return Table(
        caption="Gain by source",
        columns=("stream", "source", "which is", "frames", "gain dB", "95 % interval", "helped", "mean age", "it cost"),
        rows=rows,
        words=frozenset({"source", "which is"}),
        note="A stream that serves others costs the rate it was sent with, though that rate also brought its own pictures; "
        "a sensor at the fusion centre and a stream's own earlier picture cost nothing more. Intervals are from batch means, "
        f"since neighbouring frames look alike; fewer than {FEW} frames are marked as few.",
    )


def side_cost(run: RunFolder, rows: Sequence[Row], summaries: Mapping[str, StreamFigures]) -> str:
    """Return a sentence about the total rate of side information."""
    used = {source for row in rows for source in row.side_sources if source != row.stream}
    served = [stream.name for stream in run.scenario.streams if stream.name in used]
    free = sorted(source for source in used if source not in served and source != "previous")
    rates = [summaries[name].kbit_s if name in summaries else None for name in served]
    total = None if any(rate is None for rate in rates) else sum(rate for rate in rates if rate is not None)
    paid = f"Streams that served others ({', '.join(served)}) took {number(total, 1)} kbit/s together." if served else (
        "No stream served another: side information cost no rate."
    )  # fmt: skip
    sensors = f" Local sensors ({', '.join(free)}) cost nothing." if free else ""
    return paid + sensors


def timings(manifest: RunManifest) -> Table:
    """Return the run's wall time by part, the longest first."""
    parts = manifest.timings
    most = max(parts.values(), default=0.0)
    rows: list[tuple[str | Bar, ...]] = [
        (
            name,
            Bar(((OUTCOME_COLOURS[Outcome.ALONE], round(100 * value / most, 2)),), "") if most else "",
            number(value, 2),
        )
        for name, value in sorted(parts.items(), key=lambda part: -part[1])
    ]
    return Table(
        caption="Where the time went",
        columns=("part", "share", "seconds"),
        rows=rows,
        words=frozenset({"share"}),
        note=f"The run took {number(manifest.summary.wall_s, 2)} s of wall time. Parts that work in parallel can add up to more.",
    )
