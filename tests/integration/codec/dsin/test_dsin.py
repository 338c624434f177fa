"""DSIN end to end on a tiny untrained network: causality, range coder, graphs, decoder."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import codec
from simnet.codec.bitstream import fixed_point
from simnet.codec.dsin import dsin_codec
from simnet.codec.dsin.dsin_networks import (
    Dsin,
    DsinNumbers,
    EncoderNetwork,
    Quantiser,
    SideNetwork,
)
from simnet.codec.dsin.probabilities import LAYERS, Probabilities, taps, waves
from simnet.codec.protocols import Explainer
from simnet.errors import BitstreamError, ModelError, PictureError
from simnet.learn import dsin_stage
from simnet.records import SideInformation

FACTS = {"encode_ns": 1, "decode_ns": 2, "numbers": {"dsin": {"latent": 32}}}


@pytest.fixture(scope="module")
def network() -> Dsin:
    torch.manual_seed(0)
    made = Dsin(DsinNumbers(first=8, wide=8, groups=1, side=8)).eval()
    for layer in LAYERS:  # untrained, it would say nearly nothing
        getattr(made.context, layer).weight.data.mul_(2)
    return made.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def folder(network: Dsin, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("dsin")
    dsin_stage.write(place, network, FACTS, "card")
    return str(place)


@pytest.fixture(scope="module")
def probabilities(network: Dsin) -> Probabilities:
    arrays = dsin_stage.tables(network)
    return Probabilities.read(arrays.__getitem__, arrays)


def test_symbol_changes_only_later_probabilities(network: Dsin) -> None:
    torch.manual_seed(1)
    volume = torch.randn(1, 6, 7, 8)
    before = network.context(volume)
    for place in [(0, 0, 0), (2, 3, 4), (5, 6, 7), (3, 0, 7)]:
        changed = volume.clone()
        changed[(0, *place)] += 3
        moved = (network.context(changed) != before).any(dim=1)[0]
        flat = int(np.ravel_multi_index(place, (6, 7, 8)))
        assert not moved.reshape(-1)[: flat + 1].any()
        reach = moved.nonzero()
        if len(reach):
            assert (reach[:, 0] - place[0]).max() <= 4
            assert (reach[:, 1:] - torch.tensor(place[1:])).abs().max() <= 4


def test_waves_follow_all_their_context() -> None:
    time = np.zeros((6, 7, 8), int)
    for number, places in enumerate(waves(6, 7, 8)):
        time.reshape(-1)[places] = number
    assert sorted(itertools.chain(*waves(6, 7, 8))) == list(range(6 * 7 * 8))
    for d, y, x in np.ndindex(time.shape):
        for dd, dy, dx in taps(strict=True):
            if all(0 <= place < size for place, size in zip((d + dd, y + dy, x + dx), time.shape, strict=True)):
                assert time[d + dd, y + dy, x + dx] < time[d, y, x]


def test_integer_network_agrees_with_torch(network: Dsin, probabilities: Probabilities) -> None:
    symbols = np.random.default_rng(0).integers(0, 6, (4, 5, 6))
    logits = network.context(torch.from_numpy(probabilities.values(symbols))[None])[0]
    expected = torch.softmax(logits, dim=0).numpy().reshape(6, -1)
    seen = np.zeros((symbols.size, 6))

    def code(places: np.ndarray, cdfs: np.ndarray) -> np.ndarray:
        seen[places] = np.diff(cdfs[:, :7], axis=1) / 65536
        return symbols.ravel()[places]

    probabilities._walk(symbols.shape, code)
    np.testing.assert_allclose(seen.T, expected, atol=0.01)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), shape=st.tuples(*[st.integers(1, 5)] * 3))
def test_any_volume_survives_coding(probabilities: Probabilities, seed: int, shape: tuple[int, int, int]) -> None:
    symbols = np.random.default_rng(seed).integers(0, 6, shape)
    np.testing.assert_array_equal(probabilities.decode(probabilities.encode(symbols), shape), symbols)


def test_frequency_tables_are_complete_for_any_logits(probabilities: Probabilities) -> None:
    logits = np.array([[0, 0, 0, 0, 0, 0], [1e6, -1e6, 0, 0, 0, 0], [5, 5, 5, 5, 5, 9e6]]) * fixed_point.ONE
    counts = probabilities.counts(np.clip(logits, -fixed_point.REACH, fixed_point.REACH))
    assert (counts[:, 0] == 0).all()
    assert (counts[:, -1] == 65536).all()
    assert (np.diff(counts, axis=1) >= 1).all()


def test_coded_size_matches_the_estimate(network: Dsin, folder: str, picture: np.ndarray) -> None:
    image = np.ascontiguousarray(picture[:, :192])
    payload = codec.open_encoder("dsin", 192, 120, folder).encode(image, 0.5)[8:]
    bits = network.code(torch.from_numpy(image).permute(2, 0, 1)[None] / 255)[1]
    estimate = bits.sum().item() / 8
    assert abs(len(payload) - estimate) <= 0.02 * estimate + 16


def test_any_size_decodes_with_and_without_side_information(folder: str, picture: np.ndarray) -> None:
    for cut in (picture, picture[:33, :47], picture[:1, :1]):
        image = np.ascontiguousarray(cut)
        encoder = codec.open_encoder("dsin", image.shape[1], image.shape[0], folder)
        decoder = codec.open_decoder(encoder.announcement)
        frame = encoder.encode(image, 0.5)
        alone = decoder.decode(frame, ())
        assert alone.picture is alone.alone
        joined = decoder.decode(frame, [SideInformation(picture, "other", 0)])
        assert joined.picture.shape == image.shape
        np.testing.assert_array_equal(joined.alone, alone.picture)


def test_quality_changes_only_the_header(folder: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder("dsin", 200, 120, folder)
    assert encoder.encode(picture, 0.0)[8:] == encoder.encode(picture, 1.0)[8:]


def test_altered_frames_and_wrong_sizes_are_refused(folder: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder("dsin", 200, 120, folder)
    frame = bytearray(encoder.encode(picture, 0.5))
    with pytest.raises(PictureError):
        encoder.encode(picture[:50], 0.5)
    frame[40] ^= 1
    with pytest.raises(BitstreamError):
        codec.open_decoder(encoder.announcement).decode(bytes(frame), ())


def test_patch_matches_are_explained(folder: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder("dsin", 200, 120, folder)
    decoder = codec.open_decoder(encoder.announcement)
    assert isinstance(decoder, Explainer)
    explained = decoder.explain(encoder.encode(picture, 0.5), [SideInformation(picture, "other", 0)])
    assert explained.matches.shape == (30, 50, 1, 4)
    assert explained.common.shape == explained.private.shape == picture.shape


def test_missing_weights_name_the_training_command() -> None:
    with pytest.raises(ModelError, match="no weights are shipped; train them"):
        codec.open_encoder("dsin", 64, 64)


def test_importance_map_keeps_the_first_channels() -> None:
    _, mask = EncoderNetwork(DsinNumbers(first=4, wide=4, groups=1))(torch.rand(2, 3, 32, 48))
    assert mask.shape == (2, 32, 4, 6)
    assert ((mask >= 0) & (mask <= 1)).all()
    assert (mask.diff(dim=1) <= 0).all()
    assert (((mask > 0) & (mask < 1)).sum(dim=1) <= 1).all()


def test_quantiser_gradient_is_straight_through() -> None:
    quantiser = Quantiser(6)
    z = torch.randn(50, requires_grad=True)
    values, symbols = quantiser(z)
    assert (values.detach() - quantiser.centres[symbols]).abs().max() < 1e-6
    assert ((z[:, None] - quantiser.centres).abs().argmin(dim=1) == symbols).all()
    values.sum().backward()
    assert z.grad is not None
    assert z.grad.abs().sum() > 0


def test_side_network_starts_near_identity() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 3, 40, 48)
    assert (SideNetwork(DsinNumbers())(x, torch.rand(1, 3, 40, 48)) - x).abs().mean() < 0.3


def test_few_training_steps_lower_the_loss(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Dsin(DsinNumbers(first=8, wide=8, groups=1, side=8)).train()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    x = torch.rand(1, 3, 40, 48).repeat_interleave(2, dim=0)
    losses = []
    for _ in range(12):
        x_dec, x_si, bits, mask = dsin_stage.both(network, x, x)
        loss = (x - x_dec).abs().mean() + (x - x_si).abs().mean() + 0.01 * (bits * mask).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert dsin_stage.regularisers(network).item() > 0
    dsin_stage.write(tmp_path, network, FACTS, "card")
    assert dsin_codec.open_encoder("dsin", 48, 40, str(tmp_path)).announcement.codec == "dsin"
