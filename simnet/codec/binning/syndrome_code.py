"""A plane of bits as syndromes: what is sent of it, and how it is found again.

    plane: CRC-16, then a prefix of its accumulated syndromes, padded to whole bytes

A plane that belief propagation finds counts only if its CRC-16 holds: a wrong one passes once in 65,536 times.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass

import numpy as np

from simnet.codec.binning.belief_propagation import MOST, propagate
from simnet.codec.binning.syndrome_graph import MOST_LENGTH, code_length, syndrome_graph
from simnet.errors import BitstreamError

CRC_BYTES = 2
SETTLED = 4.0
"""Largest entropy of a plane, in bits for each syndrome that is there, at which decoding is worth a try."""


@dataclass(frozen=True, eq=False)
class PlaneSyndromes:
    """All that an encoder may ever send of a plane: its CRC, and its syndromes as bytes, in order."""

    crc: int
    syndromes: bytes

    @classmethod
    def of(cls, bits: np.ndarray) -> PlaneSyndromes:
        """Work out the syndromes of a plane uint8 (N,) of at most MOST_LENGTH bits."""
        graph = syndrome_graph(code_length(len(bits)))
        whole = np.zeros(graph.length, np.uint8)
        whole[: len(bits)] = bits
        return cls(plane_crc(bits), np.packbits(graph.syndromes(whole)).tobytes())


def plane_crc(bits: np.ndarray) -> int:
    """CRC-16 (CCITT) of a plane."""
    return binascii.crc_hqx(np.packbits(bits).tobytes(), 0xFFFF)


def find_plane(ratios: np.ndarray, crc: int, syndromes: bytes) -> np.ndarray | None:
    """Find a plane uint8 (N,) by its log-likelihood ratios int32 (N,), in steps; None: more syndromes are needed.

    Raises:
        BitstreamError: There are more syndromes than the code of this length has.
    """
    length = check_prefix(len(ratios), len(syndromes))
    received = np.unpackbits(np.frombuffer(syndromes, np.uint8))[:length]
    if not len(received):
        return None
    whole = np.full(length, MOST, np.int32)
    whole[: len(ratios)] = ratios
    found = propagate(syndrome_graph(length), whole, received)
    if found is None or plane_crc(found[: len(ratios)]) != crc:
        return None
    return found[: len(ratios)]


def check_prefix(bits: int, size: int) -> int:
    """Return the length of a plane's code; BitstreamError if it has no such prefix of `size` bytes."""
    if bits > MOST_LENGTH:
        raise BitstreamError(f"plane of {bits} bits; expected up to {MOST_LENGTH}")
    length = code_length(bits)
    if size > length // 8:
        raise BitstreamError(f"{size} bytes of syndromes for a plane of {bits} bits; expected up to {length // 8}")
    return length
