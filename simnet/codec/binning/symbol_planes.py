"""Symbols as planes of bits, each of which narrows down what the planes before it left open.

    plane 0      every symbol: is it not 0?
    plane 1      those that are not 0: is it negative?
    plane k      those of magnitude k - 1 or more: is it k or more?         k = 2, 3, ...

What the last plane leaves open is coded plainly, under the tables of `rest_tables`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

MOST_PLANES = 8
"""A byte says which of a pass's planes are syndromes."""
LEAST = 1e-7
"""Smallest probability of a bit."""


class Tails(Protocol):
    """Probabilities of N symbols' tails, float64 (N,)."""

    def above(self, level: int) -> np.ndarray:
        """Probability that a symbol is larger than `level`, which is not negative."""
        ...

    def below(self, level: int) -> np.ndarray:
        """Probability that a symbol is smaller than -`level`."""
        ...


class SymbolPlanes:
    """What is known of N symbols after some planes."""

    def __init__(self, count: int) -> None:
        self.plane = 0
        """Number of the next plane."""
        self.open = np.ones(count, bool)
        """Symbols that the next plane has a bit of."""
        self.negative = np.zeros(count, bool)
        self.magnitude = np.zeros(count, np.int64)
        """Least magnitude that each symbol can still have."""

    def bits(self, symbols: np.ndarray) -> np.ndarray:
        """Bits of the next plane, uint8, of integer symbols (N,)."""
        own = symbols[self.open]
        if self.plane == 1:
            return (own < 0).astype(np.uint8)
        return (np.abs(own) >= max(1, self.plane)).astype(np.uint8)

    def take(self, bits: np.ndarray) -> None:
        """Take in the next plane."""
        if self.plane == 1:
            self.negative[self.open] = bits == 1
        else:
            self.open[self.open] = bits == 1
            self.magnitude[self.open] = max(1, self.plane)
        self.plane += 1

    def finish(self, rest: np.ndarray) -> np.ndarray:
        """Return the symbols int64 (N,), given what `rest` says of those that are open: see `rest_of`."""
        symbols = np.where(self.negative, -self.magnitude, self.magnitude)
        if self.plane < 2:  # signs are part of the rest
            symbols[self.open] = rest
        else:
            symbols[self.open] += np.where(self.negative[self.open], -rest, rest)
        return symbols

    def rest_of(self, symbols: np.ndarray) -> np.ndarray:
        """What is left to say of open symbols: the symbol itself in front of plane 2, then the magnitude above the least."""
        own = symbols[self.open]
        return own if self.plane < 2 else np.abs(own) - self.magnitude[self.open]

    def chances(self, tails: Tails) -> np.ndarray:
        """Probability that each bit of the next plane is 1, float64, given the planes before it."""
        if self.plane == 0:
            return _share(tails.above(0) + tails.below(0), np.ones(len(self.open)))
        if self.plane == 1:
            above, below = tails.above(0)[self.open], tails.below(0)[self.open]
            return _share(below, above + below)
        level = self.plane - 1
        inner, outer = (np.where(self.negative, tails.below(at), tails.above(at)) for at in (level - 1, level))
        return _share(outer[self.open], inner[self.open])


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.clip(part / np.maximum(whole, 1e-30), LEAST, 1 - LEAST)


def log_ratios(chances: np.ndarray) -> np.ndarray:
    """Log-likelihood ratios in nats, positive for 0, of probabilities of 1."""
    return np.log1p(-chances) - np.log(chances)


def cost_bits(chances: np.ndarray, bits: np.ndarray) -> float:
    """Sum of -log2 of the probabilities that bits had."""
    return float(-np.log2(np.where(bits == 1, chances, 1 - chances)).sum())


def expected_bits(chances: np.ndarray) -> float:
    """Entropy in bits of bits with these probabilities of 1, as far as these are right."""
    return float(-(chances * np.log2(chances) + (1 - chances) * np.log2(1 - chances)).sum())
