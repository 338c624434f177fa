"""Loss processes: their mean, their bursts, and which numbers are refused."""

from __future__ import annotations

import itertools
import math

import pytest

from simnet import seeds
from simnet.errors import InputError
from simnet.net import Link
from simnet.net.links.loss import losses
from simnet.records import LossConfig

PACKETS = 300_000


def draw(config: LossConfig, packets: int = PACKETS, seed: int = 1) -> list[bool]:
    return list(itertools.islice(losses(config, "a", seeds.generator(seed, "loss")), packets))


def bursts(lost: list[bool]) -> list[int]:
    return [len(list(group)) for value, group in itertools.groupby(lost) if value]


@pytest.mark.parametrize("mean", [0.001, 0.1, 0.7])
def test_independent_loss_has_its_mean_without_memory(mean):
    lost = draw(LossConfig("independent", mean))
    deviation = math.sqrt(mean * (1 - mean) / PACKETS)
    assert abs(sum(lost) / PACKETS - mean) < 4 * deviation
    runs = bursts(lost)  # geometric: mean 1 / (1 - mean), deviation sqrt(mean) / (1 - mean)
    assert abs(sum(runs) / len(runs) - 1 / (1 - mean)) < 4 * math.sqrt(mean) / (1 - mean) / math.sqrt(len(runs))


@pytest.mark.parametrize(("mean", "burst"), [(0.01, 4.0), (0.1, 2.5), (0.3, 20.0), (0.5, 1.0)])
def test_gilbert_elliott_has_its_stationary_loss_and_mean_burst(mean, burst):
    lost = draw(LossConfig("gilbert-elliott", mean, burst))
    # A two-state chain's correlation falls by `memory` a step, which widens the mean's variance by (1 + m) / (1 - m).
    memory = 1 - 1 / burst - mean / (burst * (1 - mean))
    deviation = math.sqrt(mean * (1 - mean) / PACKETS * (1 + memory) / (1 - memory))
    assert abs(sum(lost) / PACKETS - mean) <= 4 * deviation + 1 / PACKETS
    runs = bursts(lost)[:-1]  # the last one may be cut
    assert abs(sum(runs) / len(runs) - burst) <= 4 * math.sqrt(burst * (burst - 1) / len(runs))


def test_gilbert_elliott_starts_in_its_stationary_state():
    first = [draw(LossConfig("gilbert-elliott", 0.3, 10.0), 1, seed)[0] for seed in range(2000)]
    assert abs(sum(first) / 2000 - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 2000)


def test_loss_of_zero_and_one_is_certain():
    assert not any(draw(LossConfig(), 1000))
    assert not any(draw(LossConfig("gilbert-elliott", 0.0, 3.0), 1000))
    assert all(draw(LossConfig("independent", 1.0), 1000))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (LossConfig("sometimes"), "loss model 'sometimes'"),
        (LossConfig("independent", 1.5), "mean loss is 1.5"),
        (LossConfig("independent", -0.1), "mean loss is -0.1"),
        (LossConfig("independent", math.nan), "mean loss is nan"),
        (LossConfig("gilbert-elliott", 0.1, 0.5), "mean loss burst is 0.5"),
        (LossConfig("gilbert-elliott", 0.6, 1.0), "at most 0.5"),
        (LossConfig("gilbert-elliott", 1.0, 4.0), "at most 0.8"),
    ],
)
def test_impossible_loss_is_refused_naming_the_link(config, loss, message):
    with pytest.raises(InputError, match=r"^link 'a': ") as caught:
        Link(config(loss=loss), 1, lambda *_: 0.0)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
