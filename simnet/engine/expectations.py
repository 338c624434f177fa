"""Proofs of what a scenario is expected to show, by runs of it and of its variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet import scenario
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cell import run_cell
from simnet.engine.run_options import RunOptions
from simnet.records.plain_data import to_plain
from simnet.runfolder.run_manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.records import Scenario
    from simnet.scenario.schema.expect_schema import ExpectSpec
    from simnet.store import Store


@dataclass(frozen=True, slots=True)
class Proof:
    """One check, the values of both of its sides, and whether it holds."""

    check: str
    left: float
    right: float
    holds: bool


def prove(name: str, expected: ExpectSpec, out: Path, store: Store, overrides: Sequence[str] = ()) -> list[Proof]:
    """Run the scenario `name` and those of its variants that the checks of `expected` need; return the result of each check.

    `overrides` apply to every run, before a variant's own. Each run has a folder under `out`, named by its variant; what they
    have in common is rendered, coded and scored once.

    Raises:
        SimnetError: Whatever is wrong with a run, or a check that nothing gives a number for.
    """
    wanted = sorted({variant for check in expected.checks for variant in check.variants})
    loaded = {each: scenario.load(name, [*overrides, *expected.variants.get(each, ())]) for each in wanted}
    summaries = {each: _streams(loaded[each], out / (each or "as_it_is"), store) for each in wanted}
    return [Proof(check.text, *check.sides(summaries), check.holds(summaries)) for check in expected.checks]


def _streams(loaded: Scenario, out: Path, store: Store) -> dict[str, dict[str, float | None]]:
    run_cell(loaded, out, store, CacheCounters(), RunOptions())
    return to_plain(read_manifest(out).summary.streams)
