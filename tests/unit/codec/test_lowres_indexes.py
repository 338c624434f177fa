"""Index maps in whole numbers: what int64 gives, and next to what torch gives in floats."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec.learned import lowres_indexes
from simnet.codec.learned.lowres_coder import LowresCoder
from simnet.codec.learned.lowres_indexes import FRACTION, PASSES, IndexMaps, places
from simnet.codec.learned.lowres_networks import masks
from simnet.codec.learned.lowres_parts import knot_shares
from simnet.errors import ModelError
from simnet.learn import lowres_export
from support import small_lowres
from support.lowres_maps import ARRAYS, MAPS, all_indexes, drawn


def reference(z: np.ndarray, symbols: np.ndarray, step: int) -> np.ndarray:
    """The same in int64, one multiplication after another, without any of the module's functions."""
    hyper, banks, own, groups = (
        np.asarray(each).astype(np.int64) for each in (MAPS.hyper, MAPS.banks, MAPS.own, MAPS.groups)
    )
    channels, rows, columns = symbols.shape
    sums = (hyper[:, :, None, None] * z.astype(np.int64)[None]).sum(axis=1)
    table = [int(each) for each in np.rint(np.log2(1 + np.arange(16)) * 256)]
    low, share = step * 8 // 255, step * 8 % 255
    known = np.zeros(symbols.shape, np.int64)
    found = np.full(symbols.shape, -1)
    for number, first in enumerate((0, 3, 1, 2)):
        before = known.copy()
        for c in range(channels):
            parity = first ^ (c // (channels // 4))
            for y in range(parity // 2, rows, 2):
                for x in range(parity % 2, columns, 2):
                    total = sums[c * 16 + (y % 4) * 4 + x % 4, y // 4, x // 4]
                    upper = banks[number, min(low + 1, 8), c]
                    total += (banks[number, low, c] * (255 - share) + upper * share) // 255
                    for dy in range(-1, 2) if number else ():
                        for dx in range(-1, 2):
                            if 0 <= y + dy < rows and 0 <= x + dx < columns:
                                near = before[:, y + dy, x + dx]
                                total += own[number - 1, c, dy + 1, dx + 1] * near[c]
                                total += (groups[number - 1, c] * near.reshape(16, -1).sum(axis=1)).sum()
                    found[c, y, x] = min(63, max(0, (total + (1 << (FRACTION - 1))) >> FRACTION))
                    known[c, y, x] = table[min(15, abs(int(symbols[c, y, x])))]
    return found


@settings(deadline=None, max_examples=6)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 5), columns=st.integers(1, 4), step=st.integers(0, 255))
def test_int64_gives_the_same_indexes(seed: int, rows: int, columns: int, step: int) -> None:
    z, symbols = drawn(seed, rows, columns)
    np.testing.assert_array_equal(all_indexes(z, symbols, step), reference(z, symbols, step))


@pytest.mark.parametrize("quality", [0.0, 0.31, 1.0])
def test_whole_numbers_are_next_to_torchs_floats(quality: float) -> None:
    network, step = small_lowres.network(), round(quality * 255)
    z, symbols = drawn(5, 7, 10)
    shares = knot_shares(torch.tensor([step / 255]))
    known = torch.zeros(1, *symbols.shape)
    exact = np.zeros(symbols.shape)
    with torch.no_grad():
        first = network.first_index(torch.from_numpy(z)[None], (7, 10), shares)
        for number, mask in enumerate(masks(32, 7, 10, known)):
            own = network.later_index(number, first, known, shares) if number else first
            exact = np.where(mask.numpy()[0], own[0].numpy(), exact)
            size = torch.log2(1 + torch.from_numpy(symbols).abs().clamp(max=15)).float()
            known = torch.where(mask, size[None], known)
    found = all_indexes(z, symbols, step)
    # 0.05 of an index, beside the rounding.
    assert np.abs(found - np.clip(exact, 0, 63)).max() <= 0.5 + 0.05


def test_passes_have_every_symbol_once() -> None:
    count = np.zeros((32, 3, 5), int)
    for number in range(PASSES):
        for where in places(number, 32):
            count[where] += 1
    assert (count == 1).all()


def test_weights_too_large_for_exact_sums_are_refused() -> None:
    with pytest.raises(ModelError, match="sums would not be exact"):
        dataclasses.replace(MAPS, hyper=MAPS.hyper * 2.0**20).check()


def test_missing_maps_are_named() -> None:
    names = set(ARRAYS) - {"tables.index.own"}
    with pytest.raises(ModelError, match=r"no tables\.index\.own; expected"):
        IndexMaps.read(ARRAYS.__getitem__, names, 63)


def test_bank_is_the_knots_own_at_a_knot() -> None:
    np.testing.assert_array_equal(MAPS.bank(2, 0), MAPS.banks[2, 0])
    np.testing.assert_array_equal(MAPS.bank(2, 255), MAPS.banks[2, 8])
    between = MAPS.bank(1, 16)  # 128 / 255 of the way from the first knot to the second
    assert np.abs(between - MAPS.banks[1, :2].mean(axis=0)).max() < 0.02 * (1 << FRACTION)


def test_digest_changes_with_a_map() -> None:
    arrays = {f"{name}": array for name, array in lowres_export.tables(small_lowres.network()).items()}
    coder = LowresCoder.read(arrays.__getitem__, arrays)
    same = LowresCoder.read(arrays.__getitem__, arrays)
    other = dataclasses.replace(coder, maps=dataclasses.replace(coder.maps, own=coder.maps.own + 1))
    assert coder.digest == same.digest != other.digest
    assert lowres_indexes.MAGNITUDES[15] == 1024
