"""Scenario files: from YAML text to a resolved `records.Scenario`, and back.

    text ──document──▶ tree ──overrides──▶ tree ──schema──▶ ScenarioSpec ──resolve──▶ records.Scenario ──writer──▶ text
                       └─ locations of keys and values ──▶ explain: file:line:column: key: what; expected ...

Rules: `schema/` defines the valid keys and values, `resolve/` checks that every name refers to something, `catalogue/` finds the
shipped files, `loader` is the only module with the order of the steps. This package runs no scenario, opens no world and imports
no codec, so that `simnet check` is fast and a scenario has the same meaning for every reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnet.scenario import loader, writer
from simnet.scenario.catalogue import shipped_scenarios
from simnet.scenario.schema import json_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.records import Scenario
    from simnet.scenario.schema.expect_schema import ExpectSpec


def load(path_or_name: str, overrides: Sequence[str] = ()) -> Scenario:
    """Return the resolved scenario of a file, or of a shipped scenario's name.

    Args:
        path_or_name: A YAML file, or a name that `list_shipped` returns.
        overrides: Changes in the form of `--set`, `path.of.key=value` each; `*` stands for any key.

    Raises:
        InputError: There is no such file and no such shipped scenario.
        ScenarioError: The file or an override is invalid: `file:line:column: path.of.key: what; expected ...`.
    """
    return loader.load(find(path_or_name), overrides)


def find(name: str) -> Path:
    """Return the file of `name`: a path, or a shipped scenario with or without `scenarios/` and `.yaml`.

    Raises:
        InputError: Neither exists; the message lists the shipped scenarios.
    """
    return shipped_scenarios.find(name)


def check_nodes(file: Path, names: Sequence[str]) -> None:
    """Check only that a scenario file has nodes of these names: its other files may be on another machine.

    Raises:
        InputError: The file has no such node, or is not a scenario.
    """
    loader.check_nodes(file, names)


def check(scenario: Scenario) -> None:
    """Check that a scenario which was read from elsewhere than a scenario file is one that a file could have given.

    Raises:
        ScenarioError: It is not.
    """
    loader.check(scenario)


def list_shipped() -> list[tuple[str, str, Path]]:
    """Return the shipped scenarios: name, purpose (the file's first comment line), file."""
    return shipped_scenarios.list_shipped()


def expectation(name: str) -> ExpectSpec | None:
    """Return the expected results of the scenario `name` (see `find`), or None if its file has no key `expect`.

    Raises:
        InputError: There is no such scenario.
        ScenarioError: The file is not YAML, or its key `expect` is invalid.
    """
    return loader.expectation(find(name))


def schema_json() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors that complete and check YAML."""
    return json_schema.schema_json()


def dump(scenario: Scenario) -> str:
    """Return the resolved scenario as YAML with all defaults; `load` of it gives an equal scenario."""
    return writer.dump(scenario)
