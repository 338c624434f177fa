"""Resolver of the allotment of bit rates: it goes with streams whose rate is allotted, over links that hand nobody over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.scenario.schema.allotment_schema import AllotmentSpec

if TYPE_CHECKING:
    from simnet.records import LinkConfig, StreamConfig
    from simnet.records.allotment_config import AllotmentConfig
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.scenario_schema import ScenarioSpec


def resolve(document: ScenarioSpec, streams: tuple[StreamConfig, ...]) -> AllotmentConfig | None:
    """Return the allotment; None if no stream's rate is allotted."""
    if not any(stream.rate.allotted is not None for stream in streams):
        return None
    return (document.fusion.allotment or AllotmentSpec()).record


def check(
    document: ScenarioSpec, streams: tuple[StreamConfig, ...], links: tuple[LinkConfig, ...], problems: Problems
) -> None:
    """Report an allotment without streams, and hand-overs, which fusion does not foresee."""
    is_allotted = any(stream.rate.allotted is not None for stream in streams)
    if document.fusion.allotment is not None and not is_allotted:
        text = "no stream's rate is allotted; expected rate: allotted in streams, or no allotment"
        problems.at_key(("fusion", "allotment"), text)
    handed = [link.name for link in links if link.handover is not None]
    if is_allotted and handed:
        text = f"rates are allotted, but {handed[0]} hands nodes over; expected links without handover"
        problems.at_key(("links", handed[0], "handover"), text)
