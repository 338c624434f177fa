"""Figures of each link's load and capacity, losses, and queue."""

from __future__ import annotations

from collections.abc import Sequence

from simnet.records import SECOND_NS, LinkConfig
from simnet.records.link_bin import LinkBin
from simnet.report import time_bins
from simnet.report.figures.figure import LIMIT, NEUTRAL, PALETTE, Dict, Figure, axis, layout
from simnet.report.formatting import number, percent
from simnet.report.run_tables import bins_by_link
from simnet.report.site_plan import capacity_bps
from simnet.runfolder.run_reader import RunFolder

MOST_LINKS = 12
"""Limit of link figures: more plots slow a browser down; the table has every link."""


def links(run: RunFolder) -> list[Figure]:
    """Return a figure for each link that carried something; with too many links, only for the busiest."""
    own = {name: bins for name, bins in bins_by_link(run).items() if any(entry.sent_packets for entry in bins)}
    if len(own) > MOST_LINKS:
        busiest = sorted(own, key=lambda name: -sum(entry.sent_bytes for entry in own[name]))[:MOST_LINKS]
        own = {name: own[name] for name in own if name in busiest}
    return [_link(run, index, name, bins) for index, (name, bins) in enumerate(own.items())]


def _link(run: RunFolder, index: int, name: str, bins: Sequence[LinkBin]) -> Figure:
    width_s = time_bins.bin_width_s(run.virtual_s, 0.5)
    config = run.link(name)
    sent, lost = (sum(entry.sent_packets for entry in bins), sum(entry.lost_packets for entry in bins))
    dropped = sum(entry.dropped_packets for entry in bins)
    peak = max((entry.queue_bytes_max for entry in bins), default=None)
    said = f"{sent} packets, {percent(lost, sent)} lost, {percent(dropped, sent)} dropped; bins of {width_s:g} s"
    said = said if sent else "nothing was sent"
    way = f"{config.source} to {config.target}" if config else "not in the scenario"
    data = [*_traffic(bins, run.virtual_s, width_s), *_trouble(bins, run.virtual_s, width_s)]
    data.append(_queue(bins, run.virtual_s, width_s))
    if config:
        data.append(_capacity(config, run, bins, width_s))
    axes: Dict = {
        "xaxis": axis("time (s)", range=[0, run.virtual_s], anchor="y3"),
        "yaxis": axis("kbit/s", domain=[0.52, 1], rangemode="tozero"),
        "yaxis2": axis("packets", domain=[0.27, 0.46], rangemode="tozero", nticks=4),
        "yaxis3": axis("queue (kB)", domain=[0, 0.21], rangemode="tozero", nticks=4),
    }
    return Figure(
        id=f"link-{index}",
        title=name,
        alt=f"Link {name}, {way}, over time: offered and delivered rate against capacity, packets lost and dropped, and the "
        f"longest queue. Of {sent} packets {lost} were lost and {dropped} dropped; at most {number(peak)} bytes queued.",
        data=data,
        layout=layout(430, barmode="stack", bargap=0, **axes),
        note=f"{way}; {said}.",
    )


def _traffic(bins: Sequence[LinkBin], virtual_s: float, width_s: float) -> list[Dict]:
    starts = [*time_bins.bin_starts_s(virtual_s, width_s), virtual_s]
    traces: list[Dict] = []
    shown = [
        ("delivered", "delivered_bytes", {"fill": "tozeroy", "line": {"color": PALETTE[0], "width": 1, "shape": "hv"}}),
        ("offered", "sent_bytes", {"line": {"color": PALETTE[1], "width": 1.8, "shape": "hv"}}),
    ]
    if any(entry.traffic_sent_bytes for entry in bins):
        line = {"color": NEUTRAL, "width": 1.2, "dash": "dot", "shape": "hv"}
        shown.append(("of it traffic", "traffic_delivered_bytes", {"line": line}))
    for name, key, style in shown:
        rate = time_bins.per_second(
            bins, lambda entry: entry.t_ns, lambda entry, key=key: 8 * getattr(entry, key) / 1e3, virtual_s, width_s
        )
        x, y = (starts, [*rate, rate[-1]]) if bins else ([], [])
        hover = "%{y:.4~g} kbit/s " + name
        traces.append(
            {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "hovertemplate": hover} | style
        )
    return traces


def _trouble(bins: Sequence[LinkBin], virtual_s: float, width_s: float) -> list[Dict]:
    starts = time_bins.bin_starts_s(virtual_s, width_s)
    traces: list[Dict] = []
    for name, key, colour in (("lost", "lost_packets", PALETTE[7]), ("dropped", "dropped_packets", PALETTE[5])):
        counts = [0] * len(starts)
        for entry in bins:
            counts[time_bins.bin_index(entry.t_ns, width_s, len(starts))] += getattr(entry, key)
        x, y = ([round(start + width_s / 2, 6) for start in starts], counts) if bins else ([], [])
        traces.append({"type": "bar", "name": name, "x": x, "y": y, "yaxis": "y2", "marker": {"color": colour}})
    return traces


def _queue(bins: Sequence[LinkBin], virtual_s: float, width_s: float) -> Dict:
    starts = time_bins.bin_starts_s(virtual_s, width_s)
    longest = [0.0] * len(starts)
    for entry in bins:
        index = time_bins.bin_index(entry.t_ns, width_s, len(starts))
        longest[index] = max(longest[index], round(entry.queue_bytes_max / 1e3, 3))
    x, y = ([*starts, virtual_s], [*longest, longest[-1]]) if bins else ([], [])
    line = {"color": NEUTRAL, "width": 1, "shape": "hv"}
    trace: Dict = {"type": "scatter", "mode": "lines", "name": "longest queue", "x": x, "y": y, "yaxis": "y3"}
    return trace | {"line": line, "fill": "tozeroy", "hovertemplate": "%{y:.3~g} kB queued"}


def _capacity(config: LinkConfig, run: RunFolder, bins: Sequence[LinkBin], width_s: float) -> Dict:
    # A fixed bandwidth needs two points; one that depends on the nodes' distance or on a trace needs one point for each bin.
    times = [0.0, run.virtual_s]
    if config.ladder or config.trace:
        times = [*time_bins.bin_starts_s(run.virtual_s, width_s), run.virtual_s]
    if config.trace:
        rates = time_bins.per_second(
            bins, lambda entry: entry.t_ns, lambda entry: 8 * (entry.capacity_bytes or 0) / 1e3, run.virtual_s, width_s
        )
        rates.append(rates[-1])
    else:
        rates = [round(capacity_bps(config, run.scenario.nodes, round(time * SECOND_NS)) / 1e3, 3) for time in times]
    line = {"color": LIMIT, "width": 1.5, "dash": "dash", "shape": "hv"}
    trace: Dict = {"type": "scatter", "mode": "lines", "name": "capacity", "x": times, "y": rates, "line": line}
    return trace | {"hovertemplate": "%{y:.4~g} kbit/s capacity"}
