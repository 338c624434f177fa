"""Resolver of a valid scenario, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simnet import records
from simnet.scenario.resolve import (
    resolve_allotment,
    resolve_links,
    resolve_media,
    resolve_nodes,
    resolve_paths,
    resolve_streams,
    resolve_tasks,
    resolve_world,
)

if TYPE_CHECKING:
    from simnet.scenario.explain import Problems
    from simnet.scenario.overrides import Layer
    from simnet.scenario.schema.scenario_schema import ScenarioSpec


def resolve(
    document: ScenarioSpec, layers: list[Layer], problems: Problems, file: Path, purpose: str
) -> records.Scenario:
    """Return the scenario of `document` and of the overrides of streams.

    Raises:
        ScenarioError: A name refers to nothing, or a setting is impossible; the error is the first fault of a stage.
    """
    ways, origin = resolve_paths.resolve(document, problems, file)
    problems.stop()
    resolved_nodes = resolve_nodes.resolve(document, ways, problems)
    problems.stop()
    world = resolve_world.resolve(document, resolved_nodes, problems, file)
    resolved_links = resolve_links.resolve(document, problems, file)
    resolved_media = resolve_media.resolve(document, resolved_links, problems)
    fusion = document.fusion
    if fusion.at not in document.nodes:
        resolve_nodes.unknown(document, problems, ("fusion", "at"), fusion.at)
    problems.stop()
    resolved_streams = resolve_streams.resolve(document, layers, resolved_nodes, resolved_links, problems, file)
    problems.stop()
    resolve_allotment.check(document, resolved_streams, resolved_links, problems)
    problems.stop()
    resolved_tasks = resolve_tasks.resolve(document, resolved_nodes, resolved_streams, problems, file)
    problems.stop()
    return records.Scenario(
        name=document.name or file.stem,
        purpose=purpose,
        seed=document.seed,
        duration_ns=document.duration,
        world=world,
        nodes=resolved_nodes,
        links=resolved_links,
        streams=resolved_streams,
        fusion=records.FusionConfig(
            node=fusion.at,
            wait_ns=fusion.wait,
            max_age_ns=fusion.max_age,
            deadline_ns=fusion.deadline,
            pictures=fusion.pictures,
            feedback_period_ns=fusion.feedback,
            feedback_bytes=fusion.feedback_size,
            allotment=resolve_allotment.resolve(document, resolved_streams),
        ),
        path=str(file),
        origin=origin,
        node_loss=records.NodeLossConfig(document.on_node_loss, document.node_timeout),
        media=resolved_media,
        tasks=resolved_tasks,
        score_every=document.score.every,
    )
