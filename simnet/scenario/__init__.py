"""Scenario files: the schema, loading with file and line in errors, the catalogue of shipped scenarios.

Lives here: everything between YAML text and a resolved `records.Scenario`. Must not live here: anything that runs a
scenario, opens a world or knows a codec; this room imports only the shared records, so that `simnet check` is quick and a
scenario means the same whoever reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.records import Scenario
    from simnet.scenario.schema.expect_schema import ExpectSpec


def load(path_or_name: str, overrides: Sequence[str] = ()) -> Scenario:
    """Return the resolved scenario of a file, or of a shipped scenario's name.

    Args:
        path_or_name: A YAML file, or a name that `list_shipped` returns.
        overrides: `path.of.key=value` each, as `--set` takes them; `*` stands for any key.

    Raises:
        InputError: There is no such file and no such shipped scenario.
        ScenarioError: The file or an override is at fault: `file:line:column: path.of.key: what; expected ...`.
    """
    from simnet.scenario import loader

    return loader.load(find(path_or_name), overrides)


def find(name: str) -> Path:
    """Return the file of `name`: a path, or a shipped scenario with or without `scenarios/` and `.yaml`.

    Raises:
        InputError: Neither exists; the message lists the shipped scenarios.
    """
    from simnet.scenario.catalogue import shipped_scenarios

    return shipped_scenarios.find(name)


def check_nodes(file: Path, names: Sequence[str]) -> None:
    """Look whether a scenario file has nodes of these names, and at nothing else in it: what it refers to may be elsewhere.

    Raises:
        InputError: It has no such node, or is no scenario.
    """
    from simnet.scenario import loader

    loader.check_nodes(file, names)


def list_shipped() -> list[tuple[str, str, Path]]:
    """Return the shipped scenarios: name, purpose (the file's first comment line), file."""
    from simnet.scenario.catalogue import shipped_scenarios

    return shipped_scenarios.list_shipped()


def expectation(name: str) -> ExpectSpec | None:
    """Return what the scenario `name` (see `find`) is expected to show, or None where its file does not say.

    Raises:
        InputError: There is no such scenario.
        ScenarioError: The file is no YAML, or its key `expect` is at fault.
    """
    from simnet.scenario import loader

    return loader.expectation(find(name))


def schema_json() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors that complete and check YAML."""
    from simnet.scenario.schema import json_schema

    return json_schema.schema_json()


def dump(scenario: Scenario) -> str:
    """Return the resolved scenario as YAML: every default written out, and `load` of it gives an equal scenario."""
    from simnet.scenario import writer

    return writer.dump(scenario)
