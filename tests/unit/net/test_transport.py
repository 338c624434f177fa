"""What a stream's transport does for it, and that every byte of that is counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.errors import InputError
from simnet.net import Network, Path, Transfer, header_bytes, open_transport
from simnet.records import LinkConfig, LossConfig, TransportConfig

MS = 1_000_000
DEADLINE_NS = 200 * MS
CLEAN = LossConfig()
NONE, FEC = TransportConfig(), TransportConfig("fec", repair=0.5)
ARQ = TransportConfig("retransmission", timeout_ns=30 * MS)


@dataclass
class Sent:
    """What came of some frames that were sent at times."""

    links: dict
    at: list[int] = field(default_factory=list)
    deliveries: list[tuple[int, Transfer, bytes]] = field(default_factory=list)
    finals: dict[int, Transfer] = field(default_factory=dict)
    closes: int = 0
    """How often it was said that nothing more happens to a frame."""
    """By the time of sending."""


def send(
    transport: TransportConfig,
    frames: list[tuple[int, bytes]],
    *,
    loss=CLEAN,
    back_loss=CLEAN,
    seed=1,
    **link,
) -> Sent:
    """A --> B over one link, and one back; both of 8 Mbit/s and 10 ms unless told otherwise."""
    numbers = {"bandwidth_bps": 8e6, "delay_ns": 10 * MS, "mtu_bytes": 540, "queue_bytes": 10**6} | link
    there = LinkConfig("there", "A", "B", loss=loss, **numbers)
    back = LinkConfig("back", "B", "A", loss=back_loss, **numbers)
    env = simpy.Environment()
    network = Network(env, [there, back], seed, lambda *_: 1.0)
    opened = open_transport(transport, Path(env, network, "A", "B"))
    told = Sent({})

    def close(transfer: Transfer | None) -> None:
        told.closes += 1
        if transfer is not None:
            told.finals[transfer.sent_ns] = transfer

    def deliver(transfer: Transfer, data: bytes) -> None:
        assert transfer.sent_ns not in told.finals
        told.deliveries.append((env.now, transfer, data))
        told.finals[transfer.sent_ns] = transfer

    for at_ns, frame in frames:
        env.timeout(at_ns, frame).callbacks.append(
            lambda event: opened.send(event.value, env.now + DEADLINE_NS, deliver, close)
        )
    env.run()
    told.links = {line.link: line for line in network.statistics()}
    return told


losses = st.builds(LossConfig, st.just("independent"), st.floats(0, 0.9))
transports = st.one_of(
    st.just(NONE),
    st.builds(TransportConfig, st.just("fec"), repair=st.floats(0.01, 2)),
    st.builds(
        TransportConfig,
        st.just("retransmission"),
        timeout_ns=st.one_of(st.none(), st.integers(MS, 300 * MS)),
        retries=st.integers(0, 5),
    ),
)


@settings(deadline=None)
@given(
    transports, losses, losses, st.lists(st.binary(min_size=1, max_size=4_000), min_size=1, max_size=5), st.booleans()
)
def test_frames_arrive_intact_and_packets_are_counted(transport, loss, back_loss, frames, reorder):
    at = [(index * 40 * MS, frame) for index, frame in enumerate(frames)]
    told = send(transport, at, loss=loss, back_loss=back_loss, reorder=reorder, jitter_ns=3 * MS)
    sent = dict(at)
    assert len(told.deliveries) == len(frames)
    for now_ns, transfer, data in told.deliveries:
        assert data == (sent[transfer.sent_ns] if transfer.complete else b"")
        assert transfer.arrived_ns == (now_ns if transfer.complete else None)
    finals, there = told.finals.values(), told.links["there"]
    assert told.closes == (0 if transport == NONE else len(told.deliveries))
    assert sum(final.packets_sent for final in finals) == there.sent_packets
    assert sum(final.packets_lost for final in finals) == there.lost_packets + there.dropped_packets
    assert sum(final.link_bytes for final in finals) == there.sent_bytes
    if transport.kind != "retransmission":
        assert all(final.retransmissions == 0 for final in finals)
        assert told.links["back"].sent_packets == 0
    else:
        arrived = there.sent_packets - there.lost_packets - there.dropped_packets
        assert told.links["back"].sent_packets == arrived
        assert told.links["back"].sent_bytes == arrived * 48


@settings(deadline=None)
@given(losses, st.integers(1, 4_000), st.floats(0.01, 2))
def test_fec_delivers_if_repair_packets_suffice(loss, size, repair):
    told = send(TransportConfig("fec", repair=repair), [(0, bytes(size))], loss=loss)
    (final,) = told.finals.values()
    data = -(-size // (500 - header_bytes(FEC)))
    assert final.complete == (final.packets_lost <= final.packets_sent - data)


def test_fec_delivers_early_and_counts_later_packets():
    # 4 packets of data and 2 of repair; without loss the frame is there with the fourth.
    told = send(FEC, [(0, bytes(4 * 491))])
    ((now_ns, first, _),) = told.deliveries
    assert now_ns == 4 * 540_000 + 10 * MS
    assert (first.packets_sent, first.link_bytes) == (6, 6 * 540)
    assert told.finals[0].arrived_ns == now_ns
    assert told.finals[0].queue_ns == 5 * 540_000 > first.queue_ns


def test_lost_packet_is_retransmitted_after_its_timeout():
    loss = LossConfig("independent", 0.4)
    told = send(ARQ, [(0, bytes(2_000))], loss=loss)
    final = told.finals[0]
    assert final.complete
    assert final.retransmissions == final.packets_sent - 5 > 0
    assert final.packets_lost == final.retransmissions  # no acknowledgement was lost, and 30 ms exceed a round trip
    assert final.arrived_ns > 40 * MS


def test_no_retransmission_after_the_deadline():
    told = send(ARQ, [(0, bytes(2_000))], loss=LossConfig("independent", 1.0))
    ((now_ns, transfer, data),) = told.deliveries
    assert (transfer.complete, data) == (False, b"")
    assert transfer.packets_sent == 5 * 7  # at 0, 30, ... 180 ms
    assert now_ns == DEADLINE_NS
    late = send(
        TransportConfig("retransmission", retries=3, timeout_ns=MS), [(0, b"x")], loss=LossConfig("independent", 1.0)
    )
    assert late.finals[0].packets_sent == 4


def test_lost_acknowledgement_causes_a_counted_retransmission():
    told = send(ARQ, [(0, b"x" * 100)], back_loss=LossConfig("independent", 1.0))
    ((now_ns, transfer, data),) = told.deliveries
    assert data == b"x" * 100
    assert now_ns < 11 * MS
    assert transfer.retransmissions == 0
    assert told.finals[0].retransmissions == 6
    assert told.finals[0].link_bytes == 7 * 144


def test_timeouts_follow_measured_round_trips():
    # A round trip is about 21 ms: after some frames a lost packet is sent again within twice of that, not after 50 ms.
    adaptive = TransportConfig("retransmission")
    frames = [(index * 100 * MS, b"x" * 400) for index in range(60)]
    told = send(adaptive, frames, loss=LossConfig("independent", 0.2))
    once = [f.arrived_ns - f.sent_ns for f in told.finals.values() if f.retransmissions == 1 and f.sent_ns > 2_000 * MS]
    assert once
    assert max(once) < 55 * MS
    assert min(once) > 30 * MS


def test_transport_repeats_for_a_seed():
    frames = [(index * 20 * MS, bytes([index]) * 3_000) for index in range(20)]
    stories = [send(ARQ, frames, loss=LossConfig("independent", 0.3), seed=seed).deliveries for seed in (1, 1, 2)]
    assert stories[0] == stories[1] != stories[2]


def test_packets_too_small_for_the_header_are_refused():
    env = simpy.Environment()
    link = LinkConfig("there", "A", "B", 8e6, mtu_bytes=44)
    path = Path(env, Network(env, [link], 1, lambda *_: 1.0), "A", "B")
    with pytest.raises(InputError, match="carry 4 bytes; expected more than the transport's header, 9 bytes"):
        open_transport(FEC, path).send(b"x", 0, lambda *_: None, lambda _: None)
