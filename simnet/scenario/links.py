"""Links: both directions, with what the way back does otherwise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnet.records import LinkConfig, LossConfig
from simnet.scenario import nodes
from simnet.scenario.link_schema import Return, Transport

if TYPE_CHECKING:
    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.link_schema import Link
    from simnet.scenario.schema import Document

BACK = ".return"
"""Ends the name of a link's way back; no name in a file has a dot."""


def resolve(document: Document, problems: Problems) -> tuple[LinkConfig, ...]:
    """Return the links in the order of the file, each before its way back; faults go to `problems`."""
    resolved: list[LinkConfig] = []
    for name, link in document.links.items():
        for key, node in (("from", link.source), ("to", link.target)):
            if node not in document.nodes:
                nodes.unknown(document, problems, ("links", name, key), node)
        if link.source == link.target:
            problems.at_value(("links", name, "to"), f"{link.target!r} is where the link starts; expected another node")
        resolved.append(_one_way(name, link.source, link.target, link.bandwidth, link))
        _check(("links", name), link, resolved[-1], problems)
        if (back := _way_back(link)) is None:
            continue
        resolved.append(_one_way(f"{name}{BACK}", link.target, link.source, back.bandwidth or link.bandwidth, back))
        if link.way_back != Return():
            _check(("links", name, "return"), back, resolved[-1], problems)
    return tuple(resolved)


def reachable(links: tuple[LinkConfig, ...], source: str) -> set[str]:
    """Return the nodes to which links lead from `source`, itself included."""
    found = {source}
    frontier = [source]
    while frontier:
        here = frontier.pop()
        ahead = {link.target for link in links if link.source == here} - found
        found |= ahead
        frontier += ahead
    return found


def _way_back(link: Link) -> Return | None:
    if link.way_back is None:
        return None
    alike = {key: getattr(link, key) for key in Transport.model_fields}
    otherwise = {key: getattr(link.way_back, key) for key in link.way_back.model_fields_set}
    return Return.model_construct(bandwidth=otherwise.pop("bandwidth", None), **(alike | otherwise))


def _one_way(name: str, source: str, target: str, bandwidth: dict[float, float], transport: Transport) -> LinkConfig:
    steps = tuple(sorted(bandwidth.items()))
    loss = transport.loss
    model = loss.model if loss.mean > 0 else "none"
    return LinkConfig(
        name=name,
        source=source,
        target=target,
        bandwidth_bps=max(bandwidth.values()),
        delay_ns=transport.delay,
        jitter_ns=transport.jitter,
        reorder=transport.reorder,
        loss=LossConfig() if model == "none" else LossConfig(model, loss.mean, float(loss.burst)),
        queue_bytes=transport.queue,
        mtu_bytes=transport.mtu,
        overhead_bytes=transport.overhead,
        ladder=() if math.isinf(steps[-1][0]) else steps,
    )


def _check(path: Path, written: Transport, link: LinkConfig, problems: Problems) -> None:
    """Report sizes that let no packet pass, at the key that was written last of the two."""
    if link.mtu_bytes <= link.overhead_bytes:
        key = "mtu" if "mtu" in written.model_fields_set else "overhead"
        text = f"mtu is {link.mtu_bytes} B and overhead {link.overhead_bytes} B; expected room for data in a packet"
        problems.at_value((*path, key), text)
    elif link.queue_bytes < link.mtu_bytes:
        key = "queue" if "queue" in written.model_fields_set else "mtu"
        text = f"queue is {link.queue_bytes} B and mtu {link.mtu_bytes} B; expected room for a whole packet"
        problems.at_value((*path, key), text)
