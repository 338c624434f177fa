"""The training loop that both stages share: schedule, averaged weights, checkpoints, resuming."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from simnet.errors import InputError
from simnet.learn.progress import progress
from simnet.learn.recipe import Recipe

SAVE_SECONDS = 120
AVERAGE = 0.999
PRIOR_FACTOR = 10.0
"""The prior learns this much faster: at the networks' pace its densities stayed bits too wide for thousands of steps."""


class Trainer:
    """Adam with warm-up and cosine decay; `averaged` is the exponential moving average that is exported."""

    def __init__(self, network: nn.Module, recipe: Recipe, folder: Path) -> None:
        self.network, self.recipe, self.folder = network, recipe, folder
        self.averaged = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        prior = [p for name, p in network.named_parameters() if name.startswith("prior.")]
        rest = [p for name, p in network.named_parameters() if not name.startswith("prior.")]
        groups = [{"params": rest, "factor": 1.0}, {"params": prior, "factor": PRIOR_FACTOR}]
        self.optimizer = torch.optim.Adam([group for group in groups if group["params"]], recipe.learning_rate)
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint(self) -> Path:
        """Where the newest state lies."""
        return self.folder / "last.pt"

    def resume(self) -> bool:
        """Go on from the newest checkpoint, if there is one."""
        if not self.checkpoint.exists():
            return False
        state = torch.load(self.checkpoint, weights_only=True)
        if state["stage"] != self.recipe.stage:
            raise InputError(f"{self.checkpoint}: holds stage {state['stage']}; expected {self.recipe.stage}")
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        return True

    def save(self) -> None:
        """Write the state aside and rename it, so that a killed training never leaves half a checkpoint."""
        state = {
            "stage": self.recipe.stage,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "recipe": self.recipe.model_dump_json(),
        }
        aside = self.checkpoint.with_suffix(".part")
        torch.save(state, aside)
        os.replace(aside, self.checkpoint)

    def run(self, loss: Callable[[int], Tensor], validate: Callable[[nn.Module], str], every: int = 1000) -> None:
        """Take steps until the recipe's number; `loss(step)` draws a batch and returns its scalar loss."""
        saved = time.monotonic()
        recipe = self.recipe
        with progress(recipe.steps, self.step, recipe.model) as tell:
            while self.step < recipe.steps:
                for group in self.optimizer.param_groups:
                    group["lr"] = group["factor"] * schedule(self.step, recipe)
                value = loss(self.step)
                if not math.isfinite(value.item()):
                    raise InputError(
                        f"{recipe.model}: loss is {value.item()} at step {self.step}; try a lower learning_rate"
                    )
                self.optimizer.zero_grad()
                value.backward()
                nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
                self.optimizer.step()
                self.step += 1
                self.average()
                if self.step % 20 == 0:
                    tell(self.step, value.item())
                if self.step % every == 0 or self.step == recipe.steps:
                    line = f"step {self.step}: {validate(self.averaged)}"
                    with (self.folder / "log.txt").open("a") as log:
                        log.write(line + "\n")
                if time.monotonic() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
        self.save()

    @torch.no_grad()
    def average(self) -> None:
        """Move the averaged weights a little towards the newest ones."""
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step))
        for mean, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - keep)


def schedule(step: int, recipe: Recipe) -> float:
    """Learning rate: linear warm-up, then a cosine down to a hundredth."""
    if step < recipe.warm_up:
        return recipe.learning_rate * (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
