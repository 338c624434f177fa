"""Training loop of all stages: schedule, averaged weights, checkpoints, resume, several processes."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from simnet import interrupts
from simnet.errors import InputError
from simnet.interrupts import CancelToken
from simnet.learn import parallel
from simnet.learn.checkpoints import CHECKPOINT, read, save
from simnet.learn.precision import half_precision
from simnet.learn.recipe import Recipe
from simnet.learn.training_journal import TrainingJournal, Validation
from simnet.learn.training_progress import progress
from simnet.output_files import make_folder
from simnet.progress import Work

SAVE_SECONDS = 120
REPORT_STEPS = 20
"""Steps between two reports of the loss."""
AVERAGE = 0.999
PRIOR_FACTOR = 10.0
"""Ratio of the prior's learning rate to the network's: at equal rates its densities stay too wide for thousands of steps."""

Loss = Callable[[int], Tensor]
Factors = Sequence[tuple[float, tuple[str, ...]]]
"""Factors of the learning rate, each with the name prefixes of its parameters; 1 for all others."""
Network = TypeVar("Network", bound=nn.Module)


class Trainer(Generic[Network]):
    """Trains a network by Adam with a schedule; `averaged` is the network to validate and export.

    `averaged` holds the exponential moving average of the weights (`keep="average"`), or the weights with the least validation
    loss (`keep="best"`, as in the papers).
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        folder: Path,
        *,
        keep: Literal["average", "best"] = "average",
        factors: Factors = ((PRIOR_FACTOR, ("prior.",)),),
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        if recipe.batch % parallel.world():
            raise InputError(f"batch: {recipe.batch}; expected a multiple of the {parallel.world()} processes")
        self.device = parallel.device(recipe.device)
        self.network, self.recipe, self.folder, self.keep = network.to(self.device), recipe, folder, keep
        self.averaged = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        groups = parameter_groups(network, factors)
        self.optimizer = torch.optim.Adam(groups, recipe.learning_rate, betas, amsgrad=recipe.amsgrad)
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, factor=0.1, patience=10, min_lr=[1e-7 * group["factor"] for group in groups]
        )
        self.step = 0
        self.best = math.inf
        self._noted: dict[str, list[Tensor]] = {}
        make_folder(folder)

    @property
    def checkpoint(self) -> Path:
        """Path of the newest checkpoint."""
        return self.folder / CHECKPOINT

    def resume(self) -> bool:
        """Resume from the newest checkpoint, if any; return whether there is one.

        Raises:
            InputError: The file is not a checkpoint, or belongs to another stage.
        """
        if not self.checkpoint.exists():
            return False
        state = read(self.checkpoint, self.device)
        if state["stage"] != self.recipe.stage:
            raise InputError(f"{self.checkpoint}: holds stage {state['stage']}; expected {self.recipe.stage}")
        try:
            self.network.load_state_dict(state["network"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as error:
            first = str(error).strip().splitlines()[-1].strip()
            raise InputError(f"{self.checkpoint}: not of this network ({first}); expected another --out") from error
        if "plateau" in state:
            self.plateau.load_state_dict(state["plateau"])
        self.step, self.best = state["step"], state.get("best", math.inf)
        if self.step >= self.recipe.steps:
            self._end()
        return True

    def save(self) -> None:
        """Write the state as a whole, so that a checkpoint is always complete; OutputError if it cannot be written."""
        if not parallel.first():
            return
        state = {
            "stage": self.recipe.stage,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "plateau": self.plateau.state_dict(),
            "step": self.step,
            "best": self.best,
            "recipe": self.recipe.model_dump_json(),
        }
        save(self.checkpoint, state)

    def share(self, *batch: Tensor) -> tuple[Tensor, ...]:
        """Return this process's part of each tensor (B, ...) of a batch, on the device."""
        return tuple(parallel.share(each).to(self.device) for each in batch)

    def autocast(self) -> torch.autocast:
        """Return the context of the recipe's precision for convolutions."""
        return half_precision(self.device.type, self.recipe.precision == "bfloat16")

    def note(self, **figures: Tensor) -> None:
        """Record scalar parts of this step's loss, such as `bpp` and `distortion`, for the curves."""
        for name, value in figures.items():
            self._noted.setdefault(name, []).append(value.detach())

    def run(self, loss: Loss, validate: Callable[[Network], str | Validation], every: int = 1000) -> None:
        """Train until the recipe's number of steps.

        `loss(step)` draws a batch, keeps this process's `share` of it and returns the scalar loss. Torch's random
        generator is seeded again for every step, so a resumed training gives the same result as an uninterrupted one. Of several
        processes only the first returns; the others raise `parallel.WorkerFinished`.
        """
        step_module: nn.Module = _StepModule(self.network, loss)
        if parallel.world() > 1:
            step_module = DistributedDataParallel(step_module, find_unused_parameters=self._has_unused(step_module))
        journal = TrainingJournal(self.folder, self.step) if parallel.first() else None
        try:
            with (
                interrupts.deferring() as cancel,
                progress(self._work()) as report,
            ):
                is_complete = self._steps(step_module, validate, every, journal, report, cancel)
        finally:
            if journal:
                journal.close()
        if not is_complete:
            # Another process received the signal.
            raise KeyboardInterrupt
        self._end()

    def _work(self) -> Work:
        # Adam keeps two figures a weight, the average a third; the checkpoint has the weights too.
        weights = sum(parameter.numel() * parameter.element_size() for parameter in self.network.parameters())
        recipe, checkpoint = self.recipe, 4 * weights
        return Work(recipe.model, recipe.steps, "steps", start=self.step, extra_bytes=checkpoint + weights)

    def _end(self) -> None:
        parallel.leave_to_first()
        # Export and evaluation run on the CPU.
        self.averaged.cpu()

    def _has_unused(self, step_module: nn.Module) -> bool:
        """Return whether some parameters have no gradient; torch must know, and warns if the flag is set without need."""
        step_module(self.step).backward()
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        is_unused = any(p.grad is None for p in trained)
        self.optimizer.zero_grad()
        self._noted.clear()
        return is_unused

    def _steps(
        self,
        step_module: nn.Module,
        validate: Callable[[Network], str | Validation],
        every: int,
        journal: TrainingJournal | None,
        report: Callable[[int, float], None],
        cancel: CancelToken,
    ) -> bool:
        """Train until the end or a signal; return whether it reached the end."""
        saved = time.monotonic()
        while self.step < self.recipe.steps:
            self._train_step(step_module)
            end = self.step == self.recipe.steps
            if self.step % REPORT_STEPS == 0 or end:
                self._report(journal, report)
            if self.step % every == 0 or end:
                self._validate(validate, journal)
            if time.monotonic() - saved > SAVE_SECONDS:
                self.save()
                saved = time.monotonic()
            if parallel.anywhere(cancel.is_set, self.device):
                break
        self.save()
        return self.step >= self.recipe.steps

    def _train_step(self, step_module: nn.Module) -> None:
        """Take one step."""
        recipe = self.recipe
        if recipe.schedule == "cosine":
            for group in self.optimizer.param_groups:
                group["lr"] = group["factor"] * schedule(self.step, recipe)
        # Each process has its own random stream; otherwise all add the same noise.
        torch.manual_seed(int(np.random.SeedSequence((recipe.seed, self.step, parallel.rank())).generate_state(1)[0]))
        value = step_module(self.step)
        if not math.isfinite(value.item()):
            raise InputError(f"{recipe.model}: loss is {value.item()} at step {self.step}; try a lower learning_rate")
        self.note(loss=value)
        self.optimizer.zero_grad()
        value.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip or math.inf)
        if not math.isfinite(norm.item()):
            raise InputError(
                f"{recipe.model}: the gradient is {norm.item()} at step {self.step}; try a lower learning_rate"
            )
        self.optimizer.step()
        self.step += 1
        if self.keep == "average":
            self.average()

    def _report(self, journal: TrainingJournal | None, report: Callable[[int, float], None]) -> None:
        """Report the means of all records since the last report."""
        names = sorted(self._noted)
        means = parallel.mean(torch.stack([torch.stack(self._noted[name]).mean() for name in names])).tolist()
        self._noted.clear()
        figures = {f"train/{name}": value for name, value in zip(names, means, strict=True)}
        report(self.step, figures["train/loss"])
        if journal:
            journal.figures(self.step, figures | {"train/learning_rate": self.optimizer.param_groups[0]["lr"]})

    def _validate(self, validate: Callable[[Network], str | Validation], journal: TrainingJournal | None) -> None:
        """Validate in the first process; the others receive the loss for their schedule."""
        network = self.averaged if self.keep == "average" else self.network.eval()
        loss = math.nan
        if journal:
            found = validate(network)
            found = Validation(found) if isinstance(found, str) else found
            journal.validation(self.step, found)
            loss = math.nan if found.loss is None else found.loss
        self.network.train()
        loss = parallel.from_first(loss, self.device)
        if self.recipe.schedule == "plateau":
            self.plateau.step(loss)
        if self.keep == "best" and not loss >= self.best:
            self.best = loss
            self.averaged.load_state_dict(self.network.state_dict())

    @torch.no_grad()
    def average(self) -> None:
        """Move the averaged weights towards the newest ones."""
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step))
        for mean, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - keep)


def parameter_groups(network: nn.Module, factors: Factors) -> list[dict[str, Any]]:
    """Return Adam's parameter groups, each with its `factor`: first factor 1, then in the order of `factors`."""
    parts: dict[float, list[nn.Parameter]] = {1.0: [], **{factor: [] for factor, _ in factors}}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            own = next((factor for factor, beginnings in factors if name.startswith(beginnings)), 1.0)
            parts[own].append(parameter)
    return [{"params": found, "factor": factor} for factor, found in parts.items() if found]


class _StepModule(nn.Module):
    """Training step as a module for DistributedDataParallel: its parameters are the network's, its output is the loss."""

    def __init__(self, network: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.network, self.loss = network, loss

    def forward(self, step: int) -> Tensor:
        """Return the scalar loss of a step."""
        return self.loss(step)


def schedule(step: int, recipe: Recipe) -> float:
    """Return the learning rate of a step: linear warm-up, then a cosine down to a hundredth."""
    if step < recipe.warm_up:
        return recipe.learning_rate * (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
