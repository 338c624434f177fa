"""Imported networks encode and decode: graphs against torch, bytes against the estimate, side pictures, refusals."""

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from simnet import codec
from simnet.codec import model
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import padded
from simnet.codec.learned.inference import run
from simnet.codec.protocols import Explainer
from simnet.codec.published import (
    load_checkpoint,
    model_writer,
    priors,
    published_codec,
    published_kinds,
)
from simnet.codec.published.published_networks import Output
from simnet.errors import BitstreamError, ModelError
from simnet.records import SideInformation

ModelOf = Callable[[str], str | None]
Pictures = tuple[np.ndarray, np.ndarray]
NAMES = list(published_kinds.KINDS)
WITH_SIDE = [name for name in NAMES if published_kinds.KINDS[name].side]


def in_torch(file: Path, pictures: Pictures) -> Output:
    with torch.no_grad():
        return load_checkpoint(file)(*(torch.from_numpy(padded(each, 64)) for each in pictures))


def seen(tensor: torch.Tensor) -> np.ndarray:
    return (tensor[0].clamp(0, 1) * 255).round().numpy().transpose(1, 2, 0)


@pytest.mark.parametrize("name", NAMES)
def test_graphs_match_torch(name: str, model_of: ModelOf, checkpoint: Callable[..., Path], pictures: Pictures) -> None:
    chosen, kind = model.load(str(model_of(name))), published_kinds.KINDS[name]
    sizes = [(128, 256)] if kind.attention else [(128, 256), (64, 128)]
    network = load_checkpoint(checkpoint(name))
    for height, width in sizes:
        x, y = (padded(np.ascontiguousarray(each[:height, :width]), 1) for each in pictures)
        with torch.no_grad():
            output, alone = network(torch.from_numpy(x), torch.from_numpy(y)), network(torch.from_numpy(x))
        latent = run(chosen, "analysis", x)
        np.testing.assert_array_equal(np.rint(latent), output.latent_x.round().numpy())
        np.testing.assert_allclose(latent, output.latent_x.numpy(), atol=1e-4)
        sent = np.rint(latent)
        np.testing.assert_allclose(run(chosen, "alone", sent), alone.x_hat.numpy(), atol=1e-4, rtol=1e-4)
        if kind.side:
            found = run(chosen, "synthesis", sent, run(chosen, "side", y))
            np.testing.assert_allclose(found, output.x_hat.numpy(), atol=1e-4, rtol=1e-4)
        if kind.hyper:
            with torch.no_grad():
                z = network.hyper_analysis["x"](output.latent_x.abs()).numpy()
            np.testing.assert_array_equal(np.rint(run(chosen, "hyper", latent)), np.rint(z))


@pytest.mark.parametrize("name", NAMES)
def test_coded_size_matches_the_estimate(
    name: str, model_of: ModelOf, checkpoint: Callable[..., Path], pictures: Pictures
) -> None:
    encoder = codec.open_encoder(name, 256, 128, model_of(name))
    estimate = in_torch(checkpoint(name), pictures).bpp.item() * 256 * 128 / 8
    assert abs(len(encoder.encode(pictures[0], 0.5)) - estimate) <= 0.02 * estimate + 16


@pytest.mark.parametrize(("name", "factor"), [("ndic-bls17", 30), ("ndic-bmshj18", 12)])
def test_coded_size_matches_the_estimate_for_poor_densities(
    name: str, factor: int, checkpoint: Callable[..., Path], pictures: Pictures, tmp_path: Path
) -> None:
    """With latents far out in the tails, where most symbols escape from the first table."""
    content = torch.load(checkpoint(name), weights_only=True)
    content["model_state_dict"]["conv4.weight"] *= factor
    torch.save(content, tmp_path / "wide.pt")
    model_writer.import_checkpoint(tmp_path / "wide.pt", name, tmp_path / "wide")
    encoder = codec.open_encoder(name, 256, 128, str(tmp_path / "wide"))
    output = in_torch(tmp_path / "wide.pt", pictures)
    assert (output.likelihoods["x"] < 1e-6).float().mean() > 0.1
    estimate = output.bpp.item() * 256 * 128 / 8
    assert abs(len(encoder.encode(pictures[0], 0.5)) - estimate) <= 0.02 * estimate + 16


