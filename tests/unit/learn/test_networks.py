"""The networks in torch against the graphs that run, and the estimate of bits against real bytes."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from simnet import codec
from simnet.codec import model
from simnet.codec.bitstream.padding import padded
from simnet.codec.learned.backbone_networks import Backbone, BackboneNumbers
from simnet.codec.learned.inference import outputs, run
from simnet.codec.learned.lowres_codec import knot_shares
from simnet.codec.learned.renderer_common import RendererCommon
from simnet.codec.learned.renderer_fusion import RendererFuse, RendererFuseNumbers
from simnet.learn import frozen_backbone

STEP = 120


def weights(name: str, front: str) -> dict[str, torch.Tensor]:
    found = load_file(model.load(name).folder / model.WEIGHTS)
    return {key.removeprefix(front): value.float() for key, value in found.items() if key.startswith(front)}


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    network = Backbone(BackboneNumbers())
    network.load_state_dict(weights("factorized", "backbone."))
    return network.eval()


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    y, x = np.mgrid[0:128, 0:256]
    noise = np.random.default_rng(0).normal(0, 8, (128, 256))
    base = 120 + 70 * np.sin(x / 9) * np.cos(y / 13) + noise
    return np.clip(np.stack([base, base + 12, base - 20], 2), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def drawn(picture: np.ndarray) -> list[np.ndarray]:
    """The picture's latent, what the backbone draws of it as 2x - 1, and the renderer's features."""
    lowres, shares = model.load("lowres"), knot_shares(STEP, 9)
    latent = outputs(lowres, "analysis", padded(picture, 16), shares)[0]
    return [latent, *outputs(lowres, "synthesis", np.rint(latent), shares)]


def test_exported_graphs_match_torch(backbone: Backbone, picture: np.ndarray) -> None:
    chosen, x = model.load("factorized"), padded(picture, 16)
    with torch.no_grad():
        y = backbone.g_a(torch.from_numpy(x))
        x_hat = backbone.g_s(y)
    np.testing.assert_allclose(run(chosen, "analysis", x), y.numpy(), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(run(chosen, "synthesis", y.numpy()), x_hat.numpy(), rtol=1e-3, atol=1e-3)


def test_fusion_graph_matches_torch(picture: np.ndarray, drawn: list[np.ndarray]) -> None:
    chosen, x = model.load("atn"), padded(picture, 16)
    network = RendererFuse(RendererFuseNumbers(**chosen.manifest["numbers"]["fuse"])).eval()
    network.load_state_dict(weights("atn", "fuse."))
    inputs = [drawn[1] / 2 + 0.5, np.concatenate([x, x[..., ::-1]]), drawn[2], knot_shares(STEP, 9)]
    with torch.no_grad():
        fused, attention = network(*(torch.from_numpy(each.copy()) for each in inputs))
    found = outputs(chosen, "fuse", *inputs)
    # It may run in bfloat16.
    assert np.sqrt(np.mean((found[0] - fused.numpy()) ** 2)) < 1 / 255
    np.testing.assert_allclose(found[1].sum(axis=1), 1, atol=0.02)
    assert np.abs(found[1] - attention.numpy()).mean() < 0.01


def test_common_graph_matches_torch(drawn: list[np.ndarray]) -> None:
    chosen = model.load("ndic")
    assert chosen.backbone
    network = RendererCommon(frozen_backbone.networks(chosen.backbone)).eval()
    network.load_state_dict(weights("ndic", "common."))
    inputs = [drawn[0], drawn[0][..., ::-1].copy(), knot_shares(STEP, 9)]
    with torch.no_grad():
        expected = network(*(torch.from_numpy(each) for each in inputs)).numpy()
    assert np.sqrt(np.mean((run(chosen, "common", *inputs) - expected) ** 2)) < 2 / 255


@pytest.mark.parametrize("quality", [0.0, 0.3, 0.7, 1.0])
def test_estimated_bits_match_coded_bytes(backbone: Backbone, picture: np.ndarray, quality: float) -> None:
    encoder = codec.open_encoder("factorized", 256, 128)
    size = len(encoder.encode(picture, quality))
    with torch.no_grad():
        _, bits = backbone(torch.from_numpy(padded(picture, 16)), torch.tensor([round(quality * 255) / 255]))
    estimate = bits.item() / 8
    assert abs(size - estimate) <= 0.05 * estimate + 16


def test_fusing_ignores_the_order_of_side_pictures(picture: np.ndarray, drawn: list[np.ndarray]) -> None:
    chosen, x = model.load("atn"), padded(picture, 16)
    sides = np.concatenate([x[..., ::-1], x])
    first, second = (
        run(chosen, "fuse", drawn[1] / 2 + 0.5, np.ascontiguousarray(each), drawn[2], knot_shares(STEP, 9))
        for each in (sides, sides[::-1])
    )
    assert np.sqrt(np.mean((first - second) ** 2)) < 1 / 255
