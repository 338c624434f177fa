"""Stage `rows`: trains the network that finds matches along the rows of rectified pictures, behind the frozen backbone.

What is true is a careful flow between the original pictures, where the flow back agrees; what counts too is how close the side
picture comes to the original when it is warped. Pairs whose first flow does not keep to the rows are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from simnet.codec.learned.alignment import Aligner, gray, grid, method
from simnet.codec.learned.lowres_networks import Lowres
from simnet.codec.learned.lowres_parts import knot_shares
from simnet.codec.learned.rectified_alignment import fitted
from simnet.codec.learned.row_matching import CELL, FURTHEST, NEAREST
from simnet.codec.learned.row_networks import RowMatching, RowNumbers
from simnet.errors import InputError
from simnet.learn import decoder_examples, pair_data
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.recipe import Recipe
from simnet.learn.renderer_fusion_stage import coded
from simnet.learn.trainer import Trainer
from simnet.learn.training_journal import Validation

HELD_OUT = 32
"""Examples that a validation measures."""
DECODED = 0.35
"""Share of side pictures that are decoded, as those of other streams are."""
SHIFTED = 2
"""Most cells by which a side picture is moved in training, so that all distances are met."""
TRIES = 20
"""Pairs drawn for each example before a data set counts as one without rectified pairs."""


@dataclass(frozen=True)
class RowExample:
    """Pictures (uint8 HEIGHT x WIDTH x 3), and flows by cells (float16 h x w x 2, pixels) that go to the left.

    `side` may be decoded, `view` is its original; `start` is the flow that a decoder has, `true` the one between the originals,
    `known` (float16 h x w) the share of pixels where that one is certain.
    """

    original: np.ndarray
    quality: float
    decoded: np.ndarray
    side: np.ndarray
    view: np.ndarray
    start: np.ndarray
    true: np.ndarray
    known: np.ndarray


class RowExampleMaker:
    """Makes examples of a frozen backbone from pairs of two cameras."""

    def __init__(self, backbone: Lowres, sources: list[pair_data.PairSource]) -> None:
        self._backbone, self._sources = backbone, sources
        self._aligner = Aligner(refined=False)
        self._careful = [method(finest, stride=3, iterations=25, refinements=8) for finest in (1, 0)]

    def several(self, count: int, seed: int) -> list[RowExample]:
        """Make `count` examples, the same for the same seed; InputError if hardly any pair is rectified."""
        rng = np.random.default_rng(seed)
        return decoder_examples.several(count, lambda: self._make(rng))

    def _make(self, rng: np.random.Generator) -> RowExample:
        for _ in range(TRIES):
            source = pair_data.choose(self._sources, rng)
            place, eye = int(rng.integers(len(source.pairs))), int(rng.integers(2))
            first, second = source.pairs[place][eye], source.pairs[place][1 - eye]
            if second.shape != first.shape:
                second = pair_data.centre(second, *first.shape[:2])
            original, view = decoder_examples.window([first, second], rng)
            quality = float(rng.random())
            decoded = coded(self._backbone, original, quality)[0]
            side = coded(self._backbone, view, float(rng.uniform(0.3, 1)))[0] if rng.random() < DECODED else view
            half = self._aligner.flows(decoded, side)[1]
            if (rows := fitted(half)) is not None:
                true = self._careful_flow(original, view)
                known = agree(true, self._careful_flow(view, original))
                found = (rows.kept(half), true, known)
                return leftwards(original, quality, (decoded, side, view), *found)
        raise InputError(
            f"data: {TRIES} pairs in turn are not of rectified cameras; expected pairs:DIR of a stereo rig"
        )

    def _careful_flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        one, other = gray(first), gray(second)
        flow = self._aligner.flows(first, second)[1]
        for finder in self._careful:
            flow = finder.calc(one, other, flow.copy())
        return flow


def agree(flow: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Where a flow and the one back (float32 H x W x 2) bring a pixel to its place again: float32 H x W, 0 or 1."""
    x, y = grid(*flow.shape[:2])
    returned = cv2.remap(back, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderValue=(1e3, 1e3))
    distance = np.linalg.norm(flow + returned, axis=2)
    return (distance < 1.5 + 0.05 * np.linalg.norm(flow, axis=2)).astype(np.float32)


def leftwards(
    original: np.ndarray,
    quality: float,
    pictures: tuple[np.ndarray, np.ndarray, np.ndarray],
    start: np.ndarray,
    true: np.ndarray,
    known: np.ndarray,
) -> RowExample:
    """An example by cells, mirrored if its flow goes to the right."""
    cells = [
        cv2.resize(each, None, fx=1 / CELL, fy=1 / CELL, interpolation=cv2.INTER_AREA) for each in (start, true, known)
    ]
    arrays = [original, *pictures, *cells]
    if np.median(start[..., 0]) > 0:
        arrays = [np.ascontiguousarray(each[:, ::-1]) for each in arrays]
        for flow in arrays[4:6]:
            flow[..., 0] *= -1
    return RowExample(arrays[0], quality, *arrays[1:4], *(each.astype(np.float16) for each in arrays[4:]))


