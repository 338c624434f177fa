"""Training of the small detector: focal loss of scores, overlap of boxes, a few hundred steps on one core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from simnet.learn.detector.detector_network import STRIDE, CarDetector, middles
from simnet.library_threads import limited
from simnet.seeds import generator

if TYPE_CHECKING:
    from simnet.learn.detector.detector_views import BoxedView

KIND = "car"
CENTRE = 0.3
"""Share of a box around its middle whose cells are to find it."""


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How the detector is trained."""

    views: int = 1000
    steps: int = 1000
    batch: int = 12
    learning_rate: float = 4e-3
    seed: int = 101
    width: int = 256
    height: int = 128


@limited()
def train(
    views: Sequence[BoxedView], recipe: DetectorRecipe, tell: Callable[[int, float], None] = lambda _step, _loss: None
) -> CarDetector:
    """Return a detector trained on these views; `tell` is told each step's number and loss."""
    torch.manual_seed(recipe.seed)
    draw = generator(recipe.seed, "learn", "detector", "training")
    network = CarDetector().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, recipe.steps, pct_start=0.15)
    places = middles(recipe.width, recipe.height)
    for step in range(recipe.steps):
        chosen = [changed(views[index], draw) for index in draw.integers(len(views), size=recipe.batch)]
        pictures = torch.from_numpy(np.stack([picture for picture, _, _ in chosen])).permute(0, 3, 1, 2) / 255
        aims = [aim(boxes, ignored, places) for _, boxes, ignored in chosen]
        loss = loss_of(network(pictures), [torch.stack(parts) for parts in zip(*aims, strict=True)], places)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        tell(step, float(loss.detach()))
    return network.eval()


def changed(view: BoxedView, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return picture, boxes and which of them do not count, mirrored, lit and blurred by chance."""
    picture = view.picture
    cars = np.array([kind == KIND for kind in view.truth.kinds], bool)
    boxes, ignored = view.truth.boxes_px[cars].copy(), view.truth.ignored[cars]
    if draw.random() < 0.5:
        picture = picture[:, ::-1]
        boxes[:, 0] = picture.shape[1] - boxes[:, 0] - boxes[:, 2]
    light = draw.uniform(0.7, 1.3, 3) * draw.uniform(0.8, 1.2)
    pixels = np.ascontiguousarray(picture, np.float32) * light.astype(np.float32)
    if draw.random() < 0.3:
        pixels = cv2.GaussianBlur(pixels, (0, 0), draw.uniform(0.4, 1.2))
    pixels = pixels + draw.normal(0, draw.uniform(0, 6), pixels.shape).astype(np.float32)
    return np.clip(pixels, 0, 255).astype(np.float32), boxes, ignored


def aim(boxes: np.ndarray, ignored: np.ndarray, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what cells are to give: score (1, 0, or -1: does not count), distances 4 x H x W, and the weight of each cell.

    A cell near the middle of a box is to find it, the smallest of several; other cells within a box do not count.
    """
    x, y = places[0].numpy(), places[1].numpy()
    score, sides, weight = (
        np.zeros(x.shape, np.float32),
        np.ones((4, *x.shape), np.float32),
        np.zeros(x.shape, np.float32),
    )
    for index in np.argsort(-(boxes[:, 2] * boxes[:, 3])):
        left, top, width, height = boxes[index]
        inside = (x > left) & (x < left + width) & (y > top) & (y < top + height)
        score[inside & (score == 0)] = -1
        if ignored[index]:
            continue
        reach_x, reach_y = max(CENTRE * width / 2, STRIDE * 0.51), max(CENTRE * height / 2, STRIDE * 0.51)
        near = (np.abs(x - left - width / 2) <= reach_x) & (np.abs(y - top - height / 2) <= reach_y)
        score[near], weight[near] = 1, 1 / near.sum() if near.any() else 0
        whole = np.stack([x - left, y - top, left + width - x, top + height - y])
        sides[:, near] = np.maximum(whole[:, near], 0.1)
    return torch.from_numpy(score), torch.from_numpy(sides), torch.from_numpy(weight)


def loss_of(found: tuple[Tensor, Tensor], aims: Sequence[Tensor], places: Tensor) -> Tensor:
    """Return focal loss of scores (Lin et al. 2017) and one less the generalised overlap of boxes, for each car."""
    del places
    logits, sides = found
    score, wanted, weight = aims
    cars = weight.sum().clamp(min=1)
    counts = score >= 0
    chance = torch.sigmoid(logits)
    off = torch.where(score > 0, 1 - chance, chance)
    entropy = functional.binary_cross_entropy_with_logits(logits, score.clamp(min=0), reduction="none")
    share = torch.where(score > 0, weight * 4, torch.full_like(weight, 0.75))
    focal = (share * off**2 * entropy)[counts].sum() / cars
    return focal + 2 * (weight * (1 - overlap(sides, wanted))).sum() / cars


def overlap(sides: Tensor, wanted: Tensor) -> Tensor:
    """Return the generalised overlap (Rezatofighi et al. 2019) of boxes around one cell: N x H x W."""

    def area(box: Tensor) -> Tensor:
        return (box[:, 0] + box[:, 2]) * (box[:, 1] + box[:, 3])

    common = area(torch.minimum(sides, wanted))
    union = area(sides) + area(wanted) - common
    around = area(torch.maximum(sides, wanted))
    return common / union - (around - union) / around
