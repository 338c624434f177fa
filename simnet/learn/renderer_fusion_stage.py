"""Stage `renderer-fusion`: trains the side-information network behind the frozen low-resolution backbone."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from simnet.codec import model
from simnet.codec.bitstream.padding import to_picture
from simnet.codec.learned import row_matching
from simnet.codec.learned.alignment import CANDIDATES
from simnet.codec.learned.lowres_networks import Lowres
from simnet.codec.learned.lowres_parts import KNOTS, knot_shares
from simnet.codec.learned.rectified_alignment import RectifiedAligner
from simnet.codec.learned.renderer_fusion import RendererFuse, RendererFuseNumbers
from simnet.codec.learned.row_matching import RowMatcher
from simnet.learn import decoder_examples, losses, pair_data
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.decoder_examples import HEIGHT, SIDES, WIDTH
from simnet.learn.fuse_stage import compared, start_fuse
from simnet.learn.precision import half_precision
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Trainer
from simnet.learn.training_journal import Validation

CELL = 4
HELD_OUT = 32
"""Examples that a validation measures."""
RECURSIVE = 0.15
"""Share of side pictures that are results of fusion themselves, as a stream's own last picture is."""


@dataclass(frozen=True)
class RenderedExample:
    """Original and aligned side pictures (uint8 HEIGHT x WIDTH x 3 each), and what the backbone gave.

    `decoded` float16 (3, HEIGHT, WIDTH), not clipped; `features` float16 (renderer, HEIGHT / 4, WIDTH / 4).
    """

    original: np.ndarray
    quality: float
    decoded: Tensor
    features: Tensor
    aligned: tuple[np.ndarray, ...]


class ExampleMaker:
    """Makes examples of a frozen backbone and the network that fusion starts from."""

    def __init__(
        self,
        backbone: Lowres,
        start: RendererFuse,
        sources: list[pair_data.PairSource],
        drop: float,
        matcher: RowMatcher | None = None,
    ) -> None:
        self._backbone, self._start, self._sources, self._drop = backbone, start, sources, drop
        self._aligner = RectifiedAligner(matcher)

    @torch.no_grad()
    def code(self, picture: np.ndarray, quality: float) -> tuple[np.ndarray, Tensor, Tensor]:
        """The decoded picture (uint8), x_hat (1, 3, H, W) and the features that it is drawn from."""
        return coded(self._backbone, picture, quality)

    @torch.no_grad()
    def fused(self, picture: np.ndarray, side: np.ndarray, quality: float) -> np.ndarray:
        """A picture as a stream fuses it with its last one."""
        decoded, x_hat, features = self.code(picture, quality)
        shares = knot_shares(torch.tensor([quality]))
        aligned = to_tensor(self._aligner.align(decoded, side, shares.numpy()))
        drawn = self._start(x_hat, aligned, features, shares)[0]
        return to_picture(drawn.numpy(), *picture.shape[:2])

    def make(self, rng: np.random.Generator) -> RenderedExample:
        """An example at a random quality; side pictures are raw, decoded, or fused."""
        x, *sides = decoder_examples.views(self._sources, self._drop, rng)
        quality = float(rng.random())
        decoded, x_hat, features = self.code(x, quality)
        draw = rng.random()
        if draw < RECURSIVE:
            sides = [self.fused(side, sides[1 - k], quality) for k, side in enumerate(sides)]
        elif draw < 0.5:
            sides = [self.code(side, float(rng.uniform(0.2, 1.0)))[0] for side in sides]
        shares = knot_shares(torch.tensor([quality])).numpy()
        aligned = tuple(candidate for side in sides for candidate in self._aligner.align(decoded, side, shares))
        return RenderedExample(x, quality, x_hat[0].half(), features[0].half(), aligned)

    def several(self, count: int, seed: int) -> list[RenderedExample]:
        """Make `count` examples; the same for the same seed."""
        rng = np.random.default_rng(seed)
        return decoder_examples.several(count, lambda: self.make(rng))