def train(recipe: Recipe, folder: Path, backbone: Lowres) -> RowMatching:
    """Train or resume; return the averaged network."""
    torch.manual_seed(recipe.seed)
    network = RowMatching(RowNumbers()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    trainer = Trainer(network, recipe, folder, betas=(0.9, 0.98))
    trainer.resume()
    if trainer.step >= recipe.steps:
        return trainer.averaged

    def made(names: tuple[str, ...], count: int, seed: int) -> list[RowExample]:
        sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=seed) for name in names]
        return RowExampleMaker(backbone, sources).several(count, seed)

    held_out = made(recipe.validation, min(HELD_OUT, recipe.examples), recipe.seed + 1)
    training = made(recipe.data, recipe.examples, recipe.seed)

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        chosen = [training[index] for index in rng.integers(len(training), size=recipe.batch)]
        parts = losses(network, trainer.share(*batch(chosen, rng)))
        trainer.note(distortion=parts[2].mean())
        return 0.3 * parts[0].mean() + 0.3 * parts[1].mean() + parts[2].mean()

    trainer.run(loss, lambda averaged: validate(averaged, held_out), every=500)
    return trainer.averaged


def batch(examples: list[RowExample], rng: np.random.Generator | None = None) -> tuple[Tensor, ...]:
    """Originals, decoded, side and view pictures (B, 3, H, W), qualities (B,), start, true (B, 2, h, w), known (B, 1, h, w).

    With `rng`, upside down for a third of the batches, and the side picture moved.
    """
    pictures = [
        to_tensor([getattr(each, name) for each in examples]) for name in ("original", "decoded", "side", "view")
    ]
    start, true = (
        torch.from_numpy(np.stack([getattr(each, name) for each in examples])).float().permute(0, 3, 1, 2)
        for name in ("start", "true")
    )
    known = torch.from_numpy(np.stack([each.known for each in examples])).float()[:, None]
    quality = torch.tensor([each.quality for each in examples])
    if rng is not None:
        if rng.random() < 1 / 3:
            *pictures, start, true, known = (each.flip(-2) for each in (*pictures, start, true, known))
        moved = CELL * int(rng.integers(-SHIFTED, SHIFTED + 1))
        pictures[2:] = [each.roll(moved, -1) for each in pictures[2:]]
        start, true = start.clone(), true.clone()
        start[:, 0] += moved
        true[:, 0] += moved
    return *pictures, quality, start, true, known


def losses(network: RowMatching, given: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """For each example: cross-entropy of the planes, error in cells, warped picture's error over the start's, start's error."""
    original, decoded, side, view, quality, start, true, known = given
    full, cells, logits = network(decoded, side, start[:, :1] / CELL, knot_shares(quality))
    wanted = true[:, :1] / CELL
    inside = known * ((wanted > FURTHEST) & (wanted < NEAREST))
    count = inside.sum((1, 2, 3)) + 1
    label = functional.relu(1 - 2 * (wanted - network.planes).abs())
    entropy = -(label * torch.log_softmax(logits, 1)).sum(1, keepdim=True)
    error = ((cells - wanted) ** 2 + 1e-3).sqrt()
    before = (start[:, :1] / CELL - wanted).abs()
    at_full_size = functional.interpolate(start, scale_factor=CELL, mode="bilinear")
    ours, theirs = (misfit(view, flow, original) for flow in (torch.cat([full, at_full_size[:, 1:]], 1), at_full_size))
    means = [(inside * each).sum((1, 2, 3)) / count for each in (entropy, error, before)]
    return means[0], means[1], ours / (theirs + 0.005), means[2]


def misfit(view: Tensor, flow: Tensor, original: Tensor) -> Tensor:
    """Mean robust difference (B,) of pictures (B, 3, H, W) warped by flows (B, 2, H, W) from their originals."""
    height, width = flow.shape[2:]
    y, x = torch.meshgrid(*(torch.arange(side, dtype=flow.dtype) for side in (height, width)), indexing="ij")
    x, y = (each.to(flow.device) for each in (x, y))
    places = torch.stack([(x + flow[:, 0] + 0.5) / width * 2 - 1, (y + flow[:, 1] + 0.5) / height * 2 - 1], -1)
    warped = functional.grid_sample(view, places, padding_mode="border", align_corners=False)
    return (torch.sqrt((warped - original) ** 2 + 1e-4) - 0.01).mean((1, 2, 3))


@torch.no_grad()
def validate(network: RowMatching, held_out: list[RowExample]) -> Validation:
    """Error of places in cells, that of the flow it starts from, and the share of the warped pictures' errors that is left."""
    device = next(network.parameters()).device
    _, error, left, before = (
        each.mean().item() for each in losses(network, tuple(x.to(device) for x in batch(held_out)))
    )
    words = f"error {error:.3f} cells, of the start {before:.3f}; warped pictures' error {left:.4f} of the start's"
    return Validation(words, {"error_cells": error, "start_cells": before, "warped": left})
