"""A recipe: everything that a training depends on, read from a YAML file and kept with the checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic
import yaml

from simnet.errors import InputError

FOLDER = Path(__file__).parent / "recipes"


class Recipe(pydantic.BaseModel):
    """One stage of training; unknown keys are errors."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    model: str
    """Folder of `models/` that the result is exported to."""
    stage: Literal["backbone", "fuse", "common"]
    """`backbone`: rate and distortion of the coder alone. `fuse`: the decoder's side-information stage, encoder frozen.
    `common`: NDIC's way with side information, encoder frozen."""
    backbone: str | None = None
    """For `fuse` and `common`: the training folder whose backbone is frozen."""
    codecs: tuple[str, ...] = ()
    """For `fuse` without a backbone: the codecs whose decoded pictures the stage is trained on."""
    data: tuple[str, ...]
    """Named data: `pairs:DIR`, `kitti_raw:DIR`, `kitti_odometry:DIR`, `rendered:SCENE`."""
    validation: tuple[str, ...]
    seed: int = 1
    steps: int = pydantic.Field(gt=0)
    batch: int = pydantic.Field(default=16, gt=0)
    crop: int = pydantic.Field(default=128, gt=0, multiple_of=16)
    learning_rate: float = pydantic.Field(default=5e-4, gt=0)
    warm_up: int = pydantic.Field(default=500, ge=0)
    rendered_pairs: int = pydantic.Field(default=200, gt=0)
    """How many pairs are rendered of each `rendered:SCENE`."""
    start: str | None = None
    """For `backbone` and `fuse`: a model (its name or folder) whose weights the training starts from."""
    groups: tuple[int, ...] = ()
    """For `backbone`: channels of the checkerboard context model's groups, 192 in all; none is a factorised prior."""
    lambda_low: float = 0.0001
    lambda_high: float = 0.07
    """Distortion weight (255^2 * MSE + bpp / lambda) at quality 0 and 1; geometric in between."""
    examples: int = pydantic.Field(default=4000, gt=0)
    """For `fuse`: how many decoded and aligned examples are prepared."""
    drop_side: float = pydantic.Field(default=0.1, ge=0, le=1)
    """For `fuse`: share of examples whose side picture is an unrelated one, so that the decoder learns distrust."""


def read(path: str, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe from a file, or by the name of a shipped one; `overrides` are `key=value` strings."""
    file = Path(path) if Path(path).is_file() else FOLDER / f"{path.removesuffix('.yaml')}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.yaml")))
        raise InputError(f"{path}: no such recipe; expected a YAML file or one of {known}")
    try:
        values = yaml.safe_load(file.read_text())
        for item in overrides or []:
            key, _, value = item.partition("=")
            values[key] = yaml.safe_load(value)
        return Recipe.model_validate(values)
    except yaml.YAMLError as error:
        raise InputError(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
