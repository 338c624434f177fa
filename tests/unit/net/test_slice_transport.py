"""Sliced frames over lossy links: a lost packet costs its slice alone, and every byte is counted."""

from __future__ import annotations

from dataclasses import replace

import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import sliced_frames
from simnet.net import Network, Path, Transfer, open_stream_transport
from simnet.records import LinkConfig, LossConfig, StreamConfig, TransportConfig

MS = 1_000_000
SLICED = StreamConfig("a/b", "jpeg", slices=3, decode_ns=20 * MS)
TRANSPORTS = (
    TransportConfig(),
    TransportConfig("fec", repair=0.5),
    TransportConfig("retransmission"),
    TransportConfig("retransmission", timeout_ns=30 * MS, retries=1),
)


class Sent:
    """What came of frames that were sent 50 ms apart over A --> B of 8 Mbit/s and 10 ms."""

    def __init__(self, stream: StreamConfig, frames: list[bytes], *, loss: float = 0.0, seed: int = 1, **link) -> None:
        numbers = {"bandwidth_bps": 8e6, "delay_ns": 10 * MS, "mtu_bytes": 240, "queue_bytes": 10**6} | link
        law = LossConfig("independent", loss)
        links = [LinkConfig("there", "A", "B", loss=law, **numbers), LinkConfig("back", "B", "A", loss=law, **numbers)]
        self.env = simpy.Environment()
        network = Network(self.env, links, seed, lambda *_: 1.0)
        transport = open_stream_transport(stream, Path(self.env, network, "A", "B"))
        self.deliveries: dict[int, tuple[int, Transfer, bytes]] = {}
        self.finals: dict[int, Transfer] = {}
        self.closes = 0
        for number, frame in enumerate(frames):
            self.env.process(self._sender(transport, number, frame))
        self.env.run()
        self.sent_bytes = network.statistics()[0].sent_bytes

    def _sender(self, transport, number: int, frame: bytes):
        yield self.env.timeout(50 * MS * number)

        def delivered(transfer: Transfer, data: bytes) -> None:
            assert number not in self.deliveries
            self.deliveries[number] = int(self.env.now), transfer, data
            self.finals[number] = transfer

        def closed(transfer: Transfer | None) -> None:
            assert number in self.deliveries
            self.closes += 1
            self.finals[number] = transfer or self.finals[number]

        transport.send(frame, self.env.now + 200 * MS, delivered, closed)


def frame(*sizes: int) -> bytes:
    return sliced_frames.pack(0, 9, 1, [bytes([index + 1]) * size for index, size in enumerate(sizes)])


def test_headers_of_slices_and_packets_are_counted() -> None:
    # 240 B packets carry 200 B, 198 beside the slice's header: 1, 2 and 3 packets.
    sent = Sent(SLICED, [frame(198, 199, 500)])
    _, transfer, data = sent.deliveries[0]
    assert data == frame(198, 199, 500)
    assert transfer.packets_sent == 6
    assert transfer.size_bytes == 198 + 199 + 500
    assert transfer.link_bytes == sent.sent_bytes == transfer.size_bytes + 6 * (40 + 2)


def test_lost_packet_costs_its_slice_alone() -> None:
    sent = Sent(SLICED, [frame(150, 150, 150)] * 40, loss=0.2)
    parts = [sliced_frames.unpack(data) for _, _, data in sent.deliveries.values()]
    assert {sum(not each for each in part) for part in parts} >= {0, 1, 2}
    for (_, transfer, _), part in zip(sent.deliveries.values(), parts, strict=True):
        assert transfer.packets_lost == sum(not each for each in part)
        assert transfer.complete == all(part)


def test_receiver_that_conceals_gives_up_before_a_picture_is_late() -> None:
    concealing = replace(
        SLICED, transport=TransportConfig("retransmission", timeout_ns=60 * MS), concealment="previous"
    )
    sent = Sent(concealing, [frame(150, 150, 150)] * 20, loss=0.6)
    waited = {now_ns - 50 * MS * number for number, (now_ns, _, _) in sent.deliveries.items()}
    assert max(waited) == 200 * MS - 20 * MS  # the decoding time before the deadline
    patient = Sent(replace(concealing, concealment="none"), [frame(150, 150, 150)] * 20, loss=0.6)
    assert max(now_ns - 50 * MS * number for number, (now_ns, _, _) in patient.deliveries.items()) > 180 * MS


@settings(max_examples=40, deadline=None)
@given(
    transport=st.sampled_from(TRANSPORTS),
    concealment=st.sampled_from(("none", "previous")),
    sizes=st.lists(st.tuples(*[st.integers(1, 700)] * 3), min_size=1, max_size=5),
    loss=st.sampled_from((0.0, 0.1, 0.5, 1.0)),
    jitter=st.sampled_from((0, 8 * MS)),
    seed=st.integers(1, 50),
)
def test_every_frame_is_delivered_and_closed_once_and_bytes_add_up(
    transport, concealment, sizes, loss, jitter, seed
) -> None:
    stream = replace(SLICED, transport=transport, concealment=concealment)
    frames = [frame(*each) for each in sizes]
    sent = Sent(stream, frames, loss=loss, seed=seed, jitter_ns=jitter, reorder=bool(jitter))
    assert len(sent.deliveries) == sent.closes == len(frames)
    assert sum(each.link_bytes for each in sent.finals.values()) == sent.sent_bytes
    for (_, transfer, data), whole in zip(sent.deliveries.values(), frames, strict=False):
        own = sliced_frames.unpack(data)
        assert transfer.complete == all(own)
        assert len(own) == 3
        if transfer.complete:
            assert data in frames
        assert loss < 1 or not any(own)
        assert loss > 0 or transfer.complete
        del whole
