"""A recipe: everything that a training depends on, read from a YAML file and kept with the checkpoint."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

import pydantic

from simnet import codec
from simnet.errors import InputError
from simnet.learn import dataset_spec
from simnet.scenario import document

FOLDER = Path(__file__).parent / "recipes"
FREE = ("steps", "device")
"""Keys that may change between two sittings of one training."""


class PublishedOptions(pydantic.BaseModel):
    """What the NDIC and ATN papers leave open: the loss is bpp_x + alpha bpp_y + beta bpp_w + weight 255^2 (D_x + alpha D_y)."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    codec: Literal["ndic-bls17", "ndic-bmshj18", "atn-paper", "bls17", "bmshj18"]
    filters: int = pydantic.Field(default=192, gt=0, le=1024)
    """N of the papers."""
    weight: float = pydantic.Field(gt=0)
    """lambda of the papers."""
    alpha: float = pydantic.Field(default=1.0, ge=0)
    beta: float = pydantic.Field(default=1.0, ge=0)


class Recipe(pydantic.BaseModel):
    """One stage of training; unknown keys are errors."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    model: str = pydantic.Field(min_length=1)
    """Folder of `models/` that the result is exported to."""
    stage: Literal["backbone", "fuse", "common", "published", "dsin", "lowres"]
    """`backbone`: rate and distortion of the coder alone. `fuse`: the decoder's side-information stage, encoder frozen.
    `common`: NDIC's way with side information, encoder frozen. `published`: a network of the NDIC and ATN papers, as theirs.
    `dsin`: DSIN, as its paper trains it. `lowres`: the backbone at 1/16 of the size."""
    backbone: str | None = None
    """For `fuse` and `common`: the training folder whose backbone is frozen."""
    codecs: tuple[str, ...] = ()
    """For `fuse` without a backbone: the codecs whose decoded pictures the stage is trained on."""
    data: tuple[str, ...] = pydantic.Field(min_length=1)
    """Named data (`named`): `pairs:DIR`, `kitti_raw:DIR`, `kitti_odometry:DIR`, `kitti-stereo:DIR`, `kitti-general:DIR`,
    `cityscapes:DIR`, `rendered:SCENE`. Where a split is left open it is `#train`."""
    validation: tuple[str, ...] = pydantic.Field(min_length=1)
    """Named data that are watched; where a split is left open it is `#val`."""
    pictures: tuple[str, ...] = ()
    """For `lowres`: folders of single pictures that are trained on beside `data`."""
    shares: tuple[pydantic.PositiveFloat, ...] = ()
    """For `lowres`: how often each of `data`, then of `pictures` is drawn; without it by the square root of its size."""
    offsets: tuple[int, ...] = (0,)
    """Frames by which the right picture of a drive in `data` is later, each in turn, where its name says nothing."""
    seed: int = pydantic.Field(default=1, ge=0)
    steps: int = pydantic.Field(gt=0)
    batch: int = pydantic.Field(default=16, gt=0)
    """Examples a step, of all processes together."""
    crop: int = pydantic.Field(default=128, gt=0, multiple_of=16)
    learning_rate: float = pydantic.Field(default=5e-4, gt=0)
    warm_up: int = pydantic.Field(default=500, ge=0)
    schedule: Literal["cosine", "plateau"] = "cosine"
    """`cosine`: down to a hundredth at the last step. `plateau`: a tenth whenever ten validations brought nothing."""
    amsgrad: bool = False
    clip: float | None = pydantic.Field(default=1.0, gt=0)
    """Norm that gradients are cut to."""
    distortion: Literal["mse", "ms-ssim"] = "mse"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: a GPU where there is one."""
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    """Of the convolutions; weights and losses are float32."""
    rendered_pairs: int = pydantic.Field(default=200, gt=0)
    """How many pairs are rendered of each `rendered:SCENE`."""
    start: str | None = None
    """For `backbone` and `fuse`: a model (its name or folder) whose weights the training starts from."""
    groups: tuple[int, ...] = ()
    """For `backbone`: channels of the checkerboard context model's groups, 192 in all; none is a factorised prior."""
    lambda_low: float = pydantic.Field(default=0.0001, gt=0)
    lambda_high: float = pydantic.Field(default=0.07, gt=0)
    """Distortion weight (255^2 * MSE + bpp / lambda) at quality 0 and 1; geometric in between."""
    examples: int = pydantic.Field(default=4000, gt=0)
    """For `fuse`: how many decoded and aligned examples are prepared."""
    bpp_target: float = pydantic.Field(default=0.2, gt=0)
    """For `dsin`: the rate (bit/pixel) above which its loss rises."""
    drop_side: float = pydantic.Field(default=0.1, ge=0, le=1)
    """For `fuse`: share of examples whose side picture is an unrelated one, so that the decoder learns distrust."""
    published: PublishedOptions | None = None
    """For `published`: which network, and the papers' weights."""

    @pydantic.field_validator("data", "validation", mode="after")
    @classmethod
    def _names(cls, names: tuple[str, ...], info: pydantic.ValidationInfo) -> tuple[str, ...]:
        try:
            return tuple(
                dataset_spec.with_defaults(name, "train" if info.field_name == "data" else "val") for name in names
            )
        except InputError as error:
            raise ValueError(str(error)) from error

    @pydantic.field_validator("codecs", mode="after")
    @classmethod
    def _known(cls, codecs: tuple[str, ...]) -> tuple[str, ...]:
        for each in codecs:
            name, _, model = each.partition("=")
            try:
                codec.declared_times(name, model or None)
            except InputError as error:
                raise ValueError(str(error)) from error
        return codecs

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Recipe:
        if (self.stage == "published") != (self.published is not None):
            raise ValueError("published: expected with stage published (codec and weight), and with no other stage")
        if self.published is not None and self.precision != "float32":
            raise ValueError("precision: expected float32 with stage published, as in the papers")
        if self.stage != "lowres" and (self.pictures or self.shares):
            raise ValueError("pictures, shares: expected with stage lowres alone")
        if self.shares and len(self.shares) != len(self.data) + len(self.pictures):
            sources = f"{len(self.data)} data sets and {len(self.pictures)} folders of pictures"
            raise ValueError(f"shares: {len(self.shares)} for {sources}; expected one each")
        if self.lambda_low > self.lambda_high:
            raise ValueError(f"lambda_low {self.lambda_low} above lambda_high {self.lambda_high}; expected it below")
        if len(set(self.offsets)) < max(1, len(self.offsets)):
            raise ValueError(f"offsets: {list(self.offsets)}; expected at least one, and each once")
        with_offsets = tuple(dataset_spec.with_defaults(name, "train", self.offsets) for name in self.data)
        # The only way to fill in a field of a frozen model from another one.
        object.__setattr__(self, "data", with_offsets)
        return self

    @property
    def codec_name(self) -> str:
        """The codec that the trained model is for."""
        return self.published.codec if self.published else self.model


