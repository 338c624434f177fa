"""The integer tables and the range coder: whatever is coded comes back, and costs what the prior says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec.bitstream import entropy_tables, fixed_point
from simnet.codec.published import load_checkpoint, priors, scale_tables
from simnet.codec.published import prior_tables as published_tables
from simnet.codec.published.priors import HyperSynthesis, SymbolCoder
from simnet.codec.published.published_networks import PublishedNetwork
from simnet.errors import BitstreamError, ModelError

Checkpoint = Callable[..., Path]


def coder(network: PublishedNetwork) -> SymbolCoder:
    made = published_tables.arrays(network)
    hyper = None
    if network.kind.hyper:
        weights, biases = (tuple(made[f"h{k}.{part}"].astype(float) for k in (4, 5, 6)) for part in ("weight", "bias"))
        hyper = HyperSynthesis(weights, biases, made["thresholds"])
    return SymbolCoder(made["cdf"], made["lengths"], made["firsts"], hyper)


@pytest.fixture(scope="module")
def factorised(checkpoint: Checkpoint) -> SymbolCoder:
    return coder(load_checkpoint(checkpoint("bls17")))


@pytest.fixture(scope="module")
def hyper(checkpoint: Checkpoint) -> tuple[PublishedNetwork, SymbolCoder]:
    network = load_checkpoint(checkpoint("bmshj18"))
    return network, coder(network)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 5), st.sampled_from([0.0, 1.0, 9.0, 300.0, 1e5, 1e9]))
def test_any_latent_survives_coding(factorised: SymbolCoder, seed: int, height: int, width: int, spread: float) -> None:
    latent = np.random.default_rng(seed).normal(0, spread, (6, height, width)).astype(np.float32)
    decoded = factorised.decode(factorised.encode(latent), (height, width))
    np.testing.assert_array_equal(decoded, np.rint(np.clip(latent, -(2**20), 2**20)))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 2), st.integers(1, 2), st.sampled_from([0.0, 2.0, 200.0, 1e6]))
def test_any_latent_survives_coding_with_a_hyperprior(
    hyper: tuple[PublishedNetwork, SymbolCoder], seed: int, height: int, width: int, spread: float
) -> None:
    rng, (_, own) = np.random.default_rng(seed), hyper
    latent, z = (rng.normal(0, spread, (6, size * height, size * width)).astype(np.float32) for size in (4, 1))
    decoded = own.decode(own.encode(latent, z), (4 * height, 4 * width))
    np.testing.assert_array_equal(decoded, np.rint(np.clip(latent, -(2**20), 2**20)))


def test_single_symbol_is_coded(checkpoint: Checkpoint) -> None:
    one = coder(load_checkpoint(checkpoint("bls17", 1)))
    for value in (0, -3, 5000):
        assert one.decode(one.encode(np.full((1, 1, 1), value, np.float32)), (1, 1)) == value


@pytest.mark.parametrize("data", [b"", b"abc", b"abcde"])
def test_malformed_payload_is_refused(factorised: SymbolCoder, data: bytes) -> None:
    with pytest.raises(BitstreamError, match="multiple of 4"):
        factorised.decode(data, (2, 2))


def test_every_table_row_is_complete_and_rising(
    factorised: SymbolCoder, hyper: tuple[PublishedNetwork, SymbolCoder]
) -> None:
    for own, densities in ((factorised, 6), (hyper[1], 6 + scale_tables.LEVELS)):
        assert own.channels == 6
        assert len(own.tables) == 1 + 2 * densities
        for row in (own.tables.table(each) for each in range(len(own.tables))):
            assert (row[0], row[-1]) == (0, 1 << entropy_tables.PRECISION)
            assert (np.diff(row) > 0).all()


def test_symbol_cost_matches_the_prior(checkpoint: Checkpoint, factorised: SymbolCoder) -> None:
    """Likely ones, unlikely ones, and those at the prior's bound of 1e-9: a hundred of each in one stream."""
    network = load_checkpoint(checkpoint("bls17"))
    mass = np.maximum(published_tables.density(network.prior["x"]), published_tables.BOUND)[0]
    empty = len(factorised.encode(np.zeros((6, 1, 1), np.float32)))
    for value in (0, 2, 9, 20, 27, 40, 60):
        latent = np.zeros((6, 20, 20), np.float32)
        latent[0] = value
        others = sum(
            -np.log2(each[published_tables.REACH]) for each in published_tables.density(network.prior["x"])[1:]
        )
        bits = 8 * (len(factorised.encode(latent)) - empty) - 400 * others
        assert bits / 400 == pytest.approx(-np.log2(mass[published_tables.REACH + value]), rel=0.02, abs=0.3)


def test_integer_scales_match_torch(hyper: tuple[PublishedNetwork, SymbolCoder]) -> None:
    network, own = hyper
    z = np.random.default_rng(3).integers(-9, 10, (6, 3, 5)).astype(np.float32)
    with torch.no_grad():
        scales = network.scales(torch.from_numpy(z)[None])[0].clamp(min=0.11).numpy()
    assert own.hyper
    chosen = scale_tables.scales()[own.hyper(z)]
    # Half a step of the table, and the rounding of the weights.
    assert np.abs(np.log(chosen / scales)).max() < 0.5 / scale_tables.PER_E_FOLD + 0.03


def test_weights_too_large_to_be_exact_are_refused(checkpoint: Checkpoint) -> None:
    network = load_checkpoint(checkpoint("bmshj18"))
    with torch.no_grad():
        network.hyper_synthesis["x"].conv_h5.weight.fill_(3000.0)
    with pytest.raises(ModelError, match="too large"):
        published_tables.arrays(network)


def test_digest_distinguishes_tables(factorised: SymbolCoder, hyper: tuple[PublishedNetwork, SymbolCoder]) -> None:
    assert len({factorised.digest, hyper[1].digest}) == 2
    changed = SymbolCoder(factorised.cdf, factorised.lengths, factorised.firsts + 1, None)
    assert changed.digest != factorised.digest
    assert fixed_point.ONE == 4096  # the stored weights are in these steps
    assert priors.scale_thresholds().dtype == np.int32
