"""Stage `lowres`: trains the low-resolution backbone from a transform coder, over the whole quality range at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from simnet.codec.learned.lowres_networks import Lowres, LowresNumbers
from simnet.learn import losses, pair_data
from simnet.learn.backbone_stage import BALANCE, to_tensor, validate, validation_pictures, weight
from simnet.learn.checkpoints import CHECKPOINT
from simnet.learn.pair_data import PairSource
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Factors, Trainer
from simnet.world.recordings.frames import list_pictures

FACTORS: Factors = (
    (10.0, ("lg.", "cb.", "fz.")),
    (3.0, ("cdf.", "a1.")),
    (0.1, ("ren.content.", "ren.out.")),
    (0.05, ("patch.",)),
)
"""Factors of the learning rate. The transform's weights are small and their inputs are correlated, so Adam's equal steps change
whole pictures; gains, tables and priors start far from their final values."""
BETAS = (0.9, 0.99)
CELL = 16
PATCHES = 40_000
"""Number of 16 x 16 cells that the Karhunen-Loeve basis is computed from."""


def train(recipe: Recipe, folder: Path) -> Lowres:
    """Train or resume; return the averaged network."""
    torch.manual_seed(recipe.seed)
    network = Lowres(LowresNumbers(**recipe.numbers))
    sources: list[PairSource] = []
    if not (folder / CHECKPOINT).exists():
        sources = _sources(recipe)
        start(network, recipe, sources)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    trainer = Trainer(network, recipe, folder, factors=FACTORS, betas=BETAS)
    trainer.resume()
    if trainer.step >= recipe.steps:
        return trainer.averaged
    sources = sources or _sources(recipe)
    held_out = to_tensor(validation_pictures(recipe)).to(trainer.device)

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        pictures = crops(recipe, sources, rng, recipe.batch)
        x, quality = trainer.share(to_tensor(pictures), torch.from_numpy(rng.random(recipe.batch, np.float32)))
        with trainer.autocast():
            x_hat, bits = network(x, quality)
        bpp, distance = bits / recipe.crop**2, losses.distortion(recipe.distortion, x_hat, x)
        trainer.note(bpp=bpp.mean(), distortion=distance.mean())
        share = weight(quality, recipe)
        # Without this factor, the highest qualities dominate the gradient of nearly every step.
        return ((bpp + share * losses.SCALE * distance) * share**-BALANCE).mean()

    network.train()
    trainer.run(loss, lambda averaged: validate(averaged, held_out))
    return trainer.averaged


def crops(recipe: Recipe, sources: Sequence[PairSource], rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Random crops of random pictures; the recipe's shares are the frequencies of the sources."""
    shares = np.array(recipe.shares or [len(source.pairs) ** 0.5 for source in sources])
    found = []
    for _ in range(count):
        pairs = sources[rng.choice(len(sources), p=shares / shares.sum())].pairs
        picture = pairs[int(rng.integers(len(pairs)))][int(rng.integers(2))]
        found.append(pair_data.random_crop(picture, recipe.crop, rng))
    return found


def start(network: Lowres, recipe: Recipe, sources: Sequence[PairSource]) -> None:
    """Initialise the network as the transform coder of the training crops' Karhunen-Loeve basis."""
    rng, cells, taken = np.random.default_rng((recipe.seed, 1)), [], 0
    while taken < PATCHES:
        cells.append(patches(np.stack(crops(recipe, sources, rng, recipe.batch))))
        taken += len(cells[-1])
    network.start(*karhunen_loeve(np.concatenate(cells), network.numbers.latent))


def patches(pictures: np.ndarray) -> np.ndarray:
    """Cells of uint8 pictures (B, H, W, 3) as rows of 2x - 1: float32 (n, 3 * 256), each row (colour, row, column)."""
    b, h, w, _ = pictures.shape
    cells = pictures.reshape(b, h // CELL, CELL, w // CELL, CELL, 3).transpose(0, 1, 3, 5, 2, 4)
    return cells.reshape(-1, 3 * CELL**2).astype(np.float32) / 127.5 - 1


def karhunen_loeve(rows: np.ndarray, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Basis, spread and mean colour of patches, in the format of `Lowres.start`."""
    mean = rows.reshape(-1, 3, CELL**2).mean(axis=(0, 2))
    centred = rows - mean.repeat(CELL**2)
    values, vectors = np.linalg.eigh((centred.T @ centred / len(rows)).astype(np.float64))
    order = np.argsort(values)[::-1][:count]
    basis = torch.from_numpy(vectors[:, order].T.copy()).float().reshape(-1, 3, CELL, CELL)
    spread = torch.from_numpy(np.sqrt(np.maximum(values[order], 0))).float()
    return basis, spread, torch.from_numpy(mean)


def _sources(recipe: Recipe) -> list[PairSource]:
    """The recipe's pairs, then its single pictures, each paired with itself."""
    sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=recipe.seed) for name in recipe.data]
    for folder in recipe.pictures:
        files = list_pictures(Path(folder))
        sources.append(PairSource(folder, pair_data.Files([(file, file) for file in files], None)))
    return sources
