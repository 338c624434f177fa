"""Resolver of media: the links that share them, a check that packets fit, and a medium's form in a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet.scenario.resolve import resolve_nodes
from simnet.scenario.resolve.resolve_links import RETURN_SUFFIX
from simnet.scenario.schema import traffic_schema
from simnet.suggestions import near
from simnet.units import text

if TYPE_CHECKING:
    from typing import Any

    from simnet.records import LinkConfig, MediumConfig
    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.scenario_schema import ScenarioSpec


def resolve(document: ScenarioSpec, links: tuple[LinkConfig, ...], problems: Problems) -> tuple[MediumConfig, ...]:
    """Return the media in the order of the file; faults of media and their links are added to `problems`."""
    media = {name: medium.record(name) for name, medium in document.media.items()}
    for link in links:
        if link.medium is None:
            continue
        path = _written(document, link)
        if path is None:
            continue
        if link.medium not in media:
            known = f"one of: {', '.join(media)}" if media else "media: {air: csma}"
            problems.at_value(path, f"no medium {link.medium!r}{near(link.medium, media)}; expected {known}")
        elif (fault := _fault(link, media[link.medium])) is not None:
            problems.at_value(path, fault)
    for name, medium in media.items():
        if medium.kind == "cell":
            own = [link for link in links if link.medium == name]
            media[name] = replace(medium, at=_node(document, medium, own, problems))
        _check_users(medium, problems)
    for name in media.keys() - {link.medium for link in links}:
        problems.at_key(("media", name), f"no link uses it; expected medium: {name} in the links that share it")
    return tuple(media.values())


def _node(document: ScenarioSpec, medium: MediumConfig, links: list[LinkConfig], problems: Problems) -> str:
    """Return the node of a cell, at which all its links begin or end."""
    if medium.at and medium.at not in document.nodes:
        resolve_nodes.unknown(document, problems, ("media", medium.name, "at"), medium.at)
        return medium.at
    ends = [link.target for link in links[:1]] + [link.source for link in links[:1]]
    common = [end for end in ends if all(end in {link.source, link.target} for link in links)]
    at = medium.at or next(iter(common or ends), "")
    for link in links:
        if at not in {link.source, link.target} and (path := _written(document, link)) is not None:
            text = (
                f"from {link.source} to {link.target} in a cell at {at}; expected links that begin or end at one node"
            )
            problems.at_value(path, text)
    return at


def _check_users(medium: MediumConfig, problems: Problems) -> None:
    """Report other users whose packets do not fit into a slot."""
    if medium.kind != "tdma":
        return
    room_ns = medium.slot_ns - medium.guard_ns
    for index, user in enumerate(medium.traffic):
        longest_ns = round(user.packet_bytes * 8e9 / user.bandwidth_bps)
        if longest_ns > room_ns:
            longest, room = text(longest_ns, "ns"), text(room_ns, "ns")
            problems.at_value(
                ("media", medium.name, "traffic", index),
                f"a packet of {user.packet_bytes} B takes {longest}; expected at most a slot less its guard, {room}",
            )


def _written(document: ScenarioSpec, link: LinkConfig) -> Path | None:
    """Return the path of a link's medium in the file; None for a reverse link without its own settings."""
    name = link.name.removesuffix(RETURN_SUFFIX)
    if link.name == name:
        return ("links", name, "medium")
    back = document.links[name].way_back
    if back is None or not back.model_fields_set:
        return None
    return ("links", name, "return", *(("medium",) if "medium" in back.model_fields_set else ()))


def _fault(link: LinkConfig, medium: MediumConfig) -> str | None:
    """Return the reason why a link can never send in slots, if any."""
    if medium.kind != "tdma":
        return None
    if link.trace is not None:
        return "a recorded bandwidth in slots; expected a bit rate, or a ladder by distance"
    slowest_bps = min((rate_bps for _, rate_bps in link.ladder), default=link.bandwidth_bps)
    longest_ns, room_ns = round(link.mtu_bytes * 8e9 / slowest_bps), medium.slot_ns - medium.guard_ns
    if longest_ns <= room_ns:
        return None
    longest, room = text(longest_ns, "ns"), text(room_ns, "ns")
    return f"a packet of {link.mtu_bytes} B takes {longest}; expected at most a slot less its guard, {room}"


def tree(medium: MediumConfig) -> dict[str, Any]:
    """Return a medium as a mapping of the file."""
    users = {"traffic": [traffic_schema.tree(each) for each in medium.traffic]} if medium.traffic else {}
    if medium.kind == "tdma":
        return {"kind": "tdma", "slot": text(medium.slot_ns, "ns"), "guard": text(medium.guard_ns, "ns")} | users
    if medium.kind == "cell":
        own = {"slot": text(medium.slot_ns, "ns"), "at": medium.at, "scheduler": medium.scheduler}
        average = {"average": text(medium.average_ns, "ns")} if medium.scheduler == "proportional-fair" else {}
        return {"kind": "cell"} | own | average | users
    return {
        "kind": medium.kind,
        "slot": text(medium.slot_ns, "ns"),
        "sifs": text(medium.sifs_ns, "ns"),
        "difs": text(medium.difs_ns, "ns"),
        "preamble": text(medium.preamble_ns, "ns"),
        "header": text(medium.header_bytes, "B"),
        "acknowledgement": text(medium.ack_bytes, "B"),
        "basic_rate": text(medium.basic_rate_bps, "bit/s"),
        "window": medium.window,
        "max_window": medium.window_max,
        "retries": medium.retries,
    } | users
