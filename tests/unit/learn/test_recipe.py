"""Recipes: read, completed, compared; what is wrong is one line that says where and what was expected."""

from pathlib import Path

import pytest

from simnet.errors import InputError
from simnet.learn import recipe

GOOD = """\
model: tiny
stage: backbone
data: [pairs:a, kitti-stereo:b]
validation:
  - kitti-stereo:b
steps: 10
"""


def read(tmp_path: Path, text: str, *overrides: str) -> recipe.Recipe:
    file = tmp_path / "r.yaml"
    file.write_text(text)
    return recipe.read(str(file), list(overrides))


def test_short_recipe_names_are_completed(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD, "offsets=[0, 3]")
    assert found.data == ("pairs:a?offset=0,3", "kitti-stereo:b#train")
    assert found.validation == ("kitti-stereo:b#val",)
    assert recipe.Recipe.model_validate_json(found.model_dump_json()) == found


def test_every_shipped_recipe_loads() -> None:
    files = sorted(recipe.FOLDER.glob("*.yaml"))
    assert files
    for file in files:
        assert recipe.read(file.stem).model == file.stem


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        (GOOD + "stepz: 3\n", [], "r.yaml:7:1: stepz: unknown key; did you mean steps?"),
        (GOOD + "zzz: 3\n", [], "r.yaml:7:1: zzz: unknown key; expected one of model, stage"),
        (GOOD.replace("steps: 10", "steps: -1"), [], "r.yaml:6:8: steps: -1; expected greater than 0"),
        (GOOD.replace("steps: 10", "steps: many"), [], "r.yaml:6:8: steps: 'many'; expected a valid integer"),
        (GOOD.replace("steps: 10", ""), [], "r.yaml:1:1: steps: missing"),
        (GOOD.replace("backbone", "backbon"), [], "r.yaml:2:8: stage: 'backbon'; expected 'backbone', 'fuse'"),
        (GOOD.replace("pairs:a", "pears:a"), [], "r.yaml:3:1: data: pears:a: not a data set; expected pairs:DIR"),
        (GOOD.replace("[pairs:a, kitti-stereo:b]", "[]"), [], "r.yaml:3:7: data"),
        (
            GOOD.replace("  - kitti-stereo:b", "  - kitti-stereo:b#dev"),
            [],
            "r.yaml:4:1: validation: .*split 'dev'; expected #train",
        ),
        (GOOD + "codecs: [jpeg, mpeg1]\n", [], "r.yaml:7:1: codecs: mpeg1: unknown codec"),
        (GOOD, ["codecs=[jpeg=atn]"], "--set codecs=.*: codecs: codec jpeg has no models; found model atn"),
        (GOOD, ["steps=0"], "--set steps=0: steps: 0; expected greater than 0"),
        (GOOD, ["stepz=0"], "--set stepz=0: stepz: unknown key; did you mean steps"),
        (GOOD, ["steps"], "--set steps: expected KEY=VALUE"),
        (GOOD, ["steps.x=1"], r"--set steps.x=1: steps has no keys below it"),
        (GOOD, ["offsets=[1, 1]"], "offsets: .*each once"),
        (GOOD, ["shares=[1, 1]"], "pictures, shares, numbers: expected with stage lowres alone"),
        (
            GOOD,
            ["stage=lowres", "shares=[1]"],
            "shares: 1 for 2 data sets and 0 folders of pictures; expected one each",
        ),
        (GOOD, ["stage=lowres", "numbers.latnt=3"], "--set numbers.latnt=3: numbers.latnt: 'latnt'; expected 'latent'"),
        (GOOD, ["stage=published"], "published: expected with stage published"),
        (
            GOOD,
            ["stage=published", "published.codec=ndic"],
            "--set published.codec=ndic: published.codec: 'ndic'; expected",
        ),
        (GOOD, ["stage=published", "published.codex=1"], "codex: unknown key; did you mean codec"),
        (GOOD, ["batch=4", "seed=x", "steps=y"], r"seed: 'x'; expected a valid integer.*\(and 1 more\)"),
        ("- a list", [], "r.yaml:1:1: no recipe; expected keys such as model"),
        ("", [], "no recipe; expected keys"),
        ("a: [", [], "no valid YAML"),
        ("model: a\nmodel: b\n", [], "duplicate key"),
    ],
)
def test_bad_recipe_is_one_line(tmp_path: Path, text: str, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, text, *overrides)
    assert "\n" not in str(caught.value)


def test_missing_recipe_lists_the_shipped_ones() -> None:
    with pytest.raises(InputError, match="no such recipe; expected a YAML file or one of atn, "):
        recipe.read("nothing")


def test_recipe_comparison_ignores_changeable_keys(tmp_path: Path) -> None:
    old, new = read(tmp_path, GOOD), read(tmp_path, GOOD, "steps=99", "device=cpu", "batch=4", "distortion=ms-ssim")
    assert recipe.differences(old, new) == {"batch": (16, 4), "distortion": ("mse", "ms-ssim")}
    assert recipe.differences(old, old) == {}