def read(path: str, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe from a file, or by the name of a shipped one; `overrides` are `key=value` strings.

    Raises:
        InputError: No such recipe, or one that is wrong: which file, line and key, and what was expected.
    """
    file = find(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a readable text file; expected a recipe") from error
    values, places = document.read(text, str(file))
    if not isinstance(values, dict):
        raise InputError(f"{places.root.text}: no recipe; expected keys such as model, stage and data")
    for item in overrides or []:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise InputError(f"--set {item}: expected KEY=VALUE, such as steps=1000")
        keys = key.split(".")
        inner = values
        for name in keys[:-1]:
            inner = inner.setdefault(name, {})
            if not isinstance(inner, dict):
                raise InputError(f"--set {item}: {name} has no keys below it")
        inner[keys[-1]] = document.read_value(value)
        places.replace(tuple(keys), document.SourceLocation((0, 0), f"--set {item}"))
    try:
        return Recipe.model_validate(values)
    except pydantic.ValidationError as error:
        raise InputError(explain(error, places)) from error


def find(path: str) -> Path:
    """The file of a recipe; InputError if there is none."""
    file = Path(path) if Path(path).is_file() else FOLDER / f"{path.removesuffix('.yaml')}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.yaml")))
        raise InputError(f"{path}: no such recipe; expected a YAML file or one of {known}")
    return file


def explain(error: pydantic.ValidationError, places: document.SourceLocations) -> str:
    """The first fault as one line: where it is, what is there and what was expected."""
    # A misspelt key is why another one is missing.
    faults = sorted(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    first = faults[0]
    path: document.Path = tuple(first["loc"])
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{places.root.text}: {document.show(path)}: missing; it has no default{more}"
    if path and first["type"] == "extra_forbidden":
        known = list((PublishedOptions if len(path) > 1 else Recipe).model_fields)
        near = difflib.get_close_matches(str(path[len(path) - 1]), known, 1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
        return f"{places.of_key(path).text}: {document.show(path)}: unknown key; {hint}{more}"
    if not path or first["type"] == "value_error":
        where = f"{document.show(path)}: " if path else ""
        return f"{places.of_key(path).text}: {where}{message}{more}"
    expected = message.replace("Input should be", "expected", 1)
    expected = expected if expected.startswith("expected") else f"expected otherwise: {expected}"
    return f"{places.of_value(path).text}: {document.show(path)}: {first['input']!r}; {expected}{more}"


def differences(old: Recipe, new: Recipe) -> dict[str, tuple[Any, Any]]:
    """What differs between two sittings beyond what may: key -> (then, now)."""
    then, now = (recipe.model_dump(mode="json") for recipe in (old, new))
    return {key: (then[key], now[key]) for key in now if key not in FREE and then[key] != now[key]}
