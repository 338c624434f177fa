"""Training recipes: all inputs of a training, read from a YAML file and stored with the checkpoint."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

import pydantic

from simnet import codec, input_files, units
from simnet.codec import replaced
from simnet.errors import InputError
from simnet.learn import dataset_spec
from simnet.scenario import document
from simnet.suggestions import near

FOLDER = Path(__file__).parent / "recipes"
FREE = ("steps", "device")
"""Keys that may change when a training resumes."""


class PublishedOptions(pydantic.BaseModel):
    """Options that the NDIC and ATN papers vary; loss = bpp_x + alpha bpp_y + beta bpp_w + weight 255^2 (D_x + alpha D_y)."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    codec: Literal["ndic-bls17", "ndic-bmshj18", "atn-paper", "bls17", "bmshj18"]
    filters: int = pydantic.Field(default=192, gt=0, le=1024)
    """N in the papers."""
    weight: float = pydantic.Field(gt=0)
    """lambda in the papers."""
    alpha: float = pydantic.Field(default=1.0, ge=0)
    beta: float = pydantic.Field(default=1.0, ge=0)


CODECS = {
    "backbone": "factorized",
    "lowres": "lowres",
    "renderer-fusion": "atn",
    "rows": "atn",
    "common": "ndic",
    "fuse": "fuse",
    "dsin": "dsin",
}
"""Codec that each stage trains for; with `published`, the recipe says which."""


class Recipe(pydantic.BaseModel):
    """One stage of training; unknown keys are errors."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    model: str = pydantic.Field(min_length=1)
    """Folder of `models/` that the trained model is exported to."""
    stage: Literal["backbone", "fuse", "common", "published", "dsin", "lowres", "renderer-fusion", "rows"]
    """`lowres`: the backbone at 1/16 of the size. `renderer-fusion`: the side-information stage behind it, encoder frozen.
    `rows`: matches along the rows of rectified cameras, for the `renderer-fusion` of the model `start`. `common`: NDIC's use of
    side information behind it, encoder frozen. `fuse`: the side-information stage behind other codecs. `backbone`: a backbone
    with a factorised prior. `published`: a network of the NDIC and ATN papers, trained as theirs. `dsin`: DSIN, trained as in
    its paper."""
    backbone: str | None = None
    """For `renderer-fusion`, `rows` and `common`: model of the frozen backbone, a shipped one or a folder."""
    codecs: tuple[str, ...] = ()
    """For `fuse`: codecs whose decoded pictures are the training input."""
    data: tuple[str, ...] = pydantic.Field(min_length=1)
    """Data names (see `dataset_spec`): `pairs:DIR`, `kitti_raw:DIR`, `kitti_odometry:DIR`, `kitti-stereo:DIR`,
    `kitti-general:DIR`, `cityscapes:DIR`, `rendered:SCENE`. The default split is `#train`."""
    validation: tuple[str, ...] = pydantic.Field(min_length=1)
    """Named data for validation; the default split is `#val`."""
    pictures: tuple[str, ...] = ()
    """For `lowres`: folders of single pictures, used for training in addition to `data`."""
    shares: tuple[pydantic.PositiveFloat, ...] = ()
    """For `lowres`: relative frequency of each of `data`, then of `pictures`; default: square root of the size."""
    numbers: dict[Literal["latent", "encoder", "hyper", "context", "body", "renderer"], pydantic.PositiveInt] = (
        pydantic.Field(default_factory=dict)
    )
    """For `lowres`: numbers of channels that differ from those of `LowresNumbers`."""
    offsets: tuple[int, ...] = (0,)
    """Offsets in frames by which a drive's right picture is later, for each of `data` whose name gives none."""
    use: str = "research only. KITTI is CC BY-NC-SA 3.0 and EuRoC is non-commercial, so these weights are too."
    """What the pictures' terms allow, for the model card."""
    seed: int = pydantic.Field(default=1, ge=0)
    steps: int = pydantic.Field(gt=0)
    batch: int = pydantic.Field(default=16, gt=0)
    """Examples per step, over all processes."""
    crop: int = pydantic.Field(default=128, gt=0, multiple_of=16)
    learning_rate: float = pydantic.Field(default=5e-4, gt=0)
    warm_up: int = pydantic.Field(default=500, ge=0)
    schedule: Literal["cosine", "plateau"] = "cosine"
    """`cosine`: falls to a hundredth at the last step. `plateau`: to a tenth after ten validations without improvement."""
    amsgrad: bool = False
    clip: float | None = pydantic.Field(default=1.0, gt=0)
    """Norm that gradients are clipped to."""
    distortion: Literal["mse", "ms-ssim"] = "mse"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: a GPU if there is one."""
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    """Precision of the convolutions; weights and losses are float32."""
    rendered_pairs: int = pydantic.Field(default=200, gt=0)
    """Number of pairs that are rendered for each `rendered:SCENE`."""
    start: str | None = None
    """For `backbone` and the stages of fusion: model (name or folder) whose weights initialise the training."""
    lambda_low: float = pydantic.Field(default=0.0001, gt=0)
    lambda_high: float = pydantic.Field(default=0.07, gt=0)
    """Distortion weight (255^2 * MSE + bpp / lambda) at quality 0 and 1; geometric in between."""
    examples: int = pydantic.Field(default=4000, gt=0)
    """For the stages of fusion: number of decoded and aligned examples that are prepared."""
    bpp_target: float = pydantic.Field(default=0.2, gt=0)
    """For `dsin`: the rate (bit/pixel) above which its loss rises."""
    drop_side: float = pydantic.Field(default=0.1, ge=0, le=1)
    """For stages with side pictures: share of examples with an unrelated one, so the decoder learns to ignore useless ones."""
    published: PublishedOptions | None = None
    """For `published`: the network, and the loss weights of the papers."""

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
        if self.stage != "lowres" and (self.pictures or self.shares or self.numbers):
            raise ValueError("pictures, shares, numbers: expected with stage lowres alone")
        if self.stage == "rows" and self.start is None:
            raise ValueError("start: missing; with stage rows it is the model that the matches are for, such as atn")
        if self.shares and len(self.shares) != len(self.data) + len(self.pictures):
            sources = f"{len(self.data)} data sets and {len(self.pictures)} folders of pictures"
            raise ValueError(f"shares: {len(self.shares)} for {sources}; expected one each")
        if self.lambda_low > self.lambda_high:
            raise ValueError(f"lambda_low {self.lambda_low} above lambda_high {self.lambda_high}; expected it below")
        if len(set(self.offsets)) < max(1, len(self.offsets)):
            raise ValueError(f"offsets: {list(self.offsets)}; expected at least one, and each once")
        with_offsets = tuple(dataset_spec.with_defaults(name, "train", self.offsets) for name in self.data)
        # A validator of a frozen model has no other way to set one field from another.
        object.__setattr__(self, "data", with_offsets)
        return self

    @property
    def codec_name(self) -> str:
        """Name of the codec that uses the trained model."""
        return self.published.codec if self.published else CODECS[self.stage]


def read(path: str, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe from a file, or a shipped recipe by name; `overrides` are `key=value` strings.

    Raises:
        InputError: The recipe does not exist, or is invalid; the text gives file, line, key and the expected value.
    """
    file = find(path)
    text = input_files.read_text(file, input_files.YAML_BYTES, "a recipe, YAML text")
    values, places = document.read(text, str(file))
    if not isinstance(values, dict) or (values and not values.keys() & Recipe.model_fields):
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
    """Return the file of a recipe; InputError if there is none."""
    file = Path(path) if Path(path).is_file() else FOLDER / f"{path.removesuffix('.yaml')}.yaml"
    if not file.is_file():
        replaced.refuse("recipe", path.removesuffix(".yaml"))
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.yaml")))
        hint = near(path, known.split(", "))
        raise InputError(f"{path}: no such recipe{hint}; expected a YAML file or one of {known}")
    return file


