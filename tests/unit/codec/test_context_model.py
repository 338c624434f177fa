"""The checkerboard context model: what is coded comes back, in whole numbers, at about the estimated size."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.codec.bitstream import fixed_point
from simnet.codec.learned.backbone_networks import Backbone, BackboneNumbers
from simnet.codec.learned.context_coder import ContextCoder, table_of
from simnet.errors import BitstreamError
from simnet.learn import model_export

GROUPS = (3, 5)


def backbone(seed: int) -> Backbone:
    torch.manual_seed(seed)
    network = Backbone(BackboneNumbers(wide=4, deep=4, latent=sum(GROUPS), gains=3, groups=GROUPS, hidden=6)).eval()
    for layers in network.context.passes:  # untrained layers say nearly nothing
        for parameter in layers.parameters():
            parameter.data.normal_(0, 0.15)
        layers.third.bias.data[len(layers.third.bias) // 2 :] = 1.5  # scales wide enough that everything is sent
    return network


def coder(network: Backbone) -> ContextCoder:
    arrays = {f"tables.{name}": array for name, array in model_export.table_arrays(network).items()}
    return ContextCoder.read(arrays.__getitem__, arrays)


NETWORK = backbone(0)
CODER = coder(NETWORK)


@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    step=st.integers(0, 255),
    spread=st.sampled_from([0.01, 1.0, 10.0]),
)
def test_coded_latent_is_decoded(seed: int, height: int, width: int, step: int, spread: float) -> None:
    latent = np.random.default_rng(seed).normal(0, spread, (sum(GROUPS), height, width)).astype(np.float32)
    values = CODER.decode_latent(CODER.encode_latent(latent, step), (height, width), step)
    again = CODER.decode_latent(CODER.encode_latent(latent, step), (height, width), step)
    np.testing.assert_array_equal(values, again)
    error = np.abs(values - latent) * CODER.gain[step][:, None, None] / (1 << 20)

    assert (error < 0.51 + np.abs(latent) * 2e-3).all()


def test_narrowest_table_symbol_is_not_sent() -> None:
    network = backbone(3)
    for layers in network.context.passes:
        layers.third.bias.data[len(layers.third.bias) // 2 :] = -9.0
    sure = coder(network)
    latent = np.random.default_rng(0).normal(0, 50, (sum(GROUPS), 4, 4)).astype(np.float32)
    data = sure.encode_latent(latent, 9)
    assert len(data) <= 8
    assert np.abs(sure.decode_latent(data, (4, 4), 9)).max() < 2  # the means


@pytest.mark.parametrize("quality", [0.0, 0.4, 1.0])
def test_integers_and_torch_agree_on_values_and_bits(quality: float) -> None:
    torch.manual_seed(1)
    latent = torch.randn(1, sum(GROUPS), 16, 24) * 4
    gain, inverse = NETWORK.gain(torch.tensor([quality]))
    with torch.no_grad():
        values, bits = NETWORK.context(latent * gain, gain, inverse, NETWORK.between(torch.tensor([quality])))
    step = round(quality * 255)
    data = CODER.encode_latent(latent[0].numpy(), step)
    decoded = CODER.decode_latent(data, (16, 24), step)
    # A rounding that falls the other way moves its neighbours' means a little, no more.
    assert np.mean(np.abs(decoded - values[0].numpy()) < 0.05) > 0.9
    assert abs(len(data) - bits.item() / 8) <= 0.03 * bits.item() / 8 + 16


def test_coded_sizes_follow_the_prediction() -> None:
    torch.manual_seed(2)
    likely = CODER.decode_latent(CODER.encode_latent(np.zeros((8, 6, 6), np.float32), 100), (6, 6), 100)
    surprising = np.random.default_rng(0).normal(0, 40, (8, 6, 6)).astype(np.float32)
    assert len(CODER.encode_latent(surprising, 100)) > len(CODER.encode_latent(likely, 100))


def test_tables_are_complete_and_rise() -> None:
    rows = [CODER.tables.table(each) for each in range(len(CODER.tables))]
    for row in rows:
        assert row[0] == 0
        assert row[-1] == 65_536
        assert (np.diff(row) > 0).all()
    widths = [len(row) for row in rows]
    assert widths == sorted(widths)


def test_nearest_scale_table_is_chosen() -> None:
    logs = np.log(np.array([0.01, 0.11, 0.11 * np.exp(0.125), 0.11 * np.exp(0.3), 1e9])) * fixed_point.ONE
    np.testing.assert_array_equal(table_of(logs), [0, 0, 1, 2, 63])


def test_digest_depends_on_every_weight() -> None:
    assert CODER.digest == coder(NETWORK).digest
    assert CODER.digest != coder(backbone(1)).digest


@pytest.mark.parametrize("data", [b"", b"abc", b"abcde"])
def test_malformed_payload_is_refused(data: bytes) -> None:
    with pytest.raises(BitstreamError, match="multiple of 4"):
        CODER.decode_latent(data, (2, 2), 0)
