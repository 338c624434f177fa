"""SCReAM in cases of RFC 8867, as the example runs them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from types import ModuleType

import pytest

from support.places import ROOT


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rfc8867", ROOT / "examples" / "rfc8867.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("ecn", "queue_ms"), [("none", 60), ("l4s", 15)])
def test_flows_that_join_late_get_their_share(example: ModuleType, ecn: str, queue_ms: float) -> None:
    case = example.Case("three flows join", 45, ((0, 3.5),), (example.Flow(), example.Flow(5), example.Flow(15)))
    row = example.run(case, "scream", ecn)
    assert row["used"] > 0.85
    assert row["fairness"] > 0.85
    assert row["queue p95 ms"] < queue_ms
    assert row["lost"] < 0.01


def test_rate_follows_the_capacity(example: ModuleType) -> None:
    case = replace(example.CASES["5.1"], seconds=30, forward=((0, 1), (12, 2.5), (18, 0.6), (24, 1)))
    row = example.run(case, "scream", "none")
    assert row["used"] > 0.8
    assert row["queue p95 ms"] < 100
