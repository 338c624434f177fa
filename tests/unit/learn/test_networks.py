"""The networks in torch against the graphs that run, and the estimate of bits against real bytes."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from simnet import codec
from simnet.codec import model
from simnet.codec.bitstream.padding import padded
from simnet.codec.learned.backbone_networks import (
    Backbone,
    BackboneNumbers,
    Fuse,
    FuseNumbers,
)
from simnet.codec.learned.inference import run


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return load_file(model.load("atn").folder / model.WEIGHTS)


@pytest.fixture(scope="module")
def backbone(weights: dict[str, torch.Tensor]) -> Backbone:
    network = Backbone(BackboneNumbers(**model.load("atn").manifest["numbers"]["backbone"]))
    network.load_state_dict({k.removeprefix("backbone."): v for k, v in weights.items() if k.startswith("backbone.")})
    return network.eval()


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    y, x = np.mgrid[0:128, 0:256]
    noise = np.random.default_rng(0).normal(0, 8, (128, 256))
    base = 120 + 70 * np.sin(x / 9) * np.cos(y / 13) + noise
    return np.clip(np.stack([base, base + 12, base - 20], 2), 0, 255).astype(np.uint8)


def test_exported_graphs_match_torch(backbone: Backbone, weights: dict[str, torch.Tensor], picture: np.ndarray) -> None:
    chosen, x = model.load("atn"), padded(picture, 16)
    fuse = Fuse(FuseNumbers(**chosen.manifest["numbers"]["fuse"])).eval()
    fuse.load_state_dict({k.removeprefix("fuse."): v for k, v in weights.items() if k.startswith("fuse.")})
    sides = np.concatenate([x, x[..., ::-1]])
    with torch.no_grad():
        y = backbone.g_a(torch.from_numpy(x))
        x_hat = backbone.g_s(y)
        fused = fuse(torch.from_numpy(x), torch.from_numpy(sides.copy()))[0]
    np.testing.assert_allclose(run(chosen, "analysis", x), y.numpy(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(run(chosen, "synthesis", y.numpy()), x_hat.numpy(), rtol=1e-3, atol=1e-4)
    # Fusion may run in bfloat16.
    assert np.sqrt(np.mean((run(chosen, "fuse", x, sides) - fused.numpy()) ** 2)) < 1 / 255


@pytest.mark.parametrize("quality", [0.0, 0.3, 0.7, 1.0])
def test_estimated_bits_match_coded_bytes(backbone: Backbone, picture: np.ndarray, quality: float) -> None:
    encoder = codec.open_encoder("atn", 256, 128)
    size = len(encoder.encode(picture, quality))
    with torch.no_grad():
        _, bits = backbone(torch.from_numpy(padded(picture, 16)), torch.tensor([round(quality * 255) / 255]))
    estimate = bits.item() / 8
    assert abs(size - estimate) <= 0.02 * estimate + 16


def test_fusing_ignores_the_order_of_side_pictures(weights: dict[str, torch.Tensor], picture: np.ndarray) -> None:
    del weights
    chosen, x = model.load("atn"), padded(picture, 16)
    sides = np.concatenate([x[..., ::-1], x])
    first, second = (run(chosen, "fuse", x, np.ascontiguousarray(s)) for s in (sides, sides[::-1]))
    assert np.sqrt(np.mean((first - second) ** 2)) < 1 / 255
