"""Belief propagation (sum-product) in integers: the same messages on every processor.

Log-likelihood ratios are in steps of 1 / STEP nats, positive for a bit of 0. The sum-product rule of a check adds
phi(x) = -log tanh(x / 2) of its messages, and phi is its own inverse (Gallager 1963). Both directions are tables of integers.
"""

from __future__ import annotations

import numpy as np

from simnet.codec.binning.syndrome_graph import SyndromeGraph

STEP = 32
MOST = 400
"""Largest magnitude of a message, in steps: 12.5 nats; also that of a bit that is known."""
ITERATIONS = 100
PATIENCE = 15
"""Rounds without fewer failing checks, after which messages will not settle."""
_SCALE = float(1 << 18)
_SHIFT = 16
"""Bits of a float32 that the inverse table drops: it has 128 entries an octave."""


def _tables() -> tuple[np.ndarray, np.ndarray, int]:
    nats = np.arange(MOST + 1) / STEP
    nats[0] = 0.5 / STEP
    phi = np.rint(-np.log(np.tanh(nats / 2)) * _SCALE).astype(np.int32)
    phi[MOST] = 0
    first, last = (int(np.float32(end).view(np.int32)) >> _SHIFT for end in (1.0, 2.0**31))
    middle = (np.arange(first, last + 1) << _SHIFT) + (1 << (_SHIFT - 1))
    sums = middle.astype(np.int32).view(np.float32).astype(np.float64) / _SCALE
    inverse = np.clip(np.rint(-np.log(np.tanh(sums / 2)) * STEP), 0, MOST).astype(np.int32)
    return phi, inverse, first


PHI, INVERSE, FIRST = _tables()


def quantised_ratios(nats: np.ndarray) -> np.ndarray:
    """Log-likelihood ratios in nats -> int32 steps, clipped."""
    return np.clip(np.rint(np.asarray(nats, np.float64) * STEP), -MOST, MOST).astype(np.int32)


def propagate(
    graph: SyndromeGraph, ratios: np.ndarray, syndromes: np.ndarray, iterations: int = ITERATIONS
) -> np.ndarray | None:
    """Find bits uint8 (n,) that fulfil the syndromes; None if the messages do not settle on any.

    Args:
        graph: The code.
        ratios: Log-likelihood ratio of each bit, int32 (n,) in steps.
        syndromes: The first accumulated syndromes, uint8 (k,).
        iterations: Most rounds of messages.
    """
    begins, sums = graph.checks(syndromes)
    bit_of, by_bit = graph.bit_of, graph.by_bit
    check_of = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(bit_of)))
    message, total = np.zeros(len(bit_of), np.int32), ratios
    fewest, since = len(begins) + 1, 0
    for _ in range(iterations):
        hard = total < 0
        wrong = np.count_nonzero(np.logical_xor.reduceat(hard[bit_of], begins) ^ sums)
        if not wrong:
            return hard.astype(np.uint8)
        fewest, since = (wrong, 0) if wrong < fewest else (fewest, since + 1)
        if since == PATIENCE:
            return None
        extrinsic = total[bit_of] - message
        negative = extrinsic < 0
        phi = PHI[np.minimum(np.abs(extrinsic), MOST)]
        odd = np.logical_xor.reduceat(negative, begins) ^ sums
        size = _inverse(np.add.reduceat(phi, begins)[check_of] - phi)
        message = np.where(odd[check_of] ^ negative, -size, size)
        total = ratios + np.add.reduceat(message[by_bit], graph.bit_begins)
    return None


def _inverse(sums: np.ndarray) -> np.ndarray:
    """Magnitude of the message whose phi is `sums`, int32."""
    # The conversion to float32 is exact or rounded by the standard, so its bits are the same everywhere.
    place = (sums.astype(np.float32).view(np.int32) >> _SHIFT) - FIRST
    return np.where(sums > 0, INVERSE[np.clip(place, 0, len(INVERSE) - 1)], np.int32(MOST))
