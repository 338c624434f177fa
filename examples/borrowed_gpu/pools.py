"""Pools of training examples on the device, refilled by worker processes.

A step draws from the pools, so it never waits for a worker: when they are slow, examples are drawn again. The main process
refills the pools between steps (`refill`); a thread that does so starves behind captured graphs.
"""

from __future__ import annotations

import mmap
import multiprocessing
import queue
from collections.abc import Callable
from multiprocessing.context import ForkContext
from typing import Any

import cv2
import numpy as np
import torch
from drawing import CROP, HEIGHT, SIDES, WIDTH, Groups, crop, views
from torch import Tensor

from simnet.codec.learned.alignment import CANDIDATES, Aligner

SLAB_CROPS, SLAB_PAIRS = 32, 16
PICTURES = 1 + SIDES + 1 + SIDES * CANDIDATES
"""Of an example with side views: the picture, its side views, the picture decoded, and the aligned candidates."""
DECODED = 1 + SIDES
CROPS_SHAPE, PAIRS_SHAPE = (SLAB_CROPS, CROP, CROP, 3), (PICTURES, SLAB_PAIRS, HEIGHT, WIDTH, 3)
CODED_SIDES = 0.4
"""Share of examples whose side views are decoded pictures, as those of other streams are."""


def worker(groups: Groups, seed: tuple[int, ...], slabs: list[mmap.mmap], todo: Any, done: Any) -> None:
    """Fill slabs, as the jobs say."""
    cv2.setNumThreads(1)
    rng, aligner = np.random.default_rng(seed), Aligner()
    while True:
        what, number = todo.get()
        if what == "crops":
            slab = np.frombuffer(slabs[number], np.uint8).reshape(CROPS_SHAPE)
            for i in range(SLAB_CROPS):
                slab[i] = crop(groups, rng)
        else:
            slab = np.frombuffer(slabs[number], np.uint8).reshape(PAIRS_SHAPE)
            for i in range(SLAB_PAIRS):
                if what == "views":
                    slab[: 1 + SIDES, i] = views(groups, rng)
                else:
                    sides = slab[1 : 1 + SIDES, i]
                    slab[DECODED + 1 :, i] = [each for side in sides for each in aligner.align(slab[DECODED, i], side)]
        done.put((what, number))


def picture(pixels: Tensor) -> Tensor:
    """Convert uint8 (B, H, W, 3) to float (B, 3, H, W) in [0, 1]."""
    return (pixels.float() * (1 / 255)).permute(0, 3, 1, 2)


class Pools:
    """`crops` (N, CROP, CROP, 3); `pairs` (N, 1 + SIDES * CANDIDATES, HEIGHT, WIDTH, 3), each with its quality."""

    def __init__(self, groups: Groups, workers: int, seed: int) -> None:
        """Start the workers, before CUDA starts: they are forked."""
        context: ForkContext = multiprocessing.get_context("fork")
        self.done = context.Queue()
        self.rng = np.random.default_rng(seed)
        self.slabs: list[mmap.mmap] = []
        self.todo: dict[str, Any] = {}
        few = max(1, workers * 2 // 5)
        for kind, count, shape in (("crops", few, CROPS_SHAPE), ("pairs", max(1, workers - few), PAIRS_SHAPE)):
            self.todo[kind] = context.Queue()
            for _ in range(2 * count + 2):
                self.todo[kind].put(("crops" if kind == "crops" else "views", len(self.slabs)))
                self.slabs.append(mmap.mmap(-1, int(np.prod(shape))))
        for kind, count in (("crops", few), ("pairs", max(1, workers - few))):
            for i in range(count):
                args = (groups, (seed, kind == "crops", i), self.slabs, self.todo[kind], self.done)
                context.Process(target=worker, args=args, daemon=True).start()
        self.qualities: dict[int, Tensor] = {}
        self.made = {"crops": 0, "pairs": 0}

    def place(self, crops: int, pairs: int, device: str, code: Callable[[Tensor, Tensor], Tensor]) -> None:
        """Make room for so many; `code` decodes pictures (B, 3, H, W) at qualities (B,)."""
        self.crops = torch.zeros(crops // SLAB_CROPS * SLAB_CROPS, CROP, CROP, 3, dtype=torch.uint8, device=device)
        shape = (pairs // SLAB_PAIRS * SLAB_PAIRS, PICTURES - 1 - SIDES, HEIGHT, WIDTH, 3)
        self.pairs = torch.zeros(shape, dtype=torch.uint8, device=device)
        self.quality = torch.zeros(shape[0], device=device)
        self.device, self.code = device, code

    def fill(self, crops: int, pairs: int) -> None:
        """Wait until so many were made."""
        while self.made["crops"] < crops or self.made["pairs"] < pairs:
            self._take(*self.done.get())

    def refill(self, most: int) -> None:
        """Take what the workers have done, at most so many slabs."""
        for _ in range(most):
            try:
                self._take(*self.done.get_nowait())
            except queue.Empty:
                return

    def _take(self, what: str, number: int) -> None:
        if what == "crops":
            slab = np.frombuffer(self.slabs[number], np.uint8).reshape(CROPS_SHAPE)
            at = self.made["crops"] % len(self.crops)
            self.crops[at : at + SLAB_CROPS] = torch.from_numpy(slab).to(self.device)
            self.made["crops"] += SLAB_CROPS
            self.todo["crops"].put(("crops", number))
            return
        slab = np.frombuffer(self.slabs[number], np.uint8).reshape(PAIRS_SHAPE)
        if what == "views":
            self.qualities[number] = torch.from_numpy(self.rng.random(SLAB_PAIRS, dtype=np.float32)).to(self.device)
            slab[DECODED] = self._decoded(slab[0], self.qualities[number])
            if self.rng.random() < CODED_SIDES:
                for k in range(1, 1 + SIDES):
                    quality = torch.from_numpy(self.rng.uniform(0.2, 1.0, SLAB_PAIRS).astype(np.float32))
                    slab[k] = self._decoded(slab[k], quality.to(self.device))
            self.todo["pairs"].put(("align", number))
            return
        at = self.made["pairs"] % len(self.pairs)
        kept = np.concatenate([slab[:1], slab[DECODED + 1 :]]).swapaxes(0, 1)
        self.pairs[at : at + SLAB_PAIRS] = torch.from_numpy(np.ascontiguousarray(kept)).to(self.device)
        self.quality[at : at + SLAB_PAIRS] = self.qualities.pop(number)
        self.made["pairs"] += SLAB_PAIRS
        self.todo["pairs"].put(("views", number))

    @torch.no_grad()
    def _decoded(self, pixels: np.ndarray, quality: Tensor) -> np.ndarray:
        """Pictures uint8 (B, H, W, 3), coded and decoded."""
        x_hat = self.code(picture(torch.from_numpy(pixels).to(self.device)), quality)
        return (x_hat.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
