"""Differentiable distortion losses for each picture: mean squared error, or 1 - MS-SSIM."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from simnet.errors import InputError
from simnet.quality import SCALE_WEIGHTS, SIGMA, WINDOW

KINDS = ("mse", "ms-ssim")
SCALE = 255.0**2
"""Factor of both kinds, lambda * 255^2 * D (NDIC, ATN), so that lambdas match the literature."""

_C1, _C2 = 0.01**2, 0.03**2
_LEAST = 1e-4
"""Below this, a term continues with a gentle slope: powers below 1 have an unbounded gradient at 0, and none below 0."""


def distortion(kind: str, x_hat: Tensor, x: Tensor) -> Tensor:
    """Distortion of x_hat (B, 3, H, W) against x, both in [0, 1]: float32 (B,).

    Args:
        kind: `mse`, or `ms-ssim` for 1 - MS-SSIM.
        x_hat: The decoded pictures, clipped or not, of any float type.
        x: The original pictures.

    Raises:
        InputError: The kind is unknown, or the pictures are too small for MS-SSIM's window of 7.
    """
    if kind not in KINDS:
        raise InputError(f"distortion {kind}: unknown; expected one of {', '.join(KINDS)}")
    with torch.autocast(x.device.type, enabled=False):
        if kind == "mse":
            return ((x_hat.float() - x.float()) ** 2).mean(dim=(1, 2, 3))
        return 1 - ms_ssim(x_hat.float(), x.float())


def ms_ssim(x_hat: Tensor, x: Tensor) -> Tensor:
    """Multi-scale structural similarity (Wang, Simoncelli and Bovik 2003) of float32 pictures (B, C, H, W) on [0, 1]: (B,).

    Equal to `simnet.quality.ms_ssim` (window 7, sigma 1.5, five scales or as many as fit), except for terms near and below
    zero, where the published definition has no usable gradient. There this function keeps falling and stays positive.
    """
    weights = _weights(min(x.shape[-2:]))
    product = torch.ones(x.shape[:2], device=x.device)
    for scale, weight in enumerate(weights):
        contrast, whole = _similarity(x_hat, x)
        last = scale == len(weights) - 1
        term = whole if last else contrast
        product = product * torch.where(term > _LEAST, term, _LEAST * torch.exp(term - _LEAST)) ** weight
        if not last:
            x_hat, x = _halve(x_hat), _halve(x)
    return product.mean(dim=1)


def _similarity(x_hat: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Means (B, C) of the contrast-structure term and of the whole SSIM (Wang et al. 2004, equations 6 to 13)."""
    channels = x.shape[1]
    moments = torch.cat([x_hat, x, x_hat * x_hat, x * x, x_hat * x], dim=1)
    mean_hat, mean, square_hat, square, both = _blur(moments).split(channels, dim=1)
    variance_hat, variance = square_hat - mean_hat**2, square - mean**2
    contrast = (2 * (both - mean_hat * mean) + _C2) / (variance_hat + variance + _C2)
    luminance = (2 * mean_hat * mean + _C1) / (mean_hat**2 + mean**2 + _C1)
    return contrast.mean(dim=(2, 3)), (luminance * contrast).mean(dim=(2, 3))


def _blur(x: Tensor) -> Tensor:
    """Gaussian filter over (B, C, H, W), without padding."""
    taps = _taps().to(x.device)
    channels = x.shape[1]
    across = functional.conv2d(x, taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    return functional.conv2d(across, taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)


def _halve(x: Tensor) -> Tensor:
    """Means over 2 x 2 samples; an odd side is padded with one line of zeros in front, as in `simnet.quality`."""
    height, width = x.shape[-2:]
    return functional.avg_pool2d(functional.pad(x, (width % 2, 0, height % 2, 0)), 2)


@cache
def _taps() -> Tensor:
    place = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    taps = torch.exp(-(place**2) / (2 * SIGMA**2))
    return (taps / taps.sum()).float()


@cache
def _weights(side: int) -> tuple[float, ...]:
    """Weights of the scales that fit a picture of smaller side `side`, scaled to sum to 1 if not all fit."""
    scales, left = 0, side
    while scales < len(SCALE_WEIGHTS) and left >= WINDOW:
        scales, left = scales + 1, (left + 1) // 2
    if not scales:
        raise InputError(f"MS-SSIM of pictures with a side of {side}: too small; expected at least {WINDOW}")
    fitting = SCALE_WEIGHTS[:scales]
    return fitting if scales == len(SCALE_WEIGHTS) else tuple(weight / sum(fitting) for weight in fitting)
