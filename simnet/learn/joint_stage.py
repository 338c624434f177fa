"""Stage `common`: trains NDIC's decoder on a frozen backbone; features of Y are concatenated to the latent of X, unaligned.

NDIC trains all parts jointly. Here the encoder is the same as that of the codecs it is compared with, so that only the use of
side information differs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from simnet.codec.learned.backbone_networks import Backbone, Common
from simnet.errors import InputError
from simnet.learn import decoder_examples, losses, pair_data
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.fuse_stage import compared, frozen_backbone
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Trainer
from simnet.learn.training_journal import Validation


def train(recipe: Recipe, folder: Path) -> tuple[Backbone, Common]:
    """Train or resume; return the frozen backbone and the averaged decoder."""
    torch.manual_seed(recipe.seed)
    if recipe.backbone is None:
        raise InputError(f"{recipe.model}: backbone: missing; expected the training folder of a backbone")
    backbone = frozen_backbone(Path(recipe.backbone))
    network = Common(backbone).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    trainer = Trainer(network, recipe, folder)
    trainer.resume()
    if trainer.step >= recipe.steps:
        return backbone, trainer.averaged
    backbone.to(trainer.device)
    sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=recipe.seed) for name in recipe.data]
    others = [pair_data.load(name, rendered_pairs=32, seed=recipe.seed + 1) for name in recipe.validation]
    held_out = [part.to(trainer.device) for part in draw(others, 32, 0.0, np.random.default_rng(recipe.seed + 1))]

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        x, y, quality = trainer.share(*draw(sources, recipe.batch, recipe.drop_side, rng))
        with trainer.autocast():
            with torch.no_grad():
                values = backbone.code(x, quality)[0]
                alone = backbone.g_s(values)
            picture = network(values, y)
        start, end = (losses.distortion(recipe.distortion, each, x) for each in (alone, picture))
        trainer.note(distortion=end.mean())
        return (end / (start + 1e-5)).mean()

    @torch.no_grad()
    def validate(averaged: nn.Module) -> Validation:
        x, y, quality = held_out
        values = backbone.code(x, quality)[0]
        return compared(x, backbone.g_s(values), averaged(values, y), averaged(values, y.roll(len(y) // 2, dims=0)))

    trainer.run(loss, validate, every=500)
    return backbone.cpu(), trainer.averaged


def draw(
    sources: list[pair_data.PairSource], count: int, drop: float, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pictures and one side view of each (B, 3, H, W), and qualities (B,)."""
    drawn = [decoder_examples.views(sources, drop, rng)[:2] for _ in range(count)]
    quality = torch.from_numpy(rng.random(count).astype(np.float32))
    return to_tensor([x for x, _ in drawn]), to_tensor([y for _, y in drawn]), quality