@pytest.mark.parametrize("name", NAMES)
def test_decoded_pictures_match_torch(
    name: str, model_of: ModelOf, checkpoint: Callable[..., Path], pictures: Pictures
) -> None:
    encoder = codec.open_encoder(name, 256, 128, model_of(name))
    decoder = codec.open_decoder(encoder.announcement)
    data = encoder.encode(pictures[0], 0.5)
    decoded = decoder.decode(data, [SideInformation(pictures[1], "other", 0)] * 2)
    alone = decoder.decode(data, ())
    assert np.abs(decoded.picture - seen(in_torch(checkpoint(name), pictures).x_hat)).max() <= 1
    np.testing.assert_array_equal(decoded.alone, alone.picture)
    assert (decoded.picture is decoded.alone) == (name not in WITH_SIDE)
    assert decoder.uses_side == (name in WITH_SIDE)
    assert (decoded.picture != decoded.alone).any() == (name in WITH_SIDE)


@pytest.mark.parametrize("name", WITH_SIDE)
def test_side_pictures_of_any_size_are_used(name: str, model_of: ModelOf, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120, model_of(name))
    decoder = codec.open_decoder(encoder.announcement)
    side = SideInformation(np.ascontiguousarray(picture[::2, ::3]), "other", 0)
    decoded = decoder.decode(encoder.encode(picture, 0.5), [side])
    assert decoded.picture.shape == picture.shape
    assert (decoded.picture != decoded.alone).any()


@pytest.mark.parametrize("name", NAMES)
def test_impossible_latents_are_refused_as_a_bitstream_error(name: str, model_of: ModelOf) -> None:
    announcement = codec.open_encoder(name, 256, 128, model_of(name)).announcement
    decoder, coder = codec.open_decoder(announcement), priors.read(model.load(str(model_of(name))))
    far = np.full((coder.channels, 8, 16), 1e9, np.float32)
    z = np.zeros((coder.channels, 2, 4), np.float32) if published_kinds.KINDS[name].hyper else None
    made_up = framing.pack(framing.Header(0, 128, key=True), coder.encode(far, z), announcement)
    if name != "bls17":  # whose small test network keeps even these finite
        with pytest.raises(BitstreamError, match=r"payload is of no picture: .* numbers that are not finite"):
            decoder.decode(made_up, ())
    draw = np.random.default_rng(6)
    for length in (4, 40, 400):
        noise = framing.pack(framing.Header(0, 128, key=True), draw.bytes(length), announcement)
        with suppress(BitstreamError):
            assert decoder.decode(noise, ()).picture.shape == (128, 256, 3)


@pytest.mark.parametrize("name", NAMES)
def test_quality_leaves_the_payload_unchanged(name: str, model_of: ModelOf, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120, model_of(name))
    frames = [encoder.encode(picture, quality) for quality in (0.0, 0.5, 1.0)]
    assert len({framing.payload(frame) for frame in frames}) == 1


def test_attention_requires_its_trained_size(model_of: ModelOf) -> None:
    with pytest.raises(
        ModelError, match=r"pictures of 257 x 100; model .* is tied to 256 x 128 by the weights of its attention"
    ):
        codec.open_encoder("atn-paper", 257, 100, model_of("atn-paper"))
    announcement = codec.open_encoder("atn-paper", 31, 9, model_of("atn-paper")).announcement
    with pytest.raises(ModelError, match="tied to 256 x 128"):
        codec.open_decoder(dataclasses.replace(announcement, width=300))


@pytest.mark.parametrize("name", NAMES)
def test_missing_model_says_how_to_get_one(name: str) -> None:
    said = rf"codec {name}: no weights shipped; import a checkpoint: simnet import FILE --as {name}"
    with pytest.raises(ModelError, match=said):
        codec.open_encoder(name, 64, 64)
    with pytest.raises(ModelError, match=said):
        codec.declared_times(name)


