"""When frames arrive, against closed forms: exactly, to the nanosecond."""

from __future__ import annotations

import math
import statistics

import pytest

from simnet.net import Link

US = 1000


@pytest.mark.parametrize("size", [1, 1459, 1460, 1461, 100_000])
def test_frame_time_is_packet_service_plus_delay(config, run, size):
    # A --> B; 8 Mbit/s: a byte takes 1 us
    (transfer,) = run([config(delay_ns=12_345_678)], [(777, "A", "B", size)])
    packets = math.ceil(size / 1460)
    assert transfer.packets_sent == packets
    assert transfer.link_bytes == size + 40 * packets
    assert transfer.arrived_ns == 777 + transfer.link_bytes * US + 12_345_678
    assert transfer.complete
    assert transfer.packets_lost == 0
    # The last packet waited for all before it.
    last_bytes = size - 1460 * (packets - 1) + 40
    assert transfer.queue_ns == (transfer.link_bytes - last_bytes) * US


@pytest.mark.parametrize(("first_bps", "second_bps"), [(8e6, 8e6), (8e6, 2e6), (16e6, 8e6)])
def test_two_hops_pipeline_the_packets(config, run, first_bps, second_bps):
    # A --> B --> C, the second no faster: it starts when the first packet is there and never idles.
    links = [
        config("a", "A", "B", bandwidth_bps=first_bps, delay_ns=3_000),
        config("b", "B", "C", bandwidth_bps=second_bps, delay_ns=50_001),
    ]
    size, packets = 50_000, 35
    (transfer,) = run(links, [(0, "A", "C", size)])
    full_ns, total_ns = 1500 * 8_000_000_000 / first_bps, (size + 40 * packets) * 8_000_000_000 / second_bps
    assert transfer.arrived_ns == full_ns + 3_000 + total_ns + 50_001


def test_faster_second_hop_adds_only_the_last_packet(config, run):
    links = [config("a", "A", "B"), config("b", "B", "C", bandwidth_bps=80e6)]
    (transfer,) = run(links, [(0, "A", "C", 2920 + 560)])
    assert transfer.arrived_ns == (3480 + 3 * 40) * US + 600 * US // 10


def test_packets_fit_smallest_mtu_with_each_links_overhead(config, run):
    links = [config("a", "A", "B"), config("b", "B", "C", mtu_bytes=600, overhead_bytes=100)]
    (transfer,) = run(links, [(0, "A", "C", 1000)])
    assert transfer.packets_sent == 2
    assert transfer.link_bytes == 1000 + 2 * 40
    assert transfer.arrived_ns == 540 * US + 2 * 600 * US


def test_frames_share_a_hop_in_packet_order(config, run):
    # A --> C --> D and B --> C --> D, the shared hop twice as fast: both finish as one frame of both would.
    links = [
        config("a", "A", "C"),
        config("b", "B", "C", delay_ns=1),
        config("c", "C", "D", bandwidth_bps=16e6),
    ]
    first, second = run(links, [(0, "A", "D", 14_600), (0, "B", "D", 14_600)])
    assert (first.source, second.source) == ("A", "B")
    assert first.arrived_ns == 10 * 1500 * US + 750 * US
    assert second.arrived_ns == 10 * 1500 * US + 2 * 750 * US


def test_node_reaches_itself_at_once(config, run):
    (transfer,) = run([config()], [(5, "A", "A", 1000)])
    assert (transfer.arrived_ns, transfer.link_bytes, transfer.packets_sent) == (5, 0, 0)
    assert transfer.complete


def test_empty_message_is_one_packet_of_overhead(config, run):
    (transfer,) = run([config()], [(0, "A", "B", 0)])
    assert (transfer.packets_sent, transfer.link_bytes, transfer.arrived_ns) == (1, 40, 40 * US)


def arrivals(config, reorder: bool) -> list[int]:
    link = Link(config(jitter_ns=5_000_000, reorder=reorder, delay_ns=1_000), 1, lambda *_: 0.0)
    return [known_ns for known_ns, _, _ in link.offer(0, [1000] * 4000)]


def test_jitter_keeps_the_order_unless_it_may_reorder(config):
    ordered, free = arrivals(config, reorder=False), arrivals(config, reorder=True)
    assert ordered == sorted(ordered)
    assert free != sorted(free)
    # The same draws: order is kept by holding back those that would overtake.
    assert ordered == [max(free[: index + 1]) for index in range(100)] + ordered[100:]


def test_jitter_is_half_normal_with_its_deviation(config):
    extra = [
        known_ns - 1_000 - (index + 1) * 1000 * US for index, known_ns in enumerate(arrivals(config, reorder=True))
    ]
    assert min(extra) >= 0
    # Of 4000 draws: the deviation's own relative deviation is sqrt((kurtosis - 1) / 4n) = 1.3 % (kurtosis 3.87).
    assert statistics.stdev(extra) == pytest.approx(5_000_000, rel=4 * 0.0134)
    mean_ns = math.sqrt(2 / math.pi) / math.sqrt(1 - 2 / math.pi) * 5_000_000
    assert statistics.fmean(extra) == pytest.approx(mean_ns, abs=4 * 5_000_000 / math.sqrt(4000))


def test_ladder_bandwidth_uses_distance_at_service_start(config, run):
    ladder = ((100.0, 8e6), (200.0, 4e6))

    def leaving(_source: str, _target: str, t_ns: int) -> float:
        return 99.0 + t_ns / 1e6  # a metre a millisecond

    # Packets of 1000 bytes: the first starts at 99 m (1 ms), the second at 100 m (1 ms), the third at 101 m (2 ms).
    (transfer,) = run([config(ladder=ladder, mtu_bytes=1000)], [(0, "A", "B", 3 * 960)], distance_m=leaving)
    assert transfer.arrived_ns == 4_000_000


def test_beyond_the_ladder_everything_is_lost(config, run):
    far = config(ladder=((100.0, 8e6),), delay_ns=500)
    (transfer,) = run([far], [(0, "A", "B", 1460 * 2)], distance_m=lambda *_: 100.5)
    assert transfer.packets_lost == 2
    assert transfer.arrived_ns is None
    assert not transfer.complete
