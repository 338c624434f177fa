"""The paced transport: what it sends when, what is reported of each packet, and that every byte of that is counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.errors import WireError
from simnet.net import Network, Path, Transfer, open_paced
from simnet.net.congestion import packet_feedback
from simnet.net.congestion.congestion_control import PacketReport
from simnet.net.congestion.packet_log import SPAN, PacketLog
from simnet.net.ecn import CE, ECT_1
from simnet.records import CongestionConfig, LinkConfig, LossConfig, RateConfig

MS = 1_000_000
SECOND = 1000 * MS
PERIOD_NS = 50 * MS
SCREAM = RateConfig("scream", congestion=CongestionConfig(50e3, 400e3, 5e6))


@dataclass
class Outcome:
    """What came of a stream's frames."""

    links: dict = field(default_factory=dict)
    deliveries: list[tuple[int, Transfer, bytes]] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    finals: int = 0


def send(
    frames: int, *, ecn: str = "none", size: int | None = None, deadline_ns: int = 400 * MS, loss=None, **link
) -> Outcome:
    """Send frames over A --> B; each of `size` bytes, or of what the control allows."""
    numbers = {"bandwidth_bps": 1e6, "delay_ns": 20 * MS, "mtu_bytes": 540, "queue_bytes": 10**6} | link
    there = LinkConfig("there", "A", "B", loss=loss or LossConfig(), **numbers)
    back = LinkConfig("back", "B", "A", **numbers)
    env = simpy.Environment()
    network = Network(env, [there, back], 1, lambda *_: 1.0)
    rate = replace(SCREAM, congestion=CongestionConfig(50e3, 400e3, 5e6, ecn))
    transport = open_paced(rate, Path(env, network, "A", "B"), PERIOD_NS)
    told = Outcome()

    def close(_transfer: Transfer) -> None:
        told.finals += 1

    def frame(event: simpy.Event) -> None:
        told.targets.append(transport.target_bps)
        data = bytes([event.value]) * (size or transport.target_bps * PERIOD_NS // (8 * SECOND))
        until_ns = env.now + deadline_ns
        transport.send(data, until_ns, lambda *what: told.deliveries.append((env.now, *what)), close)
        if event.value + 1 < frames:
            env.timeout(PERIOD_NS, event.value + 1).callbacks.append(frame)

    env.timeout(0, 0).callbacks.append(frame)
    env.run()
    told.links = {line.link: line for line in network.statistics()}
    return told


def test_control_takes_up_most_of_the_link_without_loss() -> None:
    told = send(100)
    assert all(transfer.complete for _, transfer, _ in told.deliveries)
    assert 0.6e6 < told.targets[-1] < 1.1e6
    assert [data[0] for _, _, data in told.deliveries] == list(range(100))


@pytest.mark.parametrize("ecn", ["classic", "l4s"])
def test_marks_of_a_dual_queue_keep_the_queue_short(ecn) -> None:
    bare, marked = (
        send(100, ecn=each, bandwidth_bps=3e6, queue="dualpi2" if each == ecn else "fifo") for each in ("none", ecn)
    )
    queues = [sum(transfer.queue_ns for _, transfer, _ in told.deliveries[50:]) for told in (bare, marked)]
    assert queues[1] < 0.8 * queues[0]
    assert all(transfer.complete for _, transfer, _ in marked.deliveries)
    assert marked.targets[-1] > 1e6


def test_packets_of_a_frame_are_spread_over_its_period() -> None:
    """Without a pace, a frame of five packets waits at the link; the first frame goes out before there is any pace."""
    told = send(3, size=2500, bandwidth_bps=2e6)
    queues_ns = [transfer.queue_ns for _, transfer, _ in told.deliveries]
    assert queues_ns[0] > 5 * MS
    assert max(queues_ns[1:]) < MS


@settings(max_examples=15)
@given(loss=st.floats(0, 0.5), frames=st.integers(1, 12), size=st.integers(1, 4000))
def test_every_frame_ends_once_and_every_byte_is_counted(loss, frames, size) -> None:
    told = send(frames, size=size, loss=LossConfig("independent", loss) if loss else None)
    assert len(told.deliveries) == frames
    there = told.links["there"]
    transfers = [transfer for _, transfer, _ in told.deliveries]
    assert there.sent_packets == there.delivered_packets + there.lost_packets
    assert there.sent_bytes == sum(transfer.link_bytes for transfer in transfers)
    assert there.lost_packets == sum(transfer.packets_lost for transfer in transfers)
    assert all((transfer.packets_lost == 0) >= transfer.complete for transfer in transfers)


def test_feedback_costs_bytes_on_the_link_back() -> None:
    told = send(2, size=900)
    # A report of two packets for the first frame, of four for the second; 40 bytes of headers each.
    sizes = [packet_feedback.size_bytes(2) + 40, packet_feedback.size_bytes(4) + 40]
    assert told.links["back"].sent_bytes >= sum(sizes)
    assert told.links["back"].sent_packets <= 4


def test_frame_past_its_deadline_leaves_the_queue() -> None:
    told = send(12, size=20_000, deadline_ns=200 * MS)
    complete = [transfer.complete for _, transfer, _ in told.deliveries]
    assert len(complete) == 12
    assert not all(complete)
    given_up = [transfer for _, transfer, _ in told.deliveries if not transfer.complete]
    assert all(transfer.link_bytes < 20_000 for transfer in given_up)
    assert max(now_ns - transfer.sent_ns for now_ns, transfer, _ in told.deliveries) < 800 * MS


def test_sender_without_any_feedback_goes_on_slowly() -> None:
    told = send(60, size=6000, deadline_ns=2 * SECOND, loss=LossConfig("independent", 1.0))
    assert [transfer.complete for _, transfer, _ in told.deliveries] == [False] * 60
    assert 0 < told.links["there"].sent_packets < 0.5 * 60 * 12


@given(
    first=st.integers(0, 3 * 2**16),
    arrivals=st.lists(
        st.one_of(st.none(), st.tuples(st.integers(0, SECOND), st.sampled_from([ECT_1, CE]))), max_size=40
    ),
    now_ns=st.integers(2 * SECOND, 10**15),
)
def test_feedback_message_reads_back(first, arrivals, now_ns) -> None:
    known = {
        first + index: (now_ns - ago_ns, ecn) for index, each in enumerate(arrivals) if each for ago_ns, ecn in [each]
    }
    message = packet_feedback.pack(1, first, len(arrivals), known, now_ns)
    assert len(message) == packet_feedback.size_bytes(len(arrivals))
    assert len(message) == 4 * (int.from_bytes(message[2:4], "big") + 1)
    found = packet_feedback.unpack(message, first + 50, now_ns + SECOND)
    assert [each.sequence for each in found] == sorted(known)
    for report in found:
        arrived_ns, ecn = known[report.sequence]
        assert report.is_marked == (ecn == CE)
        assert abs(report.arrived_ns - arrived_ns) <= SECOND // 1000


def test_feedback_message_has_the_bytes_of_the_rfc() -> None:
    message = packet_feedback.pack(7, 65_535, 2, {65_536: (SECOND, CE)}, SECOND + SECOND // 2)
    assert message.hex() == "8bcd00050000000700000007ffff00020000e20000018000"


@pytest.mark.parametrize("cut", [slice(0, 8), slice(0, -4), slice(4, None)])
def test_damaged_feedback_message_is_refused(cut) -> None:
    message = packet_feedback.pack(7, 3, 2, {3: (SECOND, CE)}, SECOND)
    with pytest.raises(WireError, match="congestion control feedback"):
        packet_feedback.unpack(message[cut], 3, SECOND)


def test_feedback_is_sent_after_frames_and_many_packets() -> None:
    log = PacketLog(1)
    assert log.receive(0, 0, ECT_1, ends_frame=False) is not None
    assert [bool(log.receive(each, each, ECT_1, ends_frame=False)) for each in range(1, 17)] == [False] * 15 + [True]
    assert log.receive(17, 17, ECT_1, ends_frame=True) is not None
    message = log.receive(18 + SPAN, 50 * MS, CE, ends_frame=False)
    reports = packet_feedback.unpack(message or b"", 18, 50 * MS)
    assert reports == [PacketReport(18 + SPAN, 49_987_792, is_marked=True)]