def test_model_of_another_codec_is_refused(model_of: ModelOf) -> None:
    with pytest.raises(ModelError, match="is for codec bls17; expected one for bmshj18"):
        codec.open_encoder("bmshj18", 64, 64, model_of("bls17"))


@pytest.mark.parametrize("field", ["checkpoint_digest", "tables_digest"])
def test_stream_with_another_digest_is_refused(field: str, model_of: ModelOf) -> None:
    announcement = codec.open_encoder("bmshj18", 64, 64, model_of("bmshj18")).announcement
    with pytest.raises(ModelError, match="this machine has"):
        codec.open_decoder(dataclasses.replace(announcement, **{field: "0" * 16}))


def test_attention_is_explained(model_of: ModelOf, pictures: Pictures) -> None:
    encoder = codec.open_encoder("atn-paper", 250, 120, model_of("atn-paper"))
    decoder = codec.open_decoder(encoder.announcement)
    assert isinstance(decoder, Explainer)
    image = np.ascontiguousarray(pictures[0][:120, :250])
    data, side = encoder.encode(image, 0.5), SideInformation(pictures[1][::2], "other", 0)
    explained = decoder.explain(data, [side])
    # A place of the 4 x 4 grid is 64 x 32 pixels: two square cells.
    assert explained.cell == 32
    assert explained.matches.shape == (4, 8, published_codec.STRONGEST, 4)
    np.testing.assert_array_equal(explained.matches[:, ::2], explained.matches[:, 1::2])
    source, x, y, weight = np.moveaxis(explained.matches, -1, 0)
    assert (source == 0).all()
    assert ((x >= 0) & (x < 256) & (y >= 0) & (y < 64)).all()
    assert (np.diff(weight, axis=2) <= 0).all()
    assert (weight.sum(axis=2) <= 1 + 1e-5).all()
    assert (weight[..., 0] >= 1 / 16).all()
    assert (explained.trust == 1).all()
    np.testing.assert_array_equal(explained.private, decoder.decode(data, ()).picture)
    assert explained.common.shape == image.shape
    assert (explained.common != explained.private).any()


def test_identity_attention_is_reported_as_zero_shift(checkpoint: Callable[..., Path]) -> None:
    """Of three scales the least even one is shown, and its places are the side picture's."""
    looks = np.stack([np.full((16, 16), 1 / 16), np.eye(16) * 0.84 + 0.01, np.full((16, 16), 1 / 16)])
    cell, matches = published_codec.grid_matches(published_codec.telling(looks), (128, 256))
    assert cell == 32
    np.testing.assert_allclose(matches[2, 5, 0], [0, 160, 80, 0.85])  # row 2, place 2 of 4
    network = load_checkpoint(checkpoint("atn-paper"))
    with torch.no_grad():
        latent = torch.randn(1, 6, 8, 16)
        found = network.looks(latent, latent, latent)
    assert found.shape == (1, 3, 16, 16)
    torch.testing.assert_close(found.sum(dim=3), torch.ones(1, 3, 16))


@pytest.mark.parametrize("name", ["ndic-bls17", "ndic-bmshj18"])
def test_ndic_explains_common_part_without_matches(name: str, model_of: ModelOf, pictures: Pictures) -> None:
    encoder = codec.open_encoder(name, 256, 128, model_of(name))
    decoder = codec.open_decoder(encoder.announcement)
    assert isinstance(decoder, Explainer)
    data, side = encoder.encode(pictures[0], 0.5), [SideInformation(pictures[1], "other", 0)]
    explained = decoder.explain(data, side)
    assert explained.matches.shape == (8, 16, 0, 4)
    np.testing.assert_array_equal(explained.private, decoder.decode(data, ()).picture)
    black = encoder.encode(np.zeros_like(pictures[0]), 0.5)
    # The common part has nothing of the bitstream.
    np.testing.assert_array_equal(explained.common, decoder.explain(black, side).common)
    with pytest.raises(ModelError, match="nothing to explain"):
        decoder.explain(data, [])
