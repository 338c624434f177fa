"""Small drives of pictures to learn and to evaluate with."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

WIDTH, HEIGHT, PAIRS = 96, 64, 6


def _save_drive(folder: Path, seed: int, count: int = PAIRS) -> None:
    noise = np.random.default_rng(seed).normal(128, 400, (HEIGHT, 320, 3))
    wall = np.clip(cv2.GaussianBlur(noise, (0, 0), 3), 0, 255).astype(np.uint8)
    for side, ahead in (("left", 0), ("right", 8)):
        (folder / side).mkdir(parents=True)
        for t in range(count):
            cut = np.ascontiguousarray(wall[:HEIGHT, 4 * t + ahead : 4 * t + ahead + WIDTH])
            Image.fromarray(cut).save(folder / side / f"{t:02d}.png")


@pytest.fixture
def save_drive() -> Callable[..., None]:
    """Save pairs (folder, seed, count): a camera that moves 4 pixels a frame along a wall; the right one is 8 pixels ahead."""
    return _save_drive


@pytest.fixture
def drive(tmp_path: Path) -> str:
    """The name of a drive of six pairs of 96 x 64."""
    _save_drive(tmp_path / "drive", 4)
    return f"pairs:{tmp_path / 'drive'}"
