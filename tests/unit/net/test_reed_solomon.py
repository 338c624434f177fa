"""The erasure code gives the bytes of zfec, an implementation of others, and restores data from any k symbols."""

from random import Random

import pytest
import zfec
from hypothesis import given
from hypothesis import strategies as st

from simnet.net.transport import reed_solomon

SIZE = 5


@st.composite
def block(draw: st.DrawFn) -> tuple[list[bytes], int]:
    count = draw(st.integers(1, 40))
    data = draw(st.lists(st.binary(min_size=SIZE, max_size=SIZE), min_size=count, max_size=count))
    return data, draw(st.integers(0, 20))


@given(block())
def test_repair_symbols_are_those_of_zfec(made: tuple[list[bytes], int]) -> None:
    data, count = made
    if count:
        assert reed_solomon.repair(data, count) == zfec.Encoder(len(data), len(data) + count).encode(data)[len(data) :]


@given(block(), st.randoms(use_true_random=False))
def test_any_symbols_as_many_as_the_data_restore_it(made: tuple[list[bytes], int], random: Random) -> None:
    data, count = made
    symbols = dict(enumerate([*data, *reed_solomon.repair(data, count)]))
    kept = random.sample(sorted(symbols), random.randint(len(data), len(symbols)))
    assert reed_solomon.restore({place: symbols[place] for place in kept}, len(data)) == data


@pytest.mark.parametrize("count", [1, 2, 128, 255])
def test_a_full_block_is_restored_from_its_last_symbols(count: int) -> None:
    data = [bytes([(7 * place + at) % 256 for at in range(SIZE)]) for place in range(count)]
    symbols = [*data, *reed_solomon.repair(data, reed_solomon.SYMBOLS - count)]
    last = dict(list(enumerate(symbols))[-count:])
    assert reed_solomon.restore(last, count) == data
