"""Stage `fuse`: the decoder's side-information network, on the decodings of a frozen backbone.

Examples are prepared once (decode at a random quality, align other views) and kept in memory, so a step costs only the
network itself. A share of them is aligned to an unrelated picture, from which the decoder learns distrust.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from simnet.codec.align import Aligner
from simnet.codec.networks import Backbone, BackboneNumbers, Fuse, FuseNumbers
from simnet.codec.padding import to_picture
from simnet.errors import InputError
from simnet.learn import data
from simnet.learn.backbone import to_tensor
from simnet.learn.loop import Trainer
from simnet.learn.progress import progress
from simnet.learn.recipe import Recipe

HEIGHT, WIDTH = 128, 256
SIDES = 2


@dataclass(frozen=True)
class Example:
    """Original, first decode, and the side pictures aligned to it (uint8 HEIGHT x WIDTH x 3 each)."""

    original: np.ndarray
    decoded: np.ndarray
    aligned: tuple[np.ndarray, ...]


def window(pictures: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """The same HEIGHT x WIDTH window of every picture at a random scale; flipped half of the time."""
    height, width = pictures[0].shape[:2]
    smallest = max(HEIGHT / height, WIDTH / width)
    if smallest > 1:
        pictures = [data.centre(picture, HEIGHT, WIDTH) for picture in pictures]
    else:
        factor = min(1.0, rng.uniform(smallest, 1.0) + 2 / min(height, width))
        pictures = [data.scale(picture, factor) for picture in pictures]
    height, width = pictures[0].shape[:2]
    top, start = rng.integers(height - HEIGHT + 1), rng.integers(width - WIDTH + 1)
    step = -1 if rng.random() < 0.5 else 1
    cut = (slice(top, top + HEIGHT), slice(start, start + WIDTH))
    return [np.ascontiguousarray(picture[cut][:, ::step]) for picture in pictures]


def views(sources: list[data.Source], drop: float, rng: np.random.Generator) -> list[np.ndarray]:
    """A picture and SIDES side views of it: the other camera's, a neighbouring frame's, or an unrelated one."""
    source = data.choose(sources, rng)
    place, eye = int(rng.integers(len(source.pairs))), int(rng.integers(2))
    chosen = [source.pairs[place][eye]]
    for _ in range(SIDES):
        draw = rng.random()
        if draw < drop:
            other = data.choose(sources, rng)
            view = other.pairs[int(rng.integers(len(other.pairs)))][eye]
        elif draw < drop + (1 - drop) * 0.3 and not source.name.startswith("rendered:"):
            near = np.clip(place + rng.choice([-2, -1, 1, 2]), 0, len(source.pairs) - 1)
            view = source.pairs[int(near)][int(rng.integers(2))]
        else:
            view = source.pairs[place][1 - eye]
        if view.shape != chosen[0].shape:
            view = data.centre(view, *chosen[0].shape[:2])
        chosen.append(view)
    return window(chosen, rng)


@torch.no_grad()
def decode(backbone: Backbone, picture: np.ndarray, quality: float) -> np.ndarray:
    """What the backbone makes of a picture at a quality."""
    x_hat = backbone.reconstruct(to_tensor([picture]), torch.tensor([quality]))
    return to_picture(x_hat.numpy(), *picture.shape[:2])


def prepare(backbone: Backbone, sources: list[data.Source], count: int, drop: float, seed: int) -> list[Example]:
    """Make `count` examples at random qualities; half of the side pictures were decoded themselves, as other streams' are."""
    rng, aligner, examples = np.random.default_rng(seed), Aligner(), []
    with progress(count, 0, "examples") as tell:
        for done in range(count):
            x, *sides = views(sources, drop, rng)
            decoded = decode(backbone, x, float(rng.random()))
            if rng.random() < 0.5:
                sides = [decode(backbone, side, float(rng.uniform(0.2, 1.0))) for side in sides]
            examples.append(Example(x, decoded, tuple(aligner.align(decoded, side) for side in sides)))
            tell(done, 0.0)
    return examples


