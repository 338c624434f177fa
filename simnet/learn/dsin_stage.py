"""Stage `dsin`: training of DSIN (Ayzik and Avidan, ECCV 2020), and its export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simnet.codec.bitstream import fixed_point
from simnet.codec.bitstream.padding import to_picture
from simnet.codec.dsin import patch_finder
from simnet.codec.dsin.context_network import CausalConv3d
from simnet.codec.dsin.dsin_networks import Dsin
from simnet.codec.dsin.probabilities import LAYERS, exponential, taps
from simnet.codec.learned import graph_export
from simnet.learn import decoder_examples, pair_data
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Trainer

WITHOUT_SIDE, WITH_SIDE = 0.3, 0.7
"""Weights of the mean absolute errors of the two decoded pictures, on the 0 to 255 scale."""
RATE = 500.0
WEIGHT_DECAY, CENTRE_DECAY = 0.005, 0.1


def train(recipe: Recipe, folder: Path) -> Dsin:
    """Train or resume; return the network itself, because batch norm statistics do not fit averaged weights."""
    torch.manual_seed(recipe.seed)
    network = Dsin()
    trainer = Trainer(network, recipe, folder)
    resumed = trainer.resume()
    if trainer.step >= recipe.steps:
        return network.eval()
    sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=recipe.seed) for name in recipe.data]
    others = [pair_data.load(name, rendered_pairs=8, seed=recipe.seed + 1) for name in recipe.validation]
    held_out = draw(others, 8, np.random.default_rng(recipe.seed + 1))
    if not resumed:
        normalise(network, draw(sources, 32, np.random.default_rng(recipe.seed))[0])

    def loss(step: int) -> Tensor:
        network.train()
        x, y = draw(sources, recipe.batch, np.random.default_rng((recipe.seed, step)))
        x_dec, x_si, bits, mask = both(network, x, y)
        rate = (bits.mean() + (bits * mask).mean()) / 2
        distortion = WITHOUT_SIDE * (x - x_dec).abs().mean() + WITH_SIDE * (x - x_si).abs().mean()
        # 32 symbols for 64 pixels: 1 bit per symbol is 0.5 bit per pixel.
        excess = (rate - 2 * recipe.bpp_target).clamp(min=0)
        return 255 * distortion + RATE * excess + regularisers(network)

    @torch.no_grad()
    def validate(averaged: nn.Module) -> str:
        del averaged
        network.eval()
        x, y = held_out
        x_dec, x_si, bits, _ = both(network, x, y)
        alone, joined = (-10 * torch.log10(((p.clamp(0, 1) - x) ** 2).mean()).item() for p in (x_dec, x_si))
        return f"{bits.sum().item() / x[:, 0].numel():.3f} bpp  alone {alone:.2f} dB  with side information {joined:.2f} dB"

    trainer.run(loss, validate, every=500)
    return network.eval()


def draw(sources: list[pair_data.PairSource], count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw pictures, and one view of the same scene for each (B, 3, H, W)."""
    drawn = [decoder_examples.views(sources, 0.0, rng)[:2] for _ in range(count)]
    return to_tensor([x for x, _ in drawn]), to_tensor([y for _, y in drawn])


def normalise(network: Dsin, pictures: Tensor) -> None:
    """Store the mean and standard deviation of the training pictures for the finder."""
    network.get_buffer("mean").copy_(pictures.mean(dim=(0, 2, 3)))
    network.get_buffer("deviation").copy_(pictures.std(dim=(0, 2, 3)).clamp(min=0.05))


def both(network: Dsin, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Decode x (B, 3, H, W) without and with y: x_dec, x_si, bits of every symbol, mask.

    No gradient flows into the patches of y.
    """
    x_dec, bits, mask = network.code(x)
    with torch.no_grad():
        y_dec = network.code(y)[0]
    mean, deviation = (network.get_buffer(name).double().numpy() for name in ("mean", "deviation"))
    height, width = x.shape[2:]
    synthesised = []
    for decoded_x, decoded_y, original in zip(x_dec.detach(), y_dec, y, strict=True):
        pictures = [to_picture(each[None].numpy(), height, width) for each in (decoded_x, decoded_y, original)]
        whole_x, whole_y_dec, whole_y = (patch_finder.whole_patches(picture) for picture in pictures)
        found = patch_finder.find(whole_x, whole_y_dec, mean, deviation)
        synthesised.append(patch_finder.synthesise(whole_y, found)[:height, :width])
    return x_dec, network.side(x_dec, to_tensor(synthesised)), bits, mask


def regularisers(network: Dsin) -> Tensor:
    """Half the squared norms of convolution weights and centres, times the published factors of the autoencoder."""
    weights = [p for name, p in network.named_parameters() if p.ndim >= 4 and not name.startswith("side.")]
    squares = torch.stack([(p**2).sum() for p in weights]).sum()
    return WEIGHT_DECAY * squares / 2 + CENTRE_DECAY * (network.quantiser.centres**2).sum() / 2


@torch.no_grad()
def write(folder: Path, network: Dsin, facts: dict[str, Any], card: str) -> None:
    """Write the model folder: graphs, and the probability model in integers."""
    network = network.eval()
    free = {2: "height", 3: "width"}
    picture, latent = torch.rand(1, 3, 64, 96), torch.rand(1, network.numbers.latent, 8, 12)
    made = {
        "analysis": graph_export.graph(network.encoder, "encoder.", {"picture": (picture, free)}, ("latent", "mask")),
        "synthesis": graph_export.graph(network.decoder, "decoder.", {"latent": (latent, free)}),
        "side": graph_export.graph(network.side, "side.", {"decoded": (picture, free), "found": (picture, free)}),
    }
    arrays = {name: value.contiguous().numpy() for name, value in network.state_dict().items()}
    graph_export.write(folder, "dsin", arrays | tables(network), made, facts, card)


def tables(network: Dsin) -> dict[str, np.ndarray]:
    """The probability model in the format of `Probabilities.read`."""
    arrays = {
        "tables.centres": fixed_point.fixed(network.quantiser.centres.numpy()),
        "tables.exponents": exponential(),
    }
    for name in LAYERS:
        layer: CausalConv3d = getattr(network.context, name)
        looks = taps(strict=name == "first")
        weight = torch.stack([layer.weight[:, :, 1 + d, 1 + y, 1 + x] for d, y, x in looks], dim=1)
        arrays[f"tables.{name}"] = fixed_point.fixed(weight.reshape(len(weight), -1).numpy())
        arrays[f"tables.{name}_bias"] = fixed_point.fixed(layer.bias.numpy())  # type: ignore[union-attr]  # Conv3d's default
    return arrays
