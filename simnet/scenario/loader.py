"""Loader of scenarios, the only module with the order of the steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from yaml import YAMLError

from simnet import drives, input_files
from simnet.errors import InputError, ScenarioError
from simnet.scenario import document, fleets, inheritance, overrides, recorded_drives, writer
from simnet.scenario.catalogue import shipped_scenarios
from simnet.scenario.explain import Problems
from simnet.scenario.resolve import resolver
from simnet.scenario.schema import scenario_schema
from simnet.scenario.schema.expect_schema import ExpectSpec
from simnet.suggestions import near

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from simnet.records import Scenario
    from simnet.scenario.document import SourceLocations

_BEFORE_NODES = frozenset(("world", "origin"))
"""Keys whose overrides decide which nodes a recording has, and where."""


def load(file: Path, override_texts: Sequence[str] = ()) -> Scenario:
    """Return the scenario of `file` with `override_texts` (`path.of.key=value` each) applied in order.

    Raises:
        ScenarioError: See `simnet.scenario.load`.
    """
    return _resolved(*_read(file), file, override_texts)


def check(scenario: Scenario) -> None:
    """See `simnet.scenario.check`."""
    file = Path(scenario.path or f"{scenario.name}.yaml")
    try:
        text = writer.dump(scenario)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, YAMLError) as error:
        raise ScenarioError(f"{file}: holds what no scenario has ({type(error).__name__})") from error
    # A resolved scenario has all nodes, and its recording may be on another machine.
    _resolved(*_parsed(text, file), file, (), brings_nodes=False)


def _resolved(
    text: str,
    tree: dict[str, Any],
    locations: SourceLocations,
    file: Path,
    override_texts: Sequence[str],
    *,
    brings_nodes: bool = True,
) -> Scenario:
    given = overrides.parse(list(override_texts))
    if brings_nodes:
        overrides.apply(tree, locations, [each for each in given if each.keys[0] in _BEFORE_NODES])
        recorded_drives.add_nodes(tree, locations, file)
        given = [each for each in given if each.keys[0] not in _BEFORE_NODES]
    problems = Problems(locations)
    layers = overrides.apply(tree, locations, given, lambda: fleets.expand(tree, problems))
    try:
        parsed = scenario_schema.ScenarioSpec.model_validate(tree)
    except ValidationError as error:
        problems.add(error, tree)
        problems.stop()
        raise
    return resolver.resolve(parsed, layers, problems, file, shipped_scenarios.purpose(text))


def expectation(file: Path) -> ExpectSpec | None:
    """See `simnet.scenario.expectation`."""
    _, tree, locations = _read(file)
    written = tree.get("expect")
    if written is None:
        return None
    try:
        return ExpectSpec.model_validate(written)
    except ValidationError as error:
        problems = Problems(locations)
        problems.add(error, written, ExpectSpec, ("expect",))
        problems.stop()
        raise


def check_nodes(file: Path, names: Sequence[str]) -> None:
    """See `simnet.scenario.check_nodes`."""
    _, tree, locations = _read(file)
    world = tree.get("world")
    if isinstance(world, dict) and world.get("kind") in drives.KINDS:
        return  # its nodes are in the recording, which may be on another machine
    fleets.expand(tree, Problems(locations))
    nodes = tree.get("nodes")
    known = list(map(str, nodes)) if isinstance(nodes, dict) else []
    for name in names:
        if name not in known:
            raise InputError(f"{file}: no node {name!r}{near(name, known)}; expected one of: {', '.join(known)}")


def _read(file: Path, extending: Sequence[Path] = ()) -> tuple[str, dict[str, Any], SourceLocations]:
    """Return the text of a file, its tree over those that it extends, and the locations in them.

    `extending` are the files that extend this one, the first of them first.
    """
    text, tree, locations = _read_one(file)
    chain = [*extending, file]
    base = inheritance.base_of(tree, locations, chain)
    if base is None:
        return text, tree, locations
    base_text, base_tree, base_locations = _read(base, chain)
    if not shipped_scenarios.purpose(text) and (purpose := shipped_scenarios.purpose(base_text)):
        text = f"# {purpose}\n{text}"
    return text, *inheritance.inherited((base_tree, base_locations), (tree, locations))


def _read_one(file: Path) -> tuple[str, dict[str, Any], SourceLocations]:
    """Return the text of a file, its tree, and the locations in it."""
    try:
        text = input_files.read_text(file, input_files.YAML_BYTES, "a scenario, YAML text")
    except InputError as error:
        raise ScenarioError(str(error).replace(f"{file}:", f"{file}:1:1:", 1)) from None
    return _parsed(text, file)


def _parsed(text: str, file: Path) -> tuple[str, dict[str, Any], SourceLocations]:
    tree, locations = document.read(text, str(file))
    # Of another kind of file nothing is said: it may hold passwords.
    if not isinstance(tree, dict) or (tree and not tree.keys() & scenario_schema.ScenarioSpec.model_fields):
        raise ScenarioError(
            f"{locations.root.text}: no scenario; expected keys {', '.join(scenario_schema.ScenarioSpec.model_fields)}"
        )
    return text, tree, locations
