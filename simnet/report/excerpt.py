"""What a run's page shows of many streams: figures of all of them, and a few whole.

    summary of every stream ──▶ overview: least, median, most ──▶ tables
                            └─▶ chosen: worst, middle, best ────▶ the page's other sections, as if there were no more

A page of a thousand streams would be slow to open and impossible to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from simnet.many_streams import BEST, MIDDLE, WORST, choose, goodness_of
from simnet.records import Scenario
from simnet.report.formatting import MISSING, number, percent
from simnet.report.run_tables import Table
from simnet.row_statistics import StreamFigures, percentile
from simnet.runfolder.folder_names import LINKS, MANIFEST, ROWS
from simnet.runfolder.link_totals import LinkTotals, read_link_totals
from simnet.runfolder.run_reader import RunFolder, Selection

MOST_LINKS = 40
"""Links that such a page shows: those of the shown streams' nodes, and the busiest."""
BUSIEST = 8
_QUANTILES = ((0, "least"), (5, "5th percentile"), (50, "median"), (95, "95th percentile"), (100, "most"))
_STREAM_FIGURES: tuple[tuple[str, Callable[[StreamFigures], float | None], int], ...] = (
    ("frames", lambda own: own.frames, 0),
    ("in time (%)", lambda own: 100 * own.decoded / own.frames if own.frames else None, 1),
    ("lost (%)", lambda own: 100 * own.lost / own.frames if own.frames else None, 1),
    ("kbit/s", lambda own: own.kbit_s, 1),
    ("PSNR (dB)", lambda own: own.psnr_db, 2),
    ("MS-SSIM", lambda own: own.ms_ssim, 4),
    ("latency, median (ms)", lambda own: own.latency_ms_p50, 1),
    ("latency, 95th percentile (ms)", lambda own: own.latency_ms_p95, 1),
    ("age at the receiver, mean (ms)", lambda own: own.age_ms_mean, 1),
    ("queueing, mean (ms)", lambda own: own.queue_ms_mean, 1),
)
_LINK_FIGURES: tuple[tuple[str, Callable[[LinkTotals, float], float | None], int], ...] = (
    ("offered kbit/s", lambda own, virtual_s: 8 * own.sent_bytes / virtual_s / 1e3 if virtual_s else None, 1),
    ("delivered kbit/s", lambda own, virtual_s: 8 * own.delivered_bytes / virtual_s / 1e3 if virtual_s else None, 1),
    ("lost (%)", lambda own, _: 100 * own.lost_packets / own.sent_packets if own.sent_packets else None, 2),
    ("dropped (%)", lambda own, _: 100 * own.dropped_packets / own.sent_packets if own.sent_packets else None, 2),
    ("longest queue (kB)", lambda own, _: own.queue_bytes_max / 1e3, 1),
)


@dataclass(frozen=True, slots=True)
class Overview:
    """What a page says of all streams before it shows a few."""

    tables: tuple[Table, ...]
    note: str
    """How the few were chosen, and where all are."""


def selection(run: RunFolder) -> tuple[Selection, Overview]:
    """Return what to read of a run with many streams, and what to say of all; `run` has no rows and no bins yet."""
    figures, scenario = run.manifest.summary.streams, run.scenario
    totals = read_link_totals(run.path / LINKS)
    streams = choose({
        name: goodness_of(own.frames, own.decoded, own.latency_ms_p95) for name, own in figures.items()
    })  # fmt: skip
    sides = {side for stream in scenario.streams if stream.name in streams for side in stream.side_information}
    nodes = {name.partition("/")[0] for name in {*streams, *sides}} & {node.name for node in scenario.nodes}
    nodes.add(scenario.fusion.node)
    busiest = {each.link for each in sorted(totals, key=lambda each: -each.sent_bytes)[:BUSIEST]}
    near = [link.name for link in scenario.links if {link.source, link.target} <= nodes or link.name in busiest]
    links = tuple(near[:MOST_LINKS])
    ends = {end for link in scenario.links if link.name in links for end in (link.source, link.target)}
    idle = len(scenario.streams) - len(figures)
    note = (
        f"Of {number(len(figures))} streams the page shows {len(streams)} one by one: the {WORST} with the fewest pictures in "
        f"time, {MIDDLE} from the middle and the {BEST} with the most; and of {number(len(scenario.links))} links "
        f"{len(links)}: those between their nodes, and the {BUSIEST} that were offered most. Figures of every stream are in "
        f"{MANIFEST}, frames in {ROWS}, links in {LINKS}."
        + (f" {number(idle)} more streams captured no frame." if idle else "")
    )
    tables = (_streams(figures), _links(totals, run.virtual_s))
    return Selection(frozenset(streams), frozenset(links), frozenset(nodes | ends)), Overview(tables, note)


def part_of(scenario: Scenario, chosen: Selection) -> Scenario:
    """Return the scenario's nodes, links and streams that are shown."""
    return replace(
        scenario,
        nodes=tuple(node for node in scenario.nodes if node.name in chosen.nodes),
        links=tuple(link for link in scenario.links if link.name in chosen.links),
        streams=tuple(stream for stream in scenario.streams if stream.name in chosen.streams),
    )


def _streams(figures: Mapping[str, StreamFigures]) -> Table:
    rows = [
        (title, *_spread([value for own in figures.values() if (value := measure(own)) is not None], digits))
        for title, measure, digits in _STREAM_FIGURES
    ]
    frames, in_time = (
        sum(values) for values in zip(*((own.frames, own.decoded) for own in figures.values()), strict=True)
    )
    rate = sum(own.kbit_s or 0.0 for own in figures.values())
    return Table(
        caption=f"All {len(figures)} streams",
        columns=("of a stream", *(name for _, name in _QUANTILES)),
        rows=[row for row in rows if row[1] != MISSING],
        note=f"Together {number(frames)} frames, {percent(in_time, frames)} of them in time, and {number(rate, 0, 'kbit/s')}. "
        "Each line stands for itself: the stream with the lowest rate need not be the one with the fewest frames.",
    )


def _links(totals: Sequence[LinkTotals], virtual_s: float) -> Table:
    rows = [
        (title, *_spread([value for own in totals if (value := measure(own, virtual_s)) is not None], digits))
        for title, measure, digits in _LINK_FIGURES
    ]
    idle = sum(not own.sent_packets for own in totals)
    return Table(
        caption=f"All {len(totals)} links",
        columns=("of a link", *(name for _, name in _QUANTILES)),
        rows=rows,
        note=f"{idle} of them carried nothing." if idle else "",
    )


def _spread(values: Sequence[float], digits: int) -> tuple[str, ...]:
    return tuple(number(percentile(values, percent_), digits) for percent_, _ in _QUANTILES)
