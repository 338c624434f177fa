"""The conformance suite of links passes what is right; each check fails on what is wrong in just that."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simnet import testing
from simnet.net import Network
from simnet.records import LinkConfig, LossConfig
from support.spoilt_subjects import each_fails

LINK = LinkConfig("up", "a", "b", 1e6, delay_ns=10_000_000, jitter_ns=2_000_000, loss=LossConfig("independent", 0.05))


class Silent(Network):
    def send(self, source: str, target: str, size_bytes: int, on_delivery: Any, *, priority: int = 0) -> None:
        told = on_delivery if size_bytes < 5000 else lambda _: None
        super().send(source, target, size_bytes, told, priority=priority)


class Miscounting(Network):
    def statistics(self) -> Any:
        return [replace(each, delivered_packets=each.delivered_packets - 1) for each in super().statistics()]


def _with(**changes: Any) -> Callable[..., Network]:
    def make(env: Any, links: list[LinkConfig], seed: int, distance_m: Any) -> Network:
        return Network(env, [replace(link, **changes) for link in links], seed, distance_m)

    return make


def _unseeded() -> Callable[..., Network]:
    made: list[int] = []

    def make(env: Any, links: Any, seed: int, distance_m: Any) -> Network:
        made.append(seed)
        return Network(env, links, len(made), distance_m)

    return make


BAD_NETWORKS = {
    "every_frame_is_told_once": Silent,
    "packets_are_conserved": Miscounting,
    "nothing_is_faster_than_the_link": _with(bandwidth_bps=4e6),
    "frames_keep_their_order": _with(reorder=True, jitter_ns=500_000_000),
    "the_seed_says_it_all": _unseeded(),
    "as_much_is_lost_as_is_said": _with(loss=LossConfig("independent", 0.1)),
}
LINKS = [
    LINK,
    replace(LINK, loss=LossConfig("gilbert-elliott", 0.1, 4), queue_bytes=8000),
    replace(LINK, reorder=True, queue="codel"),
    replace(LINK, queue="priority", outages=((200_000_000, 900_000_000),)),
    replace(LINK, ladder=((20.0, 8e6), (100.0, 2e6)), propagation_mps=3e8),
    replace(LINK, mtu_bytes=300, overhead_bytes=0, loss=LossConfig()),
]


@pytest.mark.parametrize("link", LINKS)
def test_good_links_pass(link: LinkConfig) -> None:
    testing.check_link(link)


def test_every_link_check_detects_its_fault() -> None:
    each_fails(testing.LINK_CHECKS, BAD_NETWORKS, lambda network: testing.check_link(LINK, network=network))
