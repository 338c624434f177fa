"""A run's fingerprint depends on the scenario and on nothing else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simnet.records import LossConfig, RateConfig, Scenario
from support.tiny_runs import Ran, change_links, change_streams


@pytest.fixture
def eventful(tiny: Scenario) -> Scenario:
    """Loss, jitter, rate control with feedback: whatever could go astray."""
    lossy = change_links(tiny, bandwidth_bps=250e3, jitter_ns=4_000_000, loss=LossConfig("independent", 0.1))
    return change_streams(lossy, rate=RateConfig("adaptive"))


def test_fingerprint_ignores_processes_and_delays(eventful: Scenario, run: Callable[..., Ran]) -> None:
    def fingerprint(**options: float) -> str:
        return run(eventful, **options).result.summary["fingerprint"]

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint(answer_delay_s=0.02) == first
    assert fingerprint(hosts=1) == first
    assert fingerprint(hosts=3) == first
    assert fingerprint(hosts=2, answer_delay_s=0.01) == first


def test_fingerprint_depends_on_seed_and_quality(eventful: Scenario, run: Callable[..., Ran]) -> None:
    seeds = [run(replace(eventful, seed=seed)).result.summary["fingerprint"] for seed in (1, 2)]
    assert seeds[0] != seeds[1]
    calm = run(change_streams(eventful, rate=RateConfig(quality=0.9))).result.summary["fingerprint"]
    assert calm not in seeds


def test_rows_ignore_processes_and_delays(eventful: Scenario, run: Callable[..., Ran]) -> None:
    first, second = ([replace(row, run="") for row in run(eventful, hosts=hosts).read.rows] for hosts in (0, 1))
    assert first == second