@torch.no_grad()
def coded(backbone: Lowres, picture: np.ndarray, quality: float) -> tuple[np.ndarray, Tensor, Tensor]:
    """What a backbone decodes of a picture (uint8), its x_hat (1, 3, H, W) and the features that it is drawn from."""
    with half_precision("cpu"):
        estimate = backbone.estimate(to_tensor([picture]), torch.tensor([quality]))
    x_hat = estimate.x_hat.float()
    return to_picture(x_hat.numpy(), *picture.shape[:2]), x_hat, estimate.features.float()


def train(recipe: Recipe, folder: Path, backbone: Lowres) -> RendererFuse:
    """Train or resume behind a frozen backbone; return the averaged fusion network."""
    torch.manual_seed(recipe.seed)
    start = RendererFuse(RendererFuseNumbers(renderer=backbone.numbers.renderer)).eval()
    matcher = None
    if recipe.start:
        start_fuse(start, recipe.start)
        earlier = model.load(recipe.start)
        matcher = RowMatcher(earlier, HEIGHT, WIDTH, KNOTS) if row_matching.is_in(earlier) else None
    network = copy.deepcopy(start).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    trainer = Trainer(network, recipe, folder)
    trainer.resume()
    if trainer.step >= recipe.steps:
        return trainer.averaged

    def made(names: tuple[str, ...], count: int, drop: float, seed: int) -> list[RenderedExample]:
        sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=seed) for name in names]
        return ExampleMaker(backbone, start, sources, drop, matcher).several(count, seed)

    held_out = made(recipe.validation, min(HELD_OUT, recipe.examples), 0.0, recipe.seed + 1)
    training = made(recipe.data, recipe.examples, recipe.drop_side, recipe.seed)

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        x, quality, decoded, features, aligned = trainer.share(*batch(training, recipe.batch, recipe.crop, rng))
        with trainer.autocast():
            picture = network(decoded, aligned, features, knot_shares(quality))[0]
        # Relative to the first decoding, so that low qualities do not dominate.
        start, end = (losses.distortion(recipe.distortion, each, x) for each in (decoded, picture))
        trainer.note(distortion=end.mean())
        return (end / (start + 1e-5)).mean()

    trainer.run(loss, lambda averaged: validate(averaged, held_out), every=500)
    return trainer.averaged


def batch(
    examples: list[RenderedExample], size: int, crop: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Random crops of examples: originals, qualities (B,), decoded pictures, features, aligned pictures.

    Each example contributes the candidates of 1 to SIDES side pictures, the same number for all.
    """
    used = rng.permutation(SIDES)[: int(rng.integers(1, SIDES + 1))]
    originals, quality, decoded, features, aligned = [], [], [], [], []
    for index in rng.integers(len(examples), size=size):
        example = examples[index]
        top, left = (CELL * int(rng.integers((side - crop) // CELL + 1)) for side in (HEIGHT, WIDTH))
        cut = (slice(top, top + crop), slice(left, left + crop))
        cells = tuple(slice(each.start // CELL, each.stop // CELL) for each in cut)
        originals.append(example.original[cut])
        quality.append(example.quality)
        decoded.append(example.decoded[:, *cut])
        features.append(example.features[:, *cells])
        aligned += [example.aligned[side * CANDIDATES + k][cut] for side in used for k in range(CANDIDATES)]
    x_hat, drawn_from = (torch.stack(each).float() for each in (decoded, features))
    return to_tensor(originals), torch.tensor(quality), x_hat, drawn_from, to_tensor(aligned)


@torch.no_grad()
def validate(network: RendererFuse, held_out: list[RenderedExample]) -> Validation:
    """PSNR without side information, with it, and with an unrelated side picture."""
    device = next(network.parameters()).device
    x = to_tensor([each.original for each in held_out]).to(device)
    decoded, features = (
        torch.stack([getattr(each, part) for each in held_out]).float().to(device) for part in ("decoded", "features")
    )
    shares = knot_shares(torch.tensor([each.quality for each in held_out], device=device))
    aligned = to_tensor([candidate for each in held_out for candidate in each.aligned[:CANDIDATES]]).to(device)
    unrelated = aligned.roll(len(held_out) // 2 * CANDIDATES, dims=0)
    joined, other = (network(decoded, each, features, shares)[0] for each in (aligned, unrelated))
    return compared(x, decoded, joined, other)
