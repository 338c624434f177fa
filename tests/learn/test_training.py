"""`simnet train` from nothing to a model that codes, interrupted on the way; `simnet evaluate` on what it gives."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet import codec
from simnet.cli import main
from simnet.learn.evaluate import bd_rate

SMALL = ["batch=2", "crop=64", "examples=4", "warm_up=2"]


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    """Three pairs of a moving texture, 160 x 96."""
    rng = np.random.default_rng(4)
    texture = np.kron(rng.integers(0, 255, (16, 28, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    for side, shift in (("left", 0), ("right", 5)):
        (tmp_path / "data" / side).mkdir(parents=True)
        for k in range(3):
            cut = np.ascontiguousarray(texture[:96, 8 * k + shift : 8 * k + shift + 160])
            Image.fromarray(cut).save(tmp_path / "data" / side / f"{k}.png")
    return f"pairs:{tmp_path / 'data'}"


def train(recipe: str, folder: Path, data: str, *settings: str) -> int:
    values = [f"data=[{data!r}]", f"validation=[{data!r}]", *SMALL, *settings]
    return main(["train", recipe, "--out", str(folder), *(part for value in values for part in ("--set", value))])


def test_both_stages_train_resume_and_code(tmp_path: Path, pairs: str) -> None:
    base, fused = tmp_path / "base", tmp_path / "fused"
    assert train("factorized", base, pairs, "steps=3") == 0
    assert train("factorized", base, pairs, "steps=5") == 0
    log = (base / "log.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in log] == ["step 3", "step 5"]
    assert train("atn", fused, pairs, "steps=2", f"backbone={base}") == 0
    picture = np.asarray(Image.open(Path(pairs.removeprefix("pairs:")) / "left" / "0.png"))
    for name, folder in (("factorized", base), ("atn", fused)):
        encoder = codec.open_encoder(name, 160, 96, str(folder / "model"))
        frame = encoder.encode(picture, 0.5)
        assert codec.open_decoder(encoder.announcement).decode(frame, ()).picture.shape == picture.shape


def test_bad_recipes_are_one_line(tmp_path: Path, pairs: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["train", "nothing"]) == 2
    assert train("factorized", tmp_path / "a", pairs, "stepz=3") == 2
    assert train("factorized", tmp_path / "b", "pairs:/nowhere") == 2
    assert train("atn", tmp_path / "c", pairs, "backbone=/nowhere") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("simnet: error: ") for line in lines)


def test_evaluate_prints_curves_and_bd_rates(pairs: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    codecs = ["--codec", "atn,factorized,jpeg", "--anchor", "factorized", "--out", str(tmp_path / "page")]
    assert main(["evaluate", "--data", pairs, *codecs, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result["points"]) == {"atn", "factorized", "jpeg"}
    assert set(result["points"]["atn"][0]) == {"quality", "bpp", "psnr_db", "ms_ssim"}
    assert result["bd_rate"]["factorized"]["psnr"] == pytest.approx(0, abs=1e-6)
    for atn, backbone in zip(result["points"]["atn"], result["points"]["factorized"], strict=True):
        assert atn["bpp"] == backbone["bpp"]
        assert atn["psnr_db"] > backbone["psnr_db"] + 1
    assert result["controls"]["atn"]["none"] == [
        point | {"bpp": result["points"]["atn"][i]["bpp"]} for i, point in enumerate(result["points"]["factorized"])
    ]
    assert (tmp_path / "page" / "evaluation.html").exists()


def test_a_single_pair_gets_no_unrelated_control(pairs: str, capsys: pytest.CaptureFixture) -> None:
    for side in ("left", "right"):
        for k in (1, 2):
            (Path(pairs.removeprefix("pairs:")) / side / f"{k}.png").unlink()
    assert main(["evaluate", "--data", pairs, "--codec", "atn", "--qualities", "0.5", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result["controls"]["atn"]) == {"none"}


@pytest.mark.parametrize(
    "arguments",
    [["--codec", "h266"], ["--anchor", "jpeg"], ["--qualities", "0,2"], ["--qualities", "x"], ["--size", "axb"]],
)
def test_bad_evaluations_are_one_line(pairs: str, arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    assert main(["evaluate", "--data", pairs, *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_cannot_be_measured_is_one_line(tmp_path: Path, pairs: str, capsys: pytest.CaptureFixture) -> None:
    for side in ("left", "right"):
        (tmp_path / "tiny" / side).mkdir(parents=True)
        Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(tmp_path / "tiny" / side / "0.png")
    assert main(["evaluate", "--data", f"pairs:{tmp_path / 'tiny'}"]) == 2
    assert main(["evaluate", "--data", "nothing"]) == 2
    assert main(["evaluate", "--data", pairs, "--codec", "jpeg,jpeg"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "rendered:SCENE" in lines[1]


def test_half_the_rate_at_equal_quality_is_minus_fifty_percent() -> None:
    anchor = [{"bpp": 2.0**k, "psnr_db": 30.0 + k, "ms_ssim": 0.9} for k in range(6)]
    half = [point | {"bpp": point["bpp"] / 2} for point in anchor]
    assert bd_rate(anchor, half, "psnr_db") == pytest.approx(-50, abs=0.1)
    assert bd_rate(anchor, half, "ms_ssim") is None
