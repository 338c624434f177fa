"""PSNR and MS-SSIM against the definitions that papers use."""

import numpy as np
import pytest
import pytorch_msssim
import torch

from simnet import quality, similarity


def _pair(height: int, width: int, noise: float = 12.0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(5)
    coarse = draw.uniform(0, 255, (height // 8 + 1, width // 8 + 1, 3))
    original = np.kron(coarse, np.ones((8, 8, 1)))[:height, :width]
    noisy = original + draw.normal(0, noise, original.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), np.clip(original, 0, 255).astype(np.uint8)


def test_psnr_of_a_known_error() -> None:
    original = np.full((16, 16, 3), 100, np.uint8)
    assert quality.psnr(original + 5, original) == pytest.approx(10 * np.log10(255**2 / 25))


def test_psnr_of_identical_pictures_is_finite() -> None:
    original = np.zeros((8, 8, 3), np.uint8)
    assert quality.psnr(original, original) == quality.PSNR_CAP_DB


@pytest.mark.parametrize(("height", "width"), [(128, 256), (121, 203), (112, 112)])
def test_ms_ssim_agrees_with_pytorch_msssim(height: int, width: int) -> None:
    picture, original = _pair(height, width)
    x, y = (torch.from_numpy(p).permute(2, 0, 1)[None].float() for p in (picture, original))
    expected = float(pytorch_msssim.ms_ssim(x, y, data_range=255, win_size=7))
    assert quality.ms_ssim(picture, original) == pytest.approx(expected, abs=2e-4)


def test_small_pictures_use_fewer_renormalised_scales() -> None:
    picture, original = _pair(48, 64)
    assert 0.3 < quality.ms_ssim(picture, original) < 1
    assert quality.ms_ssim(original, original) == pytest.approx(1)


@pytest.mark.parametrize(("height", "width"), [(7, 7), (8, 21), (13, 10)])
def test_one_scale_is_the_mean_of_ssim_under_the_window(height: int, width: int) -> None:
    picture, original = (each.astype(np.float64) for each in _pair(height, width))
    taps = np.exp(-((np.arange(7) - 3) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / taps.sum() ** 2

    def blurred(values: np.ndarray) -> np.ndarray:
        rows, columns = values.shape[0] - 6, values.shape[1] - 6
        shifted = [values[i : i + rows, j : j + columns] * window[i, j] for i in range(7) for j in range(7)]
        return np.sum(shifted, axis=0)

    x, y = blurred(picture), blurred(original)
    both = blurred(picture**2) - x * x + blurred(original**2) - y * y
    own = (2 * x * y + 6.5025) * (2 * (blurred(picture * original) - x * y) + 58.5225)
    ssim = own / ((x * x + y * y + 6.5025) * (both + 58.5225))
    terms = similarity.channel_terms(picture.astype(np.uint8), original.astype(np.uint8), 1)
    assert terms[0] == pytest.approx(ssim.mean(axis=(0, 1)), abs=1e-5)


def test_sizes_after_each_other_and_grey_pictures_count_alone() -> None:
    pairs = [_pair(*size) for size in ((121, 203), (16, 24), (48, 64))]
    first = [quality.ms_ssim(*pair) for pair in pairs]
    assert [quality.ms_ssim(*pair) for pair in reversed(pairs)] == first[::-1]
    picture, original = pairs[0]
    alone = [quality.ms_ssim(picture[..., k], original[..., k]) for k in range(3)]
    assert np.mean(alone) == pytest.approx(first[0], abs=1e-9)


def test_ms_ssim_falls_with_noise() -> None:
    values = [quality.ms_ssim(*_pair(96, 128, noise)) for noise in (2, 10, 40)]
    assert values == sorted(values, reverse=True)


def test_shapes_must_match_and_fit_the_window() -> None:
    with pytest.raises(ValueError, match="expected equal"):
        quality.psnr(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(ValueError, match="too small"):
        quality.ms_ssim(np.zeros((6, 40, 3), np.uint8), np.zeros((6, 40, 3), np.uint8))
