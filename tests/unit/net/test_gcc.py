"""GCC against aiortc's port of WebRTC's receiver-side estimator, over the same packets; and alone."""

from __future__ import annotations

import pytest
from aiortc.rate import BandwidthUsage, RemoteBitrateEstimator

from simnet.net.congestion.congestion_control import PacketReport
from simnet.net.congestion.gcc import Gcc
from simnet.records import SECOND_NS, CongestionConfig

MS = 1_000_000
SIZE = 1240
RATES = CongestionConfig(50e3, 300e3, 5e6)


def trace(send_bps, link_bps, seconds: float, *, delay_ms: float = 30, frame_hz: int = 25):
    """Frames at the rate `send_bps(t)` through a queue served at `link_bps(t)`: (sent, arrived) in ns of each packet."""
    packets, free_ns, owed = [], 0, 0.0
    for frame in range(int(seconds * frame_hz)):
        begin_ns = frame * SECOND_NS // frame_hz
        owed += send_bps(begin_ns / SECOND_NS) / frame_hz / 8
        count = int(owed // SIZE)
        owed -= count * SIZE
        for index in range(count):
            sent_ns = begin_ns + index * SECOND_NS // frame_hz // (2 * count)
            start_ns = max(sent_ns, free_ns)
            free_ns = start_ns + round(SIZE * 8 * SECOND_NS / link_bps(start_ns / SECOND_NS))
            packets.append((sent_ns, free_ns + round(delay_ms * MS)))
    return packets


def theirs(packets) -> tuple[list[float], dict[float, int]]:
    """Return when aiortc's detector sees over-use, and its estimates by time."""
    estimator, overs, estimates = RemoteBitrateEstimator(), [], {}
    for sent_ns, arrived_ns in packets:
        answer = estimator.add(arrived_ns // MS, int(sent_ns / SECOND_NS * 2**18) & 0xFFFFFF, SIZE, 1)
        if estimator.detector.state() is BandwidthUsage.OVERUSING:
            overs.append(arrived_ns / SECOND_NS)
        if answer:
            estimates[arrived_ns / SECOND_NS] = answer[0]
    return overs, estimates


def ours(packets, start_bps: float) -> tuple[list[float], dict[float, float]]:
    control = Gcc(CongestionConfig(10e3, start_bps, 50e6), 40)
    overs, estimates = [], {}
    for sequence, (sent_ns, arrived_ns) in enumerate(packets):
        control.on_sent(sent_ns, sequence, SIZE)
        control.on_feedback(arrived_ns, [PacketReport(sequence, arrived_ns, is_marked=False)])
        if control.detector.use.value == "over":
            overs.append(arrived_ns / SECOND_NS)
        estimates[arrived_ns / SECOND_NS] = control.by_delay.bps
    return overs, estimates


@pytest.mark.parametrize(
    ("send_bps", "link_bps"),
    [
        (lambda t: 0.8e6 + 0.1e6 * t, lambda _: 1.5e6),
        (lambda t: 1e6, lambda t: 2e6 if t < 6 else 0.7e6),
        (lambda t: 0.8e6 if t < 5 else 1.6e6, lambda _: 1.2e6),
    ],
    ids=["ramp", "drop", "step"],
)
def test_overuse_is_seen_when_aiortc_sees_it(send_bps, link_bps) -> None:
    packets = trace(send_bps, link_bps, 10)
    (own, estimates), (other, others) = ours(packets, 1e6), theirs(packets)
    assert own[0] == pytest.approx(other[0], abs=0.3)
    # Both cut to 0.85 of what arrives then.
    first = min(time_s for time_s in others if time_s >= other[0])
    assert estimates[own[0]] == pytest.approx(others[first], rel=0.1)


def test_free_path_is_never_overused() -> None:
    packets = trace(lambda _: 0.8e6, lambda _: 4e6, 10)
    assert ours(packets, 1e6)[0] == theirs(packets)[0] == []


def test_rate_grows_by_eight_percent_a_second_on_a_free_path() -> None:
    packets = trace(lambda _: 1e6, lambda _: 8e6, 4)
    estimates = list(ours(packets, 1e6)[1].items())
    later = min(estimates, key=lambda each: abs(each[0] - 3.0))
    sooner = min(estimates, key=lambda each: abs(each[0] - 1.0))
    assert later[1] / sooner[1] == pytest.approx(1.08**2, rel=0.02)


def test_losses_above_a_tenth_cut_the_rate() -> None:
    control = Gcc(RATES, 40)
    for sequence in range(200):
        now_ns = sequence * 20 * MS
        control.on_sent(now_ns, sequence, SIZE)
        if sequence % 4:
            control.on_feedback(now_ns + 50 * MS, [PacketReport(sequence, now_ns + 25 * MS, is_marked=False)])
    assert control.target_bps < 0.8 * RATES.start_bps
