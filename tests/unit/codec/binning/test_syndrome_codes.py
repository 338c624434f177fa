"""Rate-adaptive codes: what is sent of a plane gives that plane back, or a request, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec.binning.belief_propagation import MOST, propagate, quantised_ratios
from simnet.codec.binning.syndrome_code import PlaneSyndromes, find_plane, plane_crc
from simnet.codec.binning.syndrome_graph import BLOCK, LEAST_LENGTH, code_length, syndrome_graph
from simnet.errors import BitstreamError


def noisy_plane(length: int, entropy: float, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Bits, log-likelihood ratios of a Gaussian channel with about that conditional entropy, and the entropy in bits."""
    draw = np.random.default_rng(seed)
    bits = draw.integers(0, 2, length).astype(np.uint8)
    noise, signs, low, high = draw.standard_normal(length), 1 - 2.0 * bits, 1e-3, 100.0
    for _ in range(40):
        mean = (low * high) ** 0.5
        ratios = (mean + (2 * mean) ** 0.5 * noise) * signs
        spent = float(np.logaddexp2(0, -ratios * signs / np.log(2)).sum())
        low, high = (mean, high) if spent > entropy * length else (low, mean)
    return bits, quantised_ratios(ratios), spent


@settings(max_examples=8)
@given(st.integers(2000, 5000), st.floats(0.15, 0.7), st.integers(0, 1 << 30))
def test_plane_with_half_more_than_its_entropy_is_found(length: int, entropy: float, seed: int) -> None:
    bits, ratios, spent = noisy_plane(length, entropy, seed)
    sent = PlaneSyndromes.of(bits)
    found = find_plane(ratios, sent.crc, sent.syndromes[: round(1.5 * spent / 8)])
    assert found is not None
    assert (found == bits).all()


def test_plane_of_4000_bits_takes_a_fifth_more_than_its_entropy() -> None:
    for seed, entropy in enumerate((0.3, 0.5, 0.7)):
        bits, ratios, spent = noisy_plane(4000, entropy, seed)
        sent = PlaneSyndromes.of(bits)
        assert find_plane(ratios, sent.crc, sent.syndromes[: round(1.2 * spent / 8)]) is not None


@settings(max_examples=5)
@given(st.integers(1000, 3000), st.integers(0, 1 << 30), st.floats(0.05, 0.9))
def test_side_of_another_picture_gives_request_and_no_plane(length: int, seed: int, part: float) -> None:
    bits, _, _ = noisy_plane(length, 0.4, seed)
    _, other, _ = noisy_plane(length, 0.4, seed + 1)
    sent = PlaneSyndromes.of(bits)
    found = find_plane(other, sent.crc, sent.syndromes[: round(part * length / 8)])
    assert found is None or (found == bits).all()


def test_plane_that_fulfils_its_syndromes_with_a_wrong_crc_is_refused() -> None:
    bits, ratios, _ = noisy_plane(2000, 0.3, 1)
    sent = PlaneSyndromes.of(bits)
    assert find_plane(ratios, sent.crc, sent.syndromes[:150]) is not None
    assert find_plane(ratios, sent.crc ^ 1, sent.syndromes[:150]) is None


@settings(max_examples=10)
@given(st.integers(1, 64), st.integers(0, 1 << 30))
def test_every_prefix_of_syndromes_is_a_code_that_the_plane_fulfils(parts: int, seed: int) -> None:
    graph = syndrome_graph(1024)
    bits = np.random.default_rng(seed).integers(0, 2, 1024).astype(np.uint8)
    begins, sums = graph.checks(graph.syndromes(bits)[: parts * (1024 // BLOCK)])
    assert (np.bitwise_xor.reduceat(bits[graph.bit_of], begins) == sums).all()
    assert all(one < two for one, two in pairwise(begins))


def test_no_bit_has_two_edges_to_a_block() -> None:
    graph = syndrome_graph(1024)
    syndrome = np.repeat(np.arange(1024), np.diff(graph.begins, append=len(graph.bit_of)))
    pairs = graph.bit_of * 1024 + syndrome // BLOCK
    assert len(np.unique(pairs)) == len(pairs)


def test_known_plane_needs_no_round() -> None:
    graph = syndrome_graph(512)
    bits = np.zeros(512, np.uint8)
    found = propagate(graph, np.full(512, MOST, np.int32), graph.syndromes(bits)[:8], iterations=1)
    assert found is not None
    assert not found.any()


@given(st.integers(1, 40_000))
def test_code_is_at_most_an_eighth_longer_than_its_plane(bits: int) -> None:
    length = code_length(bits)
    assert length % BLOCK == 0
    assert bits <= length <= max(LEAST_LENGTH, bits + max(BLOCK, bits // 8 + 1))


def test_more_syndromes_than_the_code_has_are_refused() -> None:
    with pytest.raises(BitstreamError, match="129 bytes of syndromes for a plane of 1000 bits; expected up to 128"):
        find_plane(np.zeros(1000, np.int32), 0, bytes(129))


def test_crc_of_a_plane_is_that_of_its_bytes() -> None:
    # "123456789" has the check value 0x29B1 under CRC-16/CCITT-FALSE.
    assert plane_crc(np.unpackbits(np.frombuffer(b"123456789", np.uint8))) == 0x29B1