def frozen_backbone(folder: Path) -> Backbone:
    """The averaged backbone of a training folder."""
    file = folder / "last.pt"
    if not file.is_file():
        raise InputError(f"{file}: no checkpoint; train the backbone first (`simnet train factorized`)")
    backbone = Backbone(BackboneNumbers())
    backbone.load_state_dict(torch.load(file, weights_only=True)["averaged"])
    return backbone.eval().requires_grad_(requires_grad=False)


def batch(examples: list[Example], size: int, crop: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Random crops: originals and first decodes (B, 3, crop, crop), aligned side pictures (S B, ...); S is 1 or SIDES."""
    sides = int(rng.integers(1, SIDES + 1))
    originals, decoded, aligned = [], [], []
    for index in rng.integers(len(examples), size=size):
        example = examples[index]
        top, left = rng.integers(HEIGHT - crop + 1), rng.integers(WIDTH - crop + 1)
        cut = (slice(top, top + crop), slice(left, left + crop))
        originals.append(example.original[cut])
        decoded.append(example.decoded[cut])
        aligned += [example.aligned[k][cut] for k in range(sides)]
    return to_tensor(originals), to_tensor(decoded), to_tensor(aligned)


def psnr(error: Tensor) -> float:
    """Mean PSNR (dB) of squared errors (B, 3, H, W)."""
    return (-10 * torch.log10(error.mean(dim=(1, 2, 3)))).mean().item()


def train(recipe: Recipe, folder: Path) -> tuple[Backbone, Fuse]:
    """Train or resume; returns the frozen backbone and the averaged fusion network."""
    torch.manual_seed(recipe.seed)
    if recipe.backbone is None:
        raise InputError(f"{recipe.model}: backbone: missing; expected the training folder of a backbone")
    backbone = frozen_backbone(Path(recipe.backbone))
    network = Fuse(FuseNumbers()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    trainer = Trainer(network, recipe, folder)
    trainer.resume()

    def examples(names: tuple[str, ...], count: int, drop: float, seed: int) -> list[Example]:
        sources = [data.load(name, rendered_pairs=recipe.rendered_pairs, seed=seed) for name in names]
        return prepare(backbone, sources, count, drop, seed)

    if trainer.step >= recipe.steps:
        return backbone, trainer.averaged  # type: ignore[return-value]  # a copy of network
    held_out = examples(recipe.validation, 32, 0.0, recipe.seed + 1)
    training = examples(recipe.data, recipe.examples, recipe.drop_side, recipe.seed)

    def loss(step: int) -> Tensor:
        x, decoded, aligned = batch(training, recipe.batch, recipe.crop, np.random.default_rng((recipe.seed, step)))
        with torch.autocast("cpu", torch.bfloat16):
            picture = network(decoded, aligned)
        # Relative to the first decode, so that low qualities do not outweigh the rest.
        start = ((decoded - x) ** 2).mean(dim=(1, 2, 3)) + 1e-5
        return (((picture.float() - x) ** 2).mean(dim=(1, 2, 3)) / start).mean()

    @torch.no_grad()
    def validate(averaged: nn.Module) -> str:
        x, decoded = (to_tensor([getattr(e, part) for e in held_out]) for part in ("original", "decoded"))
        aligned = to_tensor([e.aligned[0] for e in held_out])
        unrelated = aligned.roll(len(held_out) // 2, dims=0)
        before = psnr((decoded - x) ** 2)
        after = psnr((averaged(decoded, aligned).clamp(0, 1) - x) ** 2)
        control = psnr((averaged(decoded, unrelated).clamp(0, 1) - x) ** 2)
        return f"alone {before:.2f} dB  with side information {after:.2f} dB  with an unrelated one {control:.2f} dB"

    network.train()
    trainer.run(loss, validate, every=500)
    return backbone, trainer.averaged  # type: ignore[return-value]  # a copy of network
