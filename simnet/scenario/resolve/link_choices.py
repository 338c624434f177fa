"""Hand-over groups: the node that chooses among links, and the check that the links agree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from simnet.records import HandoverConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.records import LinkConfig
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.link_schema import LinkSpec


def of(name: str, link: LinkSpec, problems: Problems) -> HandoverConfig | None:
    """Return the hand-over of the link `name`, or None; faults are added to `problems`."""
    if (choice := link.handover) is None:
        return None
    node = choice.node or link.source
    if node not in {link.source, link.target}:
        text = f"{node!r} is at neither end; expected {link.source} or {link.target}"
        problems.at_value(("links", name, "handover", "node"), text)
    return HandoverConfig(choice.group, node, choice.hysteresis, choice.gap, choice.period)


def check(links: Sequence[LinkConfig], problems: Problems) -> None:
    """Report a link that differs from its group, and a group of one link."""
    first: dict[tuple[str, str], LinkConfig] = {}
    for link in links:
        if (choice := link.handover) is None or choice.node not in {link.source, link.target}:
            continue
        said = first.setdefault((choice.group, choice.node), link)
        if said.handover != choice:
            text = f"group {choice.group!r} is not as link {said.name!r} has it; expected the same for all links of a group"
            problems.at_value(("links", link.name.partition(".")[0], "handover"), text)
    chosen = Counter(
        (each.handover.group, each.handover.node) for each in links if each.handover and "." not in each.name
    )
    for (group, node), link in first.items():
        if chosen[group, node] == 1:
            text = f"group {group!r} of {node!r} has this link alone; expected two or more, one to each access point"
            problems.at_value(("links", link.name, "handover"), text)
