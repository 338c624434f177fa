"""Contention for the air, against Bianchi's analysis of IEEE 802.11 (IEEE JSAC 18(3), 2000) and by hand."""

from __future__ import annotations

import pytest
import simpy

from simnet.errors import InputError
from simnet.net import Network
from simnet.records import LinkConfig, LossConfig, MediumConfig

US = 1_000
FHSS = MediumConfig(
    "air",
    "csma",
    slot_ns=50 * US,
    sifs_ns=28 * US,
    difs_ns=128 * US,
    preamble_ns=128 * US,
    header_bytes=34,
    ack_bytes=14,
    basic_rate_bps=1e6,
    window=32,
    window_max=1024,
)
"""The paper's table II: 1 Mbit/s, MAC header 272 bits, PHY header 128 bits, ACK 112 bits + PHY header."""
PAYLOAD = 1023
"""Bytes: the paper's 8184 bits."""
B11 = MediumConfig("air", "csma")
"""The defaults: IEEE 802.11b with long preambles."""


def bianchi(config: MediumConfig, stations: int, payload_bytes: int, rate_bps: float) -> float:
    """Return the saturation throughput as a share of the rate: equations 7, 9, 13 and 17, without propagation delay."""
    window, stages = config.window, (config.window_max // config.window).bit_length() - 1

    def tau_of(p: float) -> float:
        return 2 / (1 + window + p * window * sum((2 * p) ** stage for stage in range(stages)))

    low, high = 0.0, 1.0
    for _ in range(200):  # p - (1 - (1 - tau(p)) ** (n - 1)) rises with p
        p = (low + high) / 2
        if p + 1e-15 < 1 - (1 - tau_of(p)) ** (stations - 1):
            low = p
        else:
            high = p
    tau = tau_of(p)
    some = 1 - (1 - tau) ** stations
    good = stations * tau * (1 - tau) ** (stations - 1) / some
    data_ns = payload_bytes * 8e9 / rate_bps
    frame_ns = config.preamble_ns + config.header_bytes * 8e9 / rate_bps + data_ns
    ack_ns = config.preamble_ns + config.ack_bytes * 8e9 / config.basic_rate_bps
    success_ns = frame_ns + config.sifs_ns + ack_ns + config.difs_ns
    collision_ns = frame_ns + config.difs_ns
    mean_ns = (1 - some) * config.slot_ns + some * good * success_ns + some * (1 - good) * collision_ns
    return some * good * data_ns / mean_ns


def link(number: int, medium: str | None = "air", **changes) -> LinkConfig:
    numbers = {"bandwidth_bps": 1e6, "queue_bytes": 10**9, "overhead_bytes": 0, "mtu_bytes": PAYLOAD} | changes
    return LinkConfig(f"up{number}", f"car{number}", "mast", medium=medium, **numbers)


def saturated(config: MediumConfig, stations: int, rate_bps: float, frames: int, seed: int = 1) -> float:
    """Return the share of the rate that `stations` which always have something to send get through together."""
    env = simpy.Environment()
    links = [link(number, bandwidth_bps=rate_bps) for number in range(stations)]
    network = Network(env, links, seed, lambda *_: 1.0, [config])
    for number in range(stations):
        network.send(f"car{number}", "mast", frames * PAYLOAD, lambda _: None)
    until_ns = int(frames * PAYLOAD * 8e9 / rate_bps)  # one alone could not have sent everything by then
    env.run(until=until_ns)
    return sum(line.delivered_bytes for line in network.statistics()) * 8e9 / until_ns / rate_bps


@pytest.mark.parametrize("stations", [2, 5, 10, 20])
@pytest.mark.parametrize(("config", "rate_bps"), [(FHSS, 1e6), (B11, 11e6)], ids=["fhss", "802.11b"])
def test_saturation_throughput_is_bianchis_within_5_percent(config, rate_bps, stations):
    measured, expected = saturated(config, stations, rate_bps, 4_000), bianchi(config, stations, PAYLOAD, rate_bps)
    assert measured == pytest.approx(expected, rel=0.05)


def test_bianchis_own_figure_is_met():
    # Table III: basic access, W = 32, m = 3: the maximum over tau is about 0.82 to 0.84; figure 6 has 0.75 to 0.85 for 5 to 20.
    assert 0.75 < bianchi(FHSS, 10, PAYLOAD, 1e6) < 0.85


def send(links, sends, config=FHSS, seed=1):
    env = simpy.Environment()
    network = Network(env, links, seed, lambda *_: 1.0, [config])
    ended = []
    for at_ns, source, target, size in sends:
        env.timeout(at_ns, (source, target, size)).callbacks.append(
            lambda event: network.send(*event.value, lambda transfer: ended.append((env.now, transfer)))
        )
    env.run()
    return ended, network


def test_lone_frame_goes_at_once_next_one_backs_off():
    ended, _ = send([link(0)], [(0, "car0", "mast", 2 * PAYLOAD)])
    ((last_ns, transfer),) = ended
    frame_ns = (128 + 8 * (34 + PAYLOAD)) * US
    first_over_ns = frame_ns + (28 + 128 + 112 + 128) * US
    assert transfer.complete
    slots, rest = divmod(last_ns - first_over_ns - frame_ns, 50 * US)
    assert rest == 0
    assert 0 <= slots < 32


def test_frames_in_the_same_slot_collide_and_retry():
    ended, network = send([link(0), link(1)], [(0, "car0", "mast", PAYLOAD), (0, "car1", "mast", PAYLOAD)])
    assert all(transfer.complete for _, transfer in ended)
    frame_ns = (128 + 8 * (34 + PAYLOAD)) * US
    assert min(at for at, _ in ended) >= 2 * frame_ns + 128 * US
    assert all(transfer.queue_ns >= frame_ns for _, transfer in ended)
    assert all(line.delivered_packets == line.sent_packets == 1 for line in network.statistics())


def test_lost_frame_is_dropped_after_its_retries():
    lossy = link(0, loss=LossConfig("independent", 0.3))
    ended, network = send([lossy], [(0, "car0", "mast", 200 * PAYLOAD)])
    assert ended[0][1].complete  # 0.3 ** 8 of the packets are given up
    ended, network = send([link(0, loss=LossConfig("independent", 1.0))], [(0, "car0", "mast", 2 * PAYLOAD)])
    (transfer,) = (transfer for _, transfer in ended)
    assert (transfer.complete, transfer.packets_lost) == (False, 2)
    assert network.statistics()[0].lost_packets == 2
    assert ended[0][0] > 16 * 8 * PAYLOAD * US  # eight times each


def test_links_of_one_node_share_one_radio():
    # Two links of one node never collide with each other.
    back = LinkConfig("down", "car0", "post", 1e6, queue_bytes=10**9, overhead_bytes=0, mtu_bytes=PAYLOAD, medium="air")
    ended, _ = send([link(0), back], [(0, "car0", "mast", 50 * PAYLOAD), (0, "car0", "post", 50 * PAYLOAD)])
    frame_ns = (128 + 8 * (34 + PAYLOAD)) * US
    assert all(transfer.complete for _, transfer in ended)
    first, last = sorted(at for at, _ in ended)
    assert last - first < 2 * frame_ns + 40 * 50 * US  # in turns to the end
    assert last < 100 * (frame_ns + (28 + 240 + 128) * US + 31 * 50 * US)


def test_csma_repeats_for_a_seed_despite_other_media():
    sends = [(number * 7_000 * US, f"car{number % 3}", "mast", 3 * PAYLOAD) for number in range(30)]
    links = [link(number) for number in range(3)]
    stories = [send(links, sends, seed=seed)[0] for seed in (3, 3, 4)]
    assert stories[0] == stories[1] != stories[2]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": "aloha"}, "kind is 'aloha'; expected tdma, csma or cell"),
        ({"window": 0}, "windows of 0 to 1024 slots"),
    ],
)
def test_unknown_medium_is_refused(changes, fault):
    config = MediumConfig(**({"name": "air", "kind": "csma"} | changes))
    with pytest.raises(InputError, match=fault):
        Network(simpy.Environment(), [], 1, lambda *_: 1.0, [config])


def test_link_without_a_medium_is_refused():
    with pytest.raises(InputError, match="link 'up0': no medium 'fog'; expected one that is declared"):
        Network(simpy.Environment(), [link(0, "fog")], 1, lambda *_: 1.0, [FHSS])
