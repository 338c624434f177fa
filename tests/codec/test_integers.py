"""Whole-number networks: exact whatever the order of sums, close to the real-valued layers they stand for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from simnet.codec import integers
from simnet.errors import ModelError


def layer(rng: np.random.Generator, out: int, channels: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(0, 0.3, (out, channels, size, size)), rng.normal(0, 1, out)


@given(seed=st.integers(0, 1000), height=st.integers(1, 9), width=st.integers(1, 9), size=st.sampled_from([1, 3, 5]))
def test_convolutions_are_torchs(seed: int, height: int, width: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    weight, bias = layer(rng, 3, 4, size)
    values = rng.normal(0, 5, (4, height, width))
    steps = integers.fixed(values).astype(np.float64)
    found = integers.convolve(steps, integers.fixed(weight), integers.fixed(bias)) / integers.ONE
    real = torch.conv2d(*(torch.from_numpy(a) for a in (values[None], weight, bias)), padding=size // 2)[0]
    np.testing.assert_allclose(found, real.numpy(), atol=0.02)
    mask = rng.random((height, width)) < 0.5
    last = integers.fixed(weight).transpose(0, 2, 3, 1)
    at = integers.convolve_at(steps.transpose(1, 2, 0), last, integers.fixed(bias), mask)
    np.testing.assert_array_equal(at.T, found[:, mask] * integers.ONE)


def test_transposed_and_strided_convolutions_are_torchs() -> None:
    rng = np.random.default_rng(0)
    values, weight, bias = rng.normal(0, 1, (4, 5, 7)), rng.normal(0, 0.3, (4, 3, 5, 5)), rng.normal(0, 1, 3)
    steps = integers.fixed(values).astype(np.float64)
    found = integers.convolve_transposed(steps, integers.fixed(weight), integers.fixed(bias)) / integers.ONE
    tensors = [torch.from_numpy(a) for a in (values[None], weight, bias)]
    real = torch.conv_transpose2d(*tensors, stride=2, padding=2, output_padding=1)[0]
    np.testing.assert_allclose(found, real.numpy(), atol=0.02)
    weight, bias = layer(rng, 2, 4, 5)
    found = integers.convolve(steps, integers.fixed(weight), integers.fixed(bias), stride=2) / integers.ONE
    real = torch.conv2d(*(torch.from_numpy(a) for a in (values[None], weight, bias)), stride=2, padding=2)[0]
    np.testing.assert_allclose(found, real.numpy(), atol=0.02)


@given(seed=st.integers(0, 1000))
def test_sums_are_the_same_in_any_order_and_in_whole_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = integers.fixed(rng.normal(0, 200, (6, 300)))
    weight, bias = integers.fixed(rng.normal(0, 5, (4, 300))), integers.fixed(rng.normal(0, 5, 4))
    order = rng.permutation(300)
    first = integers.matmul(rows.astype(np.float64), weight, bias)
    second = integers.matmul(rows.astype(np.float64)[:, order], weight[:, order], bias)
    exact = np.clip((rows @ weight.T + bias * integers.ONE) >> integers.FRACTION, -integers.REACH, integers.REACH)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, exact)


def test_leaky_relu_is_a_shift() -> None:
    np.testing.assert_array_equal(integers.leaky(np.array([-9.0, -8, 0, 5]), 3), [-2, -1, 0, 5])


def test_weights_too_large_for_exact_sums_are_refused() -> None:
    with pytest.raises(ModelError, match="beyond"):
        integers.fixed(np.array([3000.0]))
    with pytest.raises(ModelError, match="would not be exact"):
        integers.check(np.full((1, 4096, 3, 3), 2000 * integers.ONE), np.zeros(1))
