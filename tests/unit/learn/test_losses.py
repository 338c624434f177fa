"""Distortions that train: equal to what evaluations measure, with gradients wherever a training may come along."""

import numpy as np
import pytest
import pytorch_msssim
import torch
from torch import Tensor

from simnet import quality
from simnet.errors import InputError
from simnet.learn import losses


def pictures(height: int, width: int, noise: float) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(7)
    coarse = rng.random((2, 3, height // 8 + 1, width // 8 + 1), np.float32)
    x = torch.nn.functional.interpolate(torch.from_numpy(coarse), (height, width), mode="bilinear")
    return (x + noise * torch.from_numpy(rng.standard_normal(x.shape).astype(np.float32))).clamp(0, 1), x


@pytest.mark.parametrize("size", [(128, 256), (113, 131)])
@pytest.mark.parametrize("noise", [0.02, 0.2])
def test_ms_ssim_matches_the_papers_library(size: tuple[int, int], noise: float) -> None:
    x_hat, x = pictures(*size, noise)
    expected = 1 - pytorch_msssim.ms_ssim(x_hat, x, data_range=1.0, size_average=False, win_size=7)
    assert torch.allclose(losses.distortion("ms-ssim", x_hat, x), expected, atol=2e-5)


def test_ms_ssim_matches_the_evaluation() -> None:
    x_hat, x = pictures(64, 96, 0.1)
    bytes_hat, bytes_x = ((each * 255).round().to(torch.uint8) for each in (x_hat, x))
    found = losses.distortion("ms-ssim", bytes_hat / 255, bytes_x / 255)
    arrays = [(a.permute(1, 2, 0).numpy(), b.permute(1, 2, 0).numpy()) for a, b in zip(bytes_hat, bytes_x, strict=True)]
    assert found.tolist() == pytest.approx([1 - quality.ms_ssim(a, b) for a, b in arrays], abs=2e-5)


def test_mse_is_one_number_per_picture() -> None:
    x_hat, x = pictures(32, 48, 0.1)
    assert losses.distortion("mse", x_hat, x).tolist() == pytest.approx(((x_hat - x) ** 2).mean(dim=(1, 2, 3)).tolist())


@pytest.mark.parametrize("kind", losses.KINDS)
def test_gradients_are_finite_for_opposite_pictures(kind: str) -> None:
    _, x = pictures(128, 256, 0.0)
    x_hat = (1 - x).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        losses.distortion(kind, x_hat, x).mean().backward()
    assert x_hat.grad is not None
    assert torch.isfinite(x_hat.grad).all()
    assert x_hat.grad.abs().sum() > 0


def test_gray_start_learns_the_picture() -> None:
    _, x = pictures(128, 128, 0.0)
    x_hat = torch.full_like(x, 0.5).requires_grad_()
    optimizer = torch.optim.Adam([x_hat], 0.02)
    values = []
    for _ in range(30):
        loss = losses.distortion("ms-ssim", x_hat, x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0.2 * values[0]


def test_bad_kind_or_small_picture_is_one_line() -> None:
    x = torch.zeros(1, 3, 6, 6)
    with pytest.raises(InputError, match="distortion ssim: unknown; expected one of mse, ms-ssim"):
        losses.distortion("ssim", x, x)
    with pytest.raises(InputError, match="too small"):
        losses.distortion("ms-ssim", x, x)
