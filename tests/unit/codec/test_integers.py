"""Whole-number networks: exact whatever the order of sums, close to the real-valued layers they stand for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from simnet.codec.bitstream import fixed_point
from simnet.errors import ModelError


def layer(rng: np.random.Generator, out: int, channels: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(0, 0.3, (out, channels, size, size)), rng.normal(0, 1, out)


@given(seed=st.integers(0, 1000), height=st.integers(1, 9), width=st.integers(1, 9), size=st.sampled_from([1, 3, 5]))
def test_convolutions_match_torch(seed: int, height: int, width: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    weight, bias = layer(rng, 3, 4, size)
    values = rng.normal(0, 5, (4, height, width))
    steps = fixed_point.fixed(values).astype(np.float64)
    found = fixed_point.convolve(steps, fixed_point.fixed(weight), fixed_point.fixed(bias)) / fixed_point.ONE
    real = torch.conv2d(*(torch.from_numpy(a) for a in (values[None], weight, bias)), padding=size // 2)[0]
    np.testing.assert_allclose(found, real.numpy(), atol=0.02)


def test_transposed_and_strided_convolutions_match_torch() -> None:
    rng = np.random.default_rng(0)
    values, weight, bias = rng.normal(0, 1, (4, 5, 7)), rng.normal(0, 0.3, (4, 3, 5, 5)), rng.normal(0, 1, 3)
    steps = fixed_point.fixed(values).astype(np.float64)
    found = fixed_point.convolve_transposed(steps, fixed_point.fixed(weight), fixed_point.fixed(bias)) / fixed_point.ONE
    tensors = [torch.from_numpy(a) for a in (values[None], weight, bias)]
    real = torch.conv_transpose2d(*tensors, stride=2, padding=2, output_padding=1)[0]
    np.testing.assert_allclose(found, real.numpy(), atol=0.02)
    weight, bias = layer(rng, 2, 4, 5)
    found = fixed_point.convolve(steps, fixed_point.fixed(weight), fixed_point.fixed(bias), stride=2) / fixed_point.ONE
    real = torch.conv2d(*(torch.from_numpy(a) for a in (values[None], weight, bias)), stride=2, padding=2)[0]
    np.testing.assert_allclose(found, real.numpy(), atol=0.02)


@given(seed=st.integers(0, 1000))
def test_sums_are_exact_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = fixed_point.fixed(rng.normal(0, 200, (6, 300)))
    weight, bias = fixed_point.fixed(rng.normal(0, 5, (4, 300))), fixed_point.fixed(rng.normal(0, 5, 4))
    order = rng.permutation(300)
    first = fixed_point.matmul(rows.astype(np.float64), weight, bias)
    second = fixed_point.matmul(rows.astype(np.float64)[:, order], weight[:, order], bias)
    exact = np.clip(
        (rows @ weight.T + bias * fixed_point.ONE) >> fixed_point.FRACTION, -fixed_point.REACH, fixed_point.REACH
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, exact)


def test_weights_too_large_for_exact_sums_are_refused() -> None:
    with pytest.raises(ModelError, match="beyond"):
        fixed_point.fixed(np.array([3000.0]))
    with pytest.raises(ModelError, match="would not be exact"):
        fixed_point.check(np.full((1, 4096, 3, 3), 2000 * fixed_point.ONE), np.zeros(1))
