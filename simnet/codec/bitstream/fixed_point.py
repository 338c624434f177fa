"""Fixed-point networks whose output to the entropy coder is bit-exact on all machines.

Every number is an integer count of 2**-FRACTION steps, held in float64. Products and sums of integers below 2**53 are exact in
float64 in any order of evaluation (compare Balle et al., "Integer networks for data compression with latent-variable models",
ICLR 2019, which trains for 8 bits; with 12 fractional bits no special training is needed).
"""

from __future__ import annotations

import numpy as np

from simnet.errors import ModelError

FRACTION = 12
ONE = 1 << FRACTION
REACH = float(1 << 24)
"""Activations are clipped to this many steps in either direction, a value of 4096."""
EXACT = float(1 << 53)


def fixed(values: np.ndarray) -> np.ndarray:
    """Round real numbers to steps (int64) for storage in the checkpoint; ModelError beyond +-2048."""
    steps = np.rint(np.asarray(values, np.float64) * ONE)
    if not np.all(np.abs(steps) < 2048 * ONE):
        raise ModelError("weights beyond +-2048: too large for the integer networks of an entropy model")
    return steps.astype(np.int64)


def check(weight: np.ndarray, bias: np.ndarray) -> None:
    """Raise ModelError unless a layer's sums are exact for every clipped input: weight (O, ...) and bias (O,) in steps."""
    largest = np.abs(weight.astype(np.float64)).reshape(len(weight), -1).sum(axis=1) * REACH
    if np.any(largest + np.abs(bias).astype(np.float64) * ONE >= EXACT):
        raise ModelError("weights too large for the integer networks of an entropy model: sums would not be exact")


def convolve(values: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, stride: int = 1) -> np.ndarray:
    """Convolve values (C, H, W) with weight (O, C, k, k) and bias (O,), zero padding k // 2; in steps -> (O, H', W') in steps."""
    size = weight.shape[2]
    padded = np.pad(values, ((0, 0), (size // 2,) * 2, (size // 2,) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (len(values), size, size))[0, ::stride, ::stride]
    height, width = windows.shape[:2]
    rows = windows.reshape(height * width, -1)
    return matmul(rows, weight.reshape(len(weight), -1), bias).T.reshape(-1, height, width)


def convolve_transposed(values: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, stride: int = 2) -> np.ndarray:
    """Transposed convolution with weight (C, O, k, k), padding k // 2 and output padding stride - 1, as in torch."""
    channels, height, width = values.shape
    spread = np.zeros((channels, height * stride, width * stride))
    spread[:, ::stride, ::stride] = values
    return convolve(spread, weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1], bias)


def matmul(rows: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Multiply rows (N, C) by weight (O, C) and add bias (O,) -> (N, O), in steps, clipped."""
    sums = rows @ weight.astype(np.float64, copy=False).T + bias * float(ONE)
    return np.clip(np.floor(sums / ONE), -REACH, REACH)
