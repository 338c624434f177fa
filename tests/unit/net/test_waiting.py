"""The mean wait in a link's queue, and its blocking, against queueing theory.

Each figure is the mean over independent replications, each warmed up first; the closed form must lie in the 99.9 %
confidence interval of Student's t, and that interval must be narrow enough to tell a wrong law from the right one.
"""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from simnet import seeds
from simnet.net import Link

REPLICATIONS = 16
STUDENT_T = 4.073  # 99.9 %, two-sided, 15 degrees of freedom
MEAN_BYTES = 10_000
SERVICE_NS = MEAN_BYTES * 1000  # at 8 Mbit/s
WARM_UP = 1000  # over ten relaxation times 1 / (1 - sqrt(load))^2 at the loads used


def waits_ns(link: Link, load: float, generator: np.random.Generator, packets: int, random_sizes: bool) -> list[int]:
    arrivals = np.cumsum(generator.exponential(SERVICE_NS / load, packets)).astype(np.int64).tolist()
    sizes = (
        generator.exponential(MEAN_BYTES, packets).astype(np.int64).tolist() if random_sizes else [MEAN_BYTES] * packets
    )
    return [link.offer(t_ns, [size])[0][2] for t_ns, size in zip(arrivals, sizes, strict=True)]


def interval(means: list[float]) -> tuple[float, float]:
    return statistics.mean(means), STUDENT_T * statistics.stdev(means) / math.sqrt(REPLICATIONS)


@pytest.mark.parametrize(("load", "packets"), [(0.5, 16_000), (0.8, 40_000)])
@pytest.mark.parametrize(("law", "factor"), [("M/D/1", 0.5), ("M/M/1", 1.0)])
def test_mean_wait_matches_pollaczek_khinchine(config, law, factor, load, packets):
    # Wq = load / (1 - load) * service * (1 + c^2) / 2, with c = 0 for constant and 1 for exponential service.
    expected_ns = factor * load / (1 - load) * SERVICE_NS
    means = []
    for replication in range(REPLICATIONS):
        generator = seeds.generator(3, law, str(load), str(replication))
        waits = waits_ns(Link(config(), 1, lambda *_: 0.0), load, generator, packets, law == "M/M/1")
        means.append(statistics.fmean(waits[WARM_UP:]))
    mean_ns, half_ns = interval(means)
    assert half_ns < 0.08 * expected_ns
    assert abs(mean_ns - expected_ns) < half_ns


def test_blocking_without_queue_matches_erlang(config):
    # One server, no waiting room: the share of Poisson arrivals refused is load / (1 + load) for any law of the sizes.
    load, packets, shares = 0.8, 5_000, []
    for replication in range(REPLICATIONS):
        link = Link(config(queue_bytes=0), 1, lambda *_: 0.0)
        waits_ns(link, load, seeds.generator(5, str(replication)), packets, random_sizes=True)
        shares.append(link.statistics(0).dropped_packets / packets)
    mean, half = interval(shares)
    assert half < 0.02
    assert abs(mean - load / (1 + load)) < half
