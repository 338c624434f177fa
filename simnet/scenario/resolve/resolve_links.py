"""Resolver of links in both directions; the reverse link may differ."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from simnet.records import LinkConfig, LossConfig
from simnet.scenario.resolve import link_choices, link_traces, resolve_nodes
from simnet.scenario.schema.link_schema import ChannelSpec, ReturnSpec, TraceSpec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path as File

    from simnet.records import HandoverConfig
    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.link_schema import LinkSpec

    Ladder = dict[float, float]
    """Metres to bit/s."""
    from simnet.scenario.schema.scenario_schema import ScenarioSpec

RETURN_SUFFIX = ".return"
"""Suffix of a reverse link's name; names in a file cannot contain a dot."""


def resolve(document: ScenarioSpec, problems: Problems, file: File) -> tuple[LinkConfig, ...]:
    """Return the links in the order of the file, each before its reverse link; faults are added to `problems`."""
    resolved: list[LinkConfig] = []

    def add(link: LinkConfig, path: Path, bandwidth: Ladder | TraceSpec) -> None:
        if isinstance(bandwidth, TraceSpec):
            resolved.append(link_traces.with_trace(link, bandwidth, (*path, "bandwidth"), problems, file))
        else:
            resolved.append(_put_ladder(link, bandwidth))

    for name, link in document.links.items():
        for key, node in (("from", link.source), ("to", link.target)):
            if node not in document.nodes:
                resolve_nodes.unknown(document, problems, ("links", name, key), node)
        if link.source == link.target:
            problems.at_value(("links", name, "to"), f"{link.target!r} is where the link starts; expected another node")
        handover = link_choices.of(name, link, problems)
        add(_one_way(name, (link.source, link.target), link, handover), ("links", name), link.bandwidth)
        _check(("links", name), link, resolved[-1], problems)
        if (back := _way_back(link)) is None:
            continue
        here = ("links", name) if back.bandwidth is None else ("links", name, "return")
        back_link = _one_way(f"{name}{RETURN_SUFFIX}", (link.target, link.source), back, handover)
        add(back_link, here, back.bandwidth or link.bandwidth)
        if link.way_back != ReturnSpec():
            _check(("links", name, "return"), back, resolved[-1], problems)
    link_choices.check(resolved, problems)
    return tuple(resolved)


def reachable(links: tuple[LinkConfig, ...], source: str) -> set[str]:
    """Return the nodes to which links lead from `source`, itself included."""
    return _walk(((link.source, link.target) for link in links), source)


def reaching(links: tuple[LinkConfig, ...], target: str) -> set[str]:
    """Return the nodes from which links lead to `target`, itself included."""
    return _walk(((link.target, link.source) for link in links), target)


def _walk(steps: Iterable[tuple[str, str]], start: str) -> set[str]:
    beyond: dict[str, set[str]] = {}
    for here, there in steps:
        beyond.setdefault(here, set()).add(there)
    found = {start}
    frontier = [start]
    while frontier:
        ahead = beyond.get(frontier.pop(), set()) - found
        found |= ahead
        frontier += ahead
    return found


def _way_back(link: LinkSpec) -> ReturnSpec | None:
    if link.way_back is None:
        return None
    alike = {key: getattr(link, key) for key in ChannelSpec.model_fields}
    otherwise = {key: getattr(link.way_back, key) for key in link.way_back.model_fields_set}
    return ReturnSpec.model_construct(bandwidth=otherwise.pop("bandwidth", None), **(alike | otherwise))


def _one_way(
    name: str, ends: tuple[str, str], transport: LinkSpec | ReturnSpec, handover: HandoverConfig | None
) -> LinkConfig:
    """Return the link without its bandwidth."""
    loss = transport.loss
    model = loss.model if loss.mean > 0 else "none"
    return LinkConfig(
        name=name,
        source=ends[0],
        target=ends[1],
        bandwidth_bps=1.0,
        delay_ns=transport.delay,
        jitter_ns=transport.jitter,
        reorder=transport.reorder,
        loss=LossConfig() if model == "none" else LossConfig(model, loss.mean, float(loss.burst)),
        queue_bytes=transport.queue.size,
        mtu_bytes=transport.mtu,
        overhead_bytes=transport.overhead,
        outages=tuple(sorted((outage.begin, outage.end) for outage in transport.outages)),
        propagation_mps=transport.propagation,
        handover=handover,
        medium=transport.medium,
        queue=transport.queue.kind,
        codel_target_ns=transport.queue.codel_target,
        codel_interval_ns=transport.queue.interval,
        dualpi2_target_ns=transport.queue.dualpi2_target,
        dualpi2_round_trip_ns=transport.queue.round_trip,
        traffic=tuple(each.record(transport.mtu) for each in transport.traffic),
    )


def _put_ladder(link: LinkConfig, bandwidth: Ladder) -> LinkConfig:
    steps = tuple(sorted(bandwidth.items()))
    return replace(link, bandwidth_bps=max(bandwidth.values()), ladder=() if math.isinf(steps[-1][0]) else steps)


def _check(path: Path, written: ChannelSpec, link: LinkConfig, problems: Problems) -> None:
    """Report sizes that let no packet pass, at their key in the file, and overlapping outages."""
    for index, traffic in enumerate(link.traffic):
        if traffic.packet_bytes > link.mtu_bytes:
            text = f"packets of {traffic.packet_bytes} B over an mtu of {link.mtu_bytes} B; expected smaller ones"
            problems.at_value((*path, "traffic", index, "packet"), text)
    for (_, end_ns), (begin_ns, _) in pairwise(link.outages):
        if begin_ns <= end_ns:
            problems.at_value((*path, "outages"), "an outage begins before the one before it is over; expected gaps")
            break
    if link.mtu_bytes <= link.overhead_bytes:
        key = "mtu" if "mtu" in written.model_fields_set else "overhead"
        text = f"mtu is {link.mtu_bytes} B and overhead {link.overhead_bytes} B; expected room for data in a packet"
        problems.at_value((*path, key), text)
    elif link.queue_bytes < link.mtu_bytes:
        key = "queue" if "queue" in written.model_fields_set else "mtu"
        text = f"queue is {link.queue_bytes} B and mtu {link.mtu_bytes} B; expected room for a whole packet"
        problems.at_value((*path, key), text)
