"""Log files of a training, in its folder.

log.txt       one line per validation
log.csv       every figure: step, name, value
tensorboard/  the figures as curves, and example pictures, if the package tensorboard is installed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simnet.learn.training_progress import warn
from simnet.output_files import make_folder, write_whole, writing

TEXT, FIGURES, CURVES = "log.txt", "log.csv", "tensorboard"


@dataclass(frozen=True)
class Validation:
    """Result of a validation: a line of text, figures by name, example pictures (uint8 H x W x 3) by name.

    `loss` drives the `plateau` schedule, lower is better; a stage without that schedule may omit it.
    """

    text: str
    figures: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, np.ndarray] = field(default_factory=dict)
    loss: float | None = None


class TrainingJournal:
    """Appends to the log files of a training folder; first removes entries after step `step`, left by a killed training."""

    def __init__(self, folder: Path, step: int) -> None:
        self.folder = folder
        make_folder(folder)
        _keep(folder / TEXT, lambda line: _number(line.removeprefix("step ").partition(":")[0]) <= step)
        _keep(folder / FIGURES, lambda line: line.startswith("step,") or _number(line.partition(",")[0]) <= step)
        if not (folder / FIGURES).exists():
            _append(folder / FIGURES, ["step,name,value\n"])
        self.curves = _curves(folder, step)

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Record figures of one step, named `train/loss`, `validation/psnr` and so on."""
        _append(self.folder / FIGURES, [f"{step},{name},{value:.9g}\n" for name, value in values.items()])
        if self.curves:
            with writing(self.folder / CURVES):
                for name, value in values.items():
                    self.curves.add_scalar(name, value, step)

    def validation(self, step: int, found: Validation) -> None:
        """Record a validation."""
        _append(self.folder / TEXT, [f"step {step}: {found.text}\n"])
        self.figures(step, {f"validation/{name}": value for name, value in found.figures.items()})
        if self.curves:
            with writing(self.folder / CURVES):
                for name, picture in found.pictures.items():
                    self.curves.add_image(f"examples/{name}", picture, step, dataformats="HWC")
                self.curves.flush()

    def close(self) -> None:
        """Close open files."""
        if self.curves:
            with writing(self.folder / CURVES):
                self.curves.close()


def _curves(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        warn(
            f"the package tensorboard is not installed (it comes with simnet[train]); figures are in {folder / FIGURES} alone"
        )
        return None
    with writing(folder / CURVES):
        return SummaryWriter(str(folder / CURVES), purge_step=step + 1)


def _keep(file: Path, wanted: Callable[[str], bool]) -> None:
    if not file.exists():
        return
    lines = file.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("\n") and wanted(line)]
    if kept != lines:
        write_whole(file, "".join(kept).encode())


def _append(file: Path, lines: list[str]) -> None:
    with writing(file), file.open("a", encoding="utf-8") as out:
        out.writelines(lines)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")
