"""Stage `backbone`: trains the coder alone for rate and distortion, over the whole quality range at once."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from simnet.codec.bitstream.padding import to_picture
from simnet.codec.learned.backbone_networks import Backbone, BackboneNumbers
from simnet.learn import losses, pair_data
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Trainer
from simnet.learn.training_journal import Validation
from simnet.learn.warm_start import start_backbone

WATCHED = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Qualities that a validation measures."""
BALANCE = 0.4
"""Exponent by which the loss of low qualities is raised: 0 leaves it unchanged, 1 scales it with 1 / lambda."""


def to_tensor(pictures: list[np.ndarray]) -> Tensor:
    """Convert uint8 H x W x 3 pictures to (B, 3, H, W) float32 in [0, 1], channels last in memory."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return (stacked.float() / 255).contiguous(memory_format=torch.channels_last)


def weight(quality: Tensor, recipe: Recipe) -> Tensor:
    """Lambda at `quality` (B,), interpolated geometrically between the recipe's bounds."""
    low, high = math.log(recipe.lambda_low), math.log(recipe.lambda_high)
    return torch.exp(low + (high - low) * quality)


def validation_pictures(recipe: Recipe, count: int = 12) -> list[np.ndarray]:
    """Left pictures of the validation data, 128 x 256, evenly spaced."""
    sources = [pair_data.load(name, rendered_pairs=count, seed=recipe.seed + 1) for name in recipe.validation]
    lefts = [pair[0] for source in sources for pair in source.pairs]
    return [
        pair_data.centre(lefts[i], 128, 256) for i in np.linspace(0, len(lefts) - 1, min(count, len(lefts))).astype(int)
    ]


@torch.no_grad()
def rate_distortion(network: nn.Module, pictures: Tensor, quality: float) -> tuple[float, float]:
    """Estimated bits per pixel and PSNR (dB) of `pictures` at `quality`."""
    network.eval()
    x_hat, bits = network(pictures, torch.full((len(pictures),), quality, device=pictures.device))
    error = ((x_hat.clamp(0, 1) - pictures) ** 2).mean(dim=(1, 2, 3))
    return (bits.mean() / pictures[0, 0].numel()).item(), (-10 * torch.log10(error)).mean().item()


def train(recipe: Recipe, folder: Path) -> Backbone:
    """Train or resume; return the averaged network."""
    torch.manual_seed(recipe.seed)
    network = Backbone(BackboneNumbers()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    held_out = to_tensor(validation_pictures(recipe))
    if recipe.start:
        start_backbone(network, recipe, held_out)
    trainer = Trainer(network, recipe, folder)
    trainer.resume()
    if trainer.step >= recipe.steps:
        return trainer.averaged
    held_out = held_out.to(trainer.device)
    sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=recipe.seed) for name in recipe.data]

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        crops = []
        for _ in range(recipe.batch):
            pairs = pair_data.choose(sources, rng).pairs
            picture = pairs[int(rng.integers(len(pairs)))][int(rng.integers(2))]
            crops.append(pair_data.random_crop(picture, recipe.crop, rng))
        x, quality = trainer.share(to_tensor(crops), torch.from_numpy(rng.random(recipe.batch).astype(np.float32)))
        with trainer.autocast():
            x_hat, bits = network(x, quality)
        bpp, distance = bits / recipe.crop**2, losses.distortion(recipe.distortion, x_hat, x)
        trainer.note(bpp=bpp.mean(), distortion=distance.mean())
        share = weight(quality, recipe)
        # Without this factor, the highest qualities dominate the gradient of nearly every step.
        return ((bpp + share * losses.SCALE * distance) * (share / recipe.lambda_high) ** -BALANCE).mean() / 5

    network.train()
    trainer.run(loss, lambda averaged: validate(averaged, held_out))
    return trainer.averaged


@torch.no_grad()
def validate(network: nn.Module, pictures: Tensor) -> Validation:
    """Rate and PSNR of `pictures` (B, 3, H, W) over the whole quality range, and the first picture, decoded."""
    figures: dict[str, float] = {}
    examples: dict[str, np.ndarray] = {}
    for quality in WATCHED:
        figures[f"bpp_{quality}"], figures[f"psnr_{quality}"] = rate_distortion(network, pictures, quality)
        x_hat = network(pictures[:1], torch.full((1,), quality, device=pictures.device))[0]
        examples[f"quality_{quality}"] = to_picture(x_hat.float().cpu().numpy(), *pictures.shape[-2:])
    text = "  ".join(f"{figures[f'bpp_{q}']:.3f} bpp {figures[f'psnr_{q}']:.2f} dB" for q in WATCHED)
    return Validation(text, figures, examples)
