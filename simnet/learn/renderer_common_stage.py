"""Stage `common`: trains NDIC's decoder behind the frozen low-resolution backbone.

NDIC trains all parts jointly. Here the encoder is the same as that of the codecs it is compared with, so that only the use of
side information differs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from simnet.codec.learned.lowres_networks import Lowres
from simnet.codec.learned.lowres_parts import knot_shares
from simnet.codec.learned.renderer_common import RendererCommon
from simnet.learn import decoder_examples, losses, pair_data
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.fuse_stage import compared
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Factors, Trainer
from simnet.learn.training_journal import Validation

FACTORS: Factors = ((0.1, ("ren.content.", "ren.out.")),)
"""As for the backbone: the transform's inputs are correlated, so Adam's equal steps change whole pictures."""


def train(recipe: Recipe, folder: Path, backbone: Lowres) -> RendererCommon:
    """Train or resume behind a frozen backbone; return the averaged decoder."""
    torch.manual_seed(recipe.seed)
    network = RendererCommon(backbone).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    trainer = Trainer(network, recipe, folder, factors=FACTORS)
    trainer.resume()
    if trainer.step >= recipe.steps:
        return trainer.averaged
    backbone.to(trainer.device)
    sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=recipe.seed) for name in recipe.data]
    others = [pair_data.load(name, rendered_pairs=32, seed=recipe.seed + 1) for name in recipe.validation]
    held_out = [part.to(trainer.device) for part in draw(others, 32, 0.0, np.random.default_rng(recipe.seed + 1))]

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        x, y, quality = trainer.share(*draw(sources, recipe.batch, recipe.drop_side, rng))
        with trainer.autocast():
            latent, side, alone = latents(backbone, x, y, quality)
            picture = network(latent, side, knot_shares(quality)) * 0.5 + 0.5
        start, end = (losses.distortion(recipe.distortion, each, x) for each in (alone, picture))
        trainer.note(distortion=end.mean())
        return (end / (start + 1e-5)).mean()

    @torch.no_grad()
    def validate(averaged: RendererCommon) -> Validation:
        x, y, quality = held_out
        latent, side, alone = latents(backbone, x, y, quality)
        shares = knot_shares(quality)
        joined, unrelated = (
            averaged(latent, each, shares) * 0.5 + 0.5 for each in (side, side.roll(len(side) // 2, dims=0))
        )
        return compared(x, alone, joined, unrelated)

    trainer.run(loss, validate, every=500)
    return trainer.averaged


@torch.no_grad()
def latents(backbone: Lowres, x: Tensor, y: Tensor, quality: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The decoded latent of pictures x (B, 3, H, W), the latent of y, both scaled, and x decoded alone."""
    estimate = backbone.estimate(x, quality)
    return estimate.y_hat, backbone.analysis(y, knot_shares(quality))[0], estimate.x_hat


def draw(
    sources: list[pair_data.PairSource], count: int, drop: float, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pictures and one side view of each (B, 3, H, W), and qualities (B,)."""
    drawn = [decoder_examples.views(sources, drop, rng)[:2] for _ in range(count)]
    quality = torch.from_numpy(rng.random(count).astype(np.float32))
    return to_tensor([x for x, _ in drawn]), to_tensor([y for _, y in drawn]), quality