def explain(error: pydantic.ValidationError, places: document.SourceLocations) -> str:
    """Format the first fault as one line: location, value and expected value."""
    # A misspelt key also makes the correct key missing, so it is reported first.
    faults = sorted(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    first = faults[0]
    path: document.Path = tuple(part for part in first["loc"] if part != "[key]")  # pydantic's word for a key as such
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{places.root.text}: {document.show(path)}: missing; it has no default{more}"
    if path and first["type"] == "extra_forbidden":
        known = list((PublishedOptions if len(path) > 1 else Recipe).model_fields)
        close = difflib.get_close_matches(str(path[len(path) - 1]), known, 1)
        hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"
        return f"{places.of_key(path).text}: {document.show(path)}: unknown key; {hint}{more}"
    if not path or first["type"] == "value_error":
        where = f"{document.show(path)}: " if path else ""
        return f"{places.of_key(path).text}: {where}{message}{more}"
    expected = message.replace("Input should be", "expected", 1)
    expected = expected if expected.startswith("expected") else f"expected otherwise: {expected}"
    return f"{places.of_value(path).text}: {document.show(path)}: {units.shorten(first['input'])}; {expected}{more}"


def differences(old: Recipe, new: Recipe) -> dict[str, tuple[Any, Any]]:
    """Differences between two recipes in keys that may not change: key -> (old, new)."""
    then, now = (recipe.model_dump(mode="json") for recipe in (old, new))
    return {key: (then[key], now[key]) for key in now if key not in FREE and then[key] != now[key]}
