"""An erasure code over a frame's packets: whatever is missing, up to the repair packets, comes back bit by bit."""

from __future__ import annotations

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from simnet.net.transport import fec


@st.composite
def coded(draw) -> tuple[bytes, float, list[bytes]]:
    frame = draw(st.binary(min_size=1, max_size=3_000))
    limit = draw(st.integers(1 + len(frame) // 600, 400))
    repair = draw(st.sampled_from([0.0, 0.05, 0.3, 1.0, 2.5]))
    return frame, repair, fec.encode(frame, limit, repair)


def by_block(packets: list[bytes]) -> dict[int, list[bytes]]:
    blocks: dict[int, list[bytes]] = {}
    for packet in packets:
        blocks.setdefault(fec.HEADER.unpack_from(packet)[3], []).append(packet)
    return blocks


@given(coded(), st.randoms(use_true_random=False))
def test_frame_is_recovered_if_repair_packets_suffice(made, random):
    frame, repair, packets = made
    kept = []
    for block in by_block(packets).values():
        data = next(k for k in range(1, len(block) + 1) if k + ceil(repair * k) == len(block))
        kept += random.sample(block, random.randint(data, len(block)))
    random.shuffle(kept)
    assert fec.decode(kept) == frame


@given(coded(), st.randoms(use_true_random=False))
def test_one_missing_packet_too_many_loses_the_frame(made, random):
    _, repair, packets = made
    blocks = by_block(packets)
    unlucky = random.choice(list(blocks))
    block = blocks[unlucky]
    data = next(k for k in range(1, len(block) + 1) if k + ceil(repair * k) == len(block))
    blocks[unlucky] = random.sample(block, data - 1)
    assert fec.decode([packet for block in blocks.values() for packet in block]) is None


def test_repair_packets_round_up_and_blocks_are_even():
    assert len(fec.encode(bytes(3_000), 1_000, 0.1)) == 4
    blocks = by_block(fec.encode(bytes(600), 1, 0.25))
    assert sorted(map(len, blocks.values())) == [250, 250, 250]
    assert fec.partition(10, 4) == [3, 3, 2, 2]
