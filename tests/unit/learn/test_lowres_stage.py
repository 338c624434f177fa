"""The low-resolution backbone's training: its start as a transform coder, what it draws, how fast what learns."""

import numpy as np
import pytest
import torch

from simnet.codec.learned.lowres_networks import Lowres, LowresNumbers, masks
from simnet.codec.learned.lowres_parts import gaussian_bits, knot_shares
from simnet.learn import lowres_stage
from simnet.learn.pair_data import PairSource
from simnet.learn.trainer import parameter_groups
from support import small_lowres, tiny_training

WAVES = np.kron(np.random.default_rng(0).integers(0, 255, (2, 24, 24, 3)), np.ones((1, 4, 4, 1))).astype(np.uint8)


def test_it_starts_as_a_transform_coder() -> None:
    """At the best quality the first network draws what the basis keeps of the pictures, and rounding adds little."""
    torch.manual_seed(0)
    network = Lowres(LowresNumbers(latent=128, encoder=16, hyper=8, context=16, body=16, renderer=48)).eval()
    rows = lowres_stage.patches(WAVES)
    network.start(*lowres_stage.karhunen_loeve(rows, 128))
    x = lowres_stage.to_tensor(list(WAVES))
    with torch.no_grad():
        x_hat, bits = network(x, torch.ones(2))
    middle = rows.reshape(-1, 3, 256).mean(axis=(0, 2)).repeat(256)
    _, values, _ = np.linalg.svd(rows - middle, full_matrices=False)
    lost = (values[128:] ** 2).sum() / rows.size / 4  # of 2x - 1, as of x
    assert ((x_hat - x) ** 2).mean().item() == pytest.approx(lost, abs=2e-4)
    assert (bits > 0).all()


def test_basis_is_orthonormal_and_in_order_of_spread() -> None:
    basis, spread, mean = lowres_stage.karhunen_loeve(lowres_stage.patches(WAVES), 32)
    flat = basis.reshape(32, -1)
    torch.testing.assert_close(flat @ flat.T, torch.eye(32), atol=1e-5, rtol=0)
    assert (spread.diff() <= 0).all()
    torch.testing.assert_close(mean, torch.from_numpy(WAVES).float().mean((0, 1, 2)) / 127.5 - 1, atol=1e-4, rtol=0)


def test_sources_are_drawn_by_their_shares() -> None:
    light, dark = (np.full((80, 80, 3), value, np.uint8) for value in (200, 10))
    sources = [PairSource("light", [(light, light)]), PairSource("dark", [(dark, dark)] * 50)]
    recipe = tiny_training.recipe(stage="lowres", data=["rendered:street", "rendered:field"], shares=[3, 1], crop=64)
    drawn = lowres_stage.crops(recipe, sources, np.random.default_rng(0), 200)
    assert 0.65 < np.mean([crop.mean() > 100 for crop in drawn]) < 0.85


def test_parameters_learn_at_their_factors() -> None:
    groups = parameter_groups(small_lowres.network(), lowres_stage.FACTORS)
    assert [group["factor"] for group in groups] == [1.0, 10.0, 3.0, 0.1, 0.05]
    patch = groups[4]["params"]
    assert sum(p.numel() for p in patch) == 32 * 3 * 256 + 32
    assert sum(len(group["params"]) for group in groups) == len(list(small_lowres.network().parameters()))


def test_gradients_reach_everything_that_is_trained() -> None:
    network = small_lowres.network().train()
    try:
        x_hat, bits = network(torch.rand(2, 3, 64, 96), torch.tensor([0.2, 0.9]))
        ((x_hat**2).mean() + bits.mean() / 1e4).backward()
        silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
        assert silent == []
    finally:
        network.zero_grad(set_to_none=True)
        network.eval()


def test_training_and_coding_enlarge_alike() -> None:
    renderer, x = small_lowres.network().ren, torch.rand(1, 3, 5, 7)
    coded = renderer.enlarged(x)
    try:
        torch.testing.assert_close(renderer.train().enlarged(x), coded, atol=1e-6, rtol=0)
    finally:
        renderer.eval()


def test_bits_are_those_of_the_gaussian_and_bend_back_into_the_tables() -> None:
    index = torch.tensor([30.0, 90.0, -5.0]).reshape(1, 3, 1, 1).requires_grad_()
    residual = torch.tensor([1.0, 1.0, 0.0]).reshape(1, 3, 1, 1).requires_grad_()
    bits = gaussian_bits(residual, index)
    sigma = 0.11 * np.exp(np.log(64 / 0.11) / 64 * np.array([30, 63, 0]))
    normal = torch.distributions.Normal(0.0, torch.from_numpy(sigma).float())
    flat = residual.detach().reshape(-1)
    expected = -torch.log2(normal.cdf(flat + 0.5) - normal.cdf(flat - 0.5)).sum()
    assert bits.item() == pytest.approx(expected.item(), rel=1e-4)
    bits.sum().backward()
    assert index.grad is not None
    assert index.grad[0, 1] > 0  # too wide a table: descent leads back
    assert index.grad[0, 0] != 0


def test_every_symbol_is_in_one_pass() -> None:
    whole = masks(32, 3, 5, torch.zeros(1))
    assert (whole.sum(0) == 1).all()


def test_shares_of_knots_sum_to_one() -> None:
    shares = knot_shares(torch.tensor([0.0, 0.3, 1.0]))
    torch.testing.assert_close(shares.sum(1), torch.ones(3))
    assert shares[0, 0] == shares[2, 8] == 1
