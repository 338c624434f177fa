"""Systematic Reed-Solomon erasure code over GF(2^8): of up to 256 symbols of a block, any k restore the k data symbols.

The bytes at one place of the k data symbols are the values of a polynomial of degree below k at the first k points of the field,
and the repair symbols are its values at the next ones (RFC 5510, section 8, with the points 0, 1, a, a^2, ... for a root a of
x^8 + x^4 + x^3 + x^2 + 1). So every symbol is a sum of any k others, weighted by Lagrange's polynomials. The bytes are those of
Rizzo's code (Computer Communication Review 27, 1997), which zfec and others have.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SYMBOLS = 256
"""Most symbols of a block: the elements of the field."""
_ORDER = 255
_POLYNOMIAL = 0b1_0001_1101


def _powers() -> npt.NDArray[np.uint8]:
    power = 1
    found: npt.NDArray[np.uint8] = np.empty(_ORDER, np.uint8)
    for exponent in range(_ORDER):
        found[exponent] = power
        power <<= 1
        power ^= _POLYNOMIAL if power >= SYMBOLS else 0
    return found


_EXP = _powers()
_LOG: npt.NDArray[np.int64] = np.zeros(SYMBOLS, np.int64)
_LOG[_EXP] = np.arange(_ORDER)
_POINTS: npt.NDArray[np.int64] = np.array([0, *_EXP.tolist()], np.int64)


def repair(data: Sequence[bytes], count: int) -> list[bytes]:
    """Return `count` repair symbols of data symbols of one size; together at most SYMBOLS."""
    wanted = range(len(data), len(data) + count)
    return [_sum(zip(weights, data, strict=True)) for weights in _weights(tuple(range(len(data))), tuple(wanted))]


def restore(found: Mapping[int, bytes], count: int) -> list[bytes]:
    """Return the `count` data symbols from at least as many symbols of one size, by their place in the block."""
    missing = tuple(place for place in range(count) if place not in found)
    # Data symbols come first: the fewer repair symbols, the fewer sums.
    known = tuple(sorted(found)[:count])
    bodies = [found[place] for place in known]
    made = dict(zip(missing, (_sum(zip(each, bodies, strict=True)) for each in _weights(known, missing)), strict=True))
    return [made[place] if place in made else found[place] for place in range(count)]


@lru_cache(maxsize=1024)
def _weights(known: tuple[int, ...], wanted: tuple[int, ...]) -> list[list[int]]:
    """Return the weight of each known symbol in each wanted one: Lagrange's polynomials at the wanted points."""
    points = _POINTS[list(known)]
    # In this field differences are exclusive ors, and a point's with itself has the logarithm 0 here: a factor of one.
    below = _LOG[points[:, None] ^ points].sum(1)
    weights: list[list[int]] = []
    for place in wanted:
        above = _LOG[_POINTS[place] ^ points]
        weights.append(_EXP[(above.sum() - above - below) % _ORDER].tolist())
    return weights


def _sum(parts: Iterable[tuple[int, bytes]]) -> bytes:
    total, size = 0, 0
    for weight, body in parts:
        total ^= int.from_bytes(body.translate(_times(weight)), "little")
        size = len(body)
    return total.to_bytes(size, "little")


@lru_cache(maxsize=SYMBOLS)
def _times(factor: int) -> bytes:
    """Return the products of every element with a factor that is not 0."""
    products = np.zeros(SYMBOLS, np.uint8)
    products[1:] = _EXP[(_LOG[1:] + _LOG[factor]) % _ORDER]
    return products.tobytes()
