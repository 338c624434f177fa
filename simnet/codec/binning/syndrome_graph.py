"""Graph of the rate-adaptive code: an irregular low-density parity-check code whose syndromes are accumulated by blocks.

    bit ──edges──▶ syndrome s_i           i = 0 .. n - 1, in blocks of BLOCK
                   accumulated a_i = s_first + ... + s_i (mod 2) within its block

Any prefix of the accumulated syndromes, in `sending_order`, is a code: two neighbours in a block that are both sent give the sum
of the syndromes between them, one check. More of them split checks into halves, as in the LDPC accumulate codes of Varodayan,
Aaron and Girod ("Rate-adaptive codes for distributed source coding", Signal Processing 86, 2006). Those accumulate over the whole
plane; blocks of their own give the same checks.

The edges are drawn with a fixed seed, so that both sides have the same graph. No bit has two edges to one block, where they would
cancel, and no two bits share two checks at half of the rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simnet import seeds

BLOCK = 64
"""Syndromes of a block: the least rate is one of them."""
LEAST_LENGTH = 512
MOST_LENGTH = 1 << 17
"""Lengths of codes, in bits."""
DEGREES = ((2, 0.17), (3, 0.30), (5, 0.18), (10, 0.35))
"""Edges of a bit, and the share of all edges that belong to bits of so many.

Found by trial: of eight such tables it needed the fewest syndromes over entropies of 0.1 to 0.8 bits (`docs/howto/binning.md`).
"""
ROUNDS = 200
MERGED = 2
"""Syndromes of a check at half of the rate."""
LADDER = 8
"""Lengths an octave; a plane is padded to the next one with zeros that both sides know."""


@dataclass(frozen=True, eq=False)
class SyndromeGraph:
    """Edges in the order of their syndromes: `bit_of` int64 (E,), and where each syndrome's edges begin, `begins` (n,).

    `by_bit` (E,) orders the edges by their bits, and `bit_begins` (n,) is where each bit's begin there.
    """

    length: int
    bit_of: np.ndarray
    begins: np.ndarray
    by_bit: np.ndarray
    bit_begins: np.ndarray
    sent: np.ndarray
    """Position of the accumulated syndrome that is sent as the k-th, int64 (n,)."""

    def syndromes(self, bits: np.ndarray) -> np.ndarray:
        """Accumulated syndromes of bits uint8 (n,), in the order in which they are sent: uint8 (n,)."""
        own = np.bitwise_xor.reduceat(bits[self.bit_of], self.begins)
        return np.bitwise_xor.accumulate(own.reshape(-1, BLOCK), axis=1).ravel()[self.sent]

    def checks(self, syndromes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Checks of a prefix of the syndromes: where each one's edges begin, int64 (k,), and what it sums up to, bool (k,)."""
        order = np.argsort(self.sent[: len(syndromes)])
        place, total = self.sent[: len(syndromes)][order], syndromes[order].astype(bool)
        before = np.concatenate([[-1], place[:-1]])
        follows = place // BLOCK == before // BLOCK
        return self.begins[before + 1], total ^ (np.concatenate([[False], total[:-1]]) & follows)


def code_length(bits: int) -> int:
    """Length of the code for a plane of `bits`: the next of the ladder."""
    if bits <= LEAST_LENGTH:
        return LEAST_LENGTH
    step = max(BLOCK, (1 << ((bits - 1).bit_length() - 1)) // LADDER)
    return -(-bits // step) * step


def sending_order(length: int) -> np.ndarray:
    """Positions of accumulated syndromes in the order in which they are sent: every block's last, then halves, quarters."""
    within, stride = [BLOCK - 1], BLOCK
    while stride > 1:
        stride //= 2
        within += range(stride - 1, BLOCK, 2 * stride)
    return (np.arange(length // BLOCK)[None] * BLOCK + np.array(within)[:, None]).ravel()


@lru_cache(maxsize=32)
def syndrome_graph(length: int) -> SyndromeGraph:
    """Draw the graph of a code length that `code_length` gives."""
    draw = seeds.generator(0, "syndrome graph", str(length))
    bit, syndrome = _drawn(length, draw)
    _separate(bit, syndrome, length, draw)
    order = np.argsort(syndrome, kind="stable")
    bit, syndrome = bit[order], syndrome[order]
    by_bit = np.argsort(bit, kind="stable")
    every = np.arange(length)
    return SyndromeGraph(
        length,
        bit,
        np.searchsorted(syndrome, every),
        by_bit,
        np.searchsorted(bit[by_bit], every),
        sending_order(length),
    )


def _drawn(length: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Bits and syndromes of edges: degrees by DEGREES, syndromes evenly, matched at random."""
    share = np.array([part / degree for degree, part in DEGREES])
    ends = np.rint(np.cumsum(share) / share.sum() * length).astype(np.int64)
    degrees = np.repeat([degree for degree, _ in DEGREES], np.diff(ends, prepend=0))
    # A short plane has few blocks, and no bit has two edges to one.
    degrees = draw.permutation(np.minimum(degrees, length // BLOCK // 2))
    bit = np.repeat(np.arange(length), degrees)
    rest = draw.permutation(length)[: len(bit) % length]
    syndrome = np.concatenate([np.tile(np.arange(length), len(bit) // length), rest])
    return bit, draw.permutation(syndrome)


def _separate(bit: np.ndarray, syndrome: np.ndarray, length: int, draw: np.random.Generator) -> None:
    """Swap ends of edges until no bit has two in a block, and no two bits share two checks of MERGED syndromes."""
    edges_of = np.split(np.argsort(bit, kind="stable"), np.searchsorted(np.sort(bit), np.arange(1, length)))

    def fits(edge: int, block: int) -> bool:
        return all(syndrome[other] // BLOCK != block for other in edges_of[bit[edge]] if other != edge)

    for _ in range(ROUNDS):
        wrong = np.concatenate([_doubled(bit, syndrome, length), _in_cycles(bit, syndrome, length)])
        if not len(wrong):
            return
        for edge in np.unique(wrong):
            for other in draw.integers(len(bit), size=20):
                if fits(edge, syndrome[other] // BLOCK) and fits(other, syndrome[edge] // BLOCK):
                    syndrome[edge], syndrome[other] = syndrome[other], syndrome[edge]
                    break


def _doubled(bit: np.ndarray, syndrome: np.ndarray, length: int) -> np.ndarray:
    """Edges whose bit has another one to the same block."""
    place = bit * (length // BLOCK) + syndrome // BLOCK
    order = np.argsort(place, kind="stable")
    return order[1:][place[order][1:] == place[order][:-1]]


def _in_cycles(bit: np.ndarray, syndrome: np.ndarray, length: int) -> np.ndarray:
    """Edges of bits that share two checks of MERGED syndromes."""
    check = syndrome // MERGED
    order = np.argsort(check, kind="stable")
    check, pairs, edges = check[order], [], []
    for apart in range(1, int(np.bincount(check).max())):
        near = np.flatnonzero(check[apart:] == check[:-apart])
        one, other = order[near], order[near + apart]
        low, high = np.minimum(bit[one], bit[other]), np.maximum(bit[one], bit[other])
        pairs.append(low * length + high)
        edges.append(one)
    pair, edge = np.concatenate(pairs), np.concatenate(edges)
    order = np.argsort(pair, kind="stable")
    return edge[order[1:][pair[order][1:] == pair[order][:-1]]]
