"""Planes of bits: whatever is sent of them as syndromes, plainly or not at all, the symbols come back."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec import model
from simnet.codec.binning.binned_coder import BinnedCoder, PlaneId
from simnet.codec.binning.rest_tables import PriorTails
from simnet.codec.binning.symbol_planes import MOST_PLANES, SymbolPlanes, cost_bits
from simnet.codec.binning.syndrome_rate import START, SyndromeRate
from simnet.codec.bitstream.range_coder import RangeTables
from simnet.codec.learned.lowres_codec import coder_of
from simnet.codec.learned.lowres_coder import LowresCoder, PassTurn, whole_z

if TYPE_CHECKING:
    from simnet.codec.binning.symbol_planes import Tails

SIZE = (4, 5)


@lru_cache(maxsize=1)
def backbone() -> LowresCoder:
    return coder_of(model.load("lowres"))


def choose(chosen: set[PlaneId], which: PlaneId, entropy: float) -> int | None:
    """A tenth more than the entropy, which suffices at times."""
    return 1 + round(1.1 * entropy / 8) if which in chosen else None


def no_tails(_turn: PassTurn) -> Tails | None:
    return None


@given(st.lists(st.integers(-40, 40), min_size=1, max_size=60), st.integers(0, MOST_PLANES))
def test_planes_and_their_rest_give_the_symbols_back(symbols: list[int], count: int) -> None:
    whole = np.array(symbols)
    sender, receiver = SymbolPlanes(len(whole)), SymbolPlanes(len(whole))
    for _ in range(count):
        bits = sender.bits(whole)
        sender.take(bits)
        receiver.take(bits)
    assert (receiver.finish(sender.rest_of(whole)) == whole).all()


def test_planes_together_cost_what_the_symbols_cost() -> None:
    tables: RangeTables = backbone().gaussians.tables
    draw = np.random.default_rng(2)
    indexes = draw.integers(20, 40, 4000)
    symbols = np.clip(np.rint(draw.normal(0, 0.11 * 1.1045**indexes)), -6, 6).astype(np.int64)
    planes, tails, spent = SymbolPlanes(4000), PriorTails(tables, indexes), 0.0
    while planes.plane < MOST_PLANES:
        bits = planes.bits(symbols)
        spent += cost_bits(planes.chances(tails), bits)
        planes.take(bits)
    bits, first = backbone().gaussians.costs()
    assert spent == np.clip(spent, *(bits[indexes, symbols - first].sum() * np.array([0.999, 1.001])))


@settings(max_examples=5, deadline=None)
@given(
    st.integers(0, 255),
    st.integers(0, 1 << 30),
    st.floats(0.2, 20),
    st.sets(st.tuples(st.integers(1, 3), st.integers(0, 7)), max_size=4),
)
def test_any_choice_of_planes_gives_the_same_latent(step: int, seed: int, spread: float, chosen: set[PlaneId]) -> None:
    coder, draw = backbone(), np.random.default_rng(seed)
    binned = BinnedCoder(coder)
    u = draw.normal(0, spread, (coder.maps.channels, *SIZE)).astype(np.float32)
    z = whole_z(draw.normal(0, 2, (coder.hyper, 1, 2)))

    def means(number: int, y_hat: np.ndarray) -> np.ndarray:
        return np.roll(y_hat, number, axis=1) * np.float32(0.5)

    frame = binned.encode(u, z, step, means, lambda which, _, entropy: choose(chosen, which, entropy))
    expected, decode = coder.open(coder.encode(u, z, step, means), SIZE)
    payload = binned.open(frame.payload, SIZE)
    assert (payload.z == expected).all()
    steps = payload.decode(step, means, no_tails)
    sent = dict(frame.sent)
    try:
        request = next(steps)
        while True:
            syndromes, bits = frame.planes[request.which]
            begin = sent[request.which]
            more = np.packbits(bits).tobytes()
            if request.size is not None:
                more = syndromes.syndromes[begin : begin + request.size]
                sent[request.which] += request.size
            request = steps.send(more)
    except StopIteration as end:
        latent = end.value
    assert (latent == decode(step, means)).all()


def test_rate_settles_a_little_above_what_suffices() -> None:
    rate, plane, needed = SyndromeRate(), (3, 1), 300
    sizes = []
    for _ in range(60):
        size = rate.choose(plane, 5000, 5000.0)
        assert size is not None
        rate.learn(plane, 5000.0, size, asked=False)
        while size < needed:
            size += size // 20
            rate.learn(plane, 5000.0, size, asked=True)
        sizes.append(size)
    assert sizes[0] > needed
    assert max(sizes[30:]) <= 1.07 * needed


def test_short_planes_and_worthless_ones_are_coded_plainly() -> None:
    rate = SyndromeRate()
    assert rate.choose((3, 1), 300, 300.0) is None
    assert rate.choose((1, 0), 9000, 3000.0) is None
    assert rate.choose((3, 1), 9000, 9000.0) == round(START[3, 1] * 9000 / 8)
    rate.learn((3, 1), 9000.0, 1200, asked=True)
    assert rate.choose((3, 1), 9000, 9000.0) is None
