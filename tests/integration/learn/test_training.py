"""`simnet train` makes a working model, with an interruption in between."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet import codec
from simnet.cli import main
from simnet.codec.learned.backbone_networks import BackboneNumbers
from simnet.codec.learned.lowres_networks import LowresNumbers
from simnet.learn import backbone_stage, lowres_stage
from simnet.records import SideInformation
from support import small_lowres

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


def train(recipe: str, folder: Path, data: str, *settings: str, exported: Path | None = None) -> int:
    values = [f"data=[{data!r}]", f"validation=[{data!r}]", *SMALL, *settings]
    places = ["--out", str(folder), *(("--export", str(exported)) if exported else ())]
    return main(["train", recipe, *places, *(part for value in values for part in ("--set", value))])


def test_backbone_trains_resumes_and_codes(tmp_path: Path, pairs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbone_stage, "BackboneNumbers", lambda: BackboneNumbers(8, 8, 8, 3))
    assert train("factorized", tmp_path, pairs, "steps=3") == 0
    assert train("factorized", tmp_path, pairs, "steps=5") == 0
    log = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in log] == ["step 3", "step 5"]
    picture = np.asarray(Image.open(Path(pairs.removeprefix("pairs:")) / "left" / "0.png"))
    encoder = codec.open_encoder("factorized", 160, 96, str(tmp_path / "model"))
    frame = encoder.encode(picture, 0.5)
    assert codec.open_decoder(encoder.announcement).decode(frame, ()).picture.shape == picture.shape


def test_matches_along_rows_train_for_a_fusion_and_code(tmp_path: Path, pairs: str) -> None:
    backbone, atn, rows = small_lowres.export(tmp_path / "small"), tmp_path / "atn-own", tmp_path / "rows-own"
    assert train("atn", tmp_path / "atn", pairs, "steps=2", f"backbone={backbone}", exported=atn) == 0
    settings = ["steps=2", f"backbone={backbone}", f"start={atn}"]
    assert train("atn-rows", tmp_path / "rows", pairs, *settings, exported=rows) == 0
    left, right = (
        np.asarray(Image.open(Path(pairs.removeprefix("pairs:")) / side / "0.png")) for side in ("left", "right")
    )
    encoder = codec.open_encoder("atn", 160, 96, str(rows))
    frame, decoder = encoder.encode(left, 0.5), codec.open_decoder(encoder.announcement)
    assert decoder.decode(frame, [SideInformation(right, "right", 0)]).picture.shape == left.shape
    # Fusion that is trained on keeps them.
    assert train("atn", tmp_path / "on", pairs, *settings[:2], f"start={rows}", exported=tmp_path / "on-own") == 0
    assert (tmp_path / "on-own" / "rows.onnx").read_bytes()


@pytest.mark.parametrize("name", ["atn", "ndic"])
def test_what_stands_behind_the_backbone_trains_and_codes(name: str, tmp_path: Path, pairs: str) -> None:
    backbone = small_lowres.export(tmp_path / "small")
    assert train(name, tmp_path / name, pairs, "steps=2", f"backbone={backbone}", exported=tmp_path / "own") == 0
    picture, other = (
        np.asarray(Image.open(Path(pairs.removeprefix("pairs:")) / side / "0.png")) for side in ("left", "right")
    )
    own, low = (
        codec.open_encoder(each, 160, 96, str(tmp_path / at)) for each, at in ((name, "own"), ("lowres", "small"))
    )
    frame = own.encode(picture, 0.5)
    assert frame[8:] == low.encode(picture, 0.5)[8:]
    decoded = codec.open_decoder(own.announcement).decode(frame, [SideInformation(other, "right", 0)])
    assert (decoded.picture != decoded.alone).any()


def test_lowres_trains_resumes_and_codes(tmp_path: Path, pairs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowres_stage, "PATCHES", 1000)
    small = LowresNumbers(latent=128, encoder=16, hyper=8, context=16, body=16, renderer=48)
    monkeypatch.setattr(lowres_stage, "LowresNumbers", lambda: small)
    folder, left = tmp_path / "low", Path(pairs.removeprefix("pairs:")) / "left"
    settings = (f"pictures=['{left}']", "shares=[2,1]")
    assert train("lowres", folder, pairs, "steps=1", *settings) == 0
    assert train("lowres", folder, pairs, "steps=2", *settings) == 0
    picture = np.asarray(Image.open(left / "0.png"))
    encoder = codec.open_encoder("lowres", 160, 96, str(folder / "model"))
    frames = [encoder.encode(picture, quality) for quality in (0.1, 0.9)]
    assert len(frames[0]) < len(frames[1])
    shown = codec.open_decoder(encoder.announcement).decode(frames[1], ()).picture
    assert np.mean((shown.astype(float) - picture) ** 2) < picture.astype(float).var() / 4


def test_bad_recipe_is_one_line(tmp_path: Path, pairs: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["train", "nothing"]) == 2
    assert train("factorized", tmp_path / "a", pairs, "stepz=3") == 2
    assert train("factorized", tmp_path / "b", "pairs:/nowhere") == 2
    assert train("atn", tmp_path / "c", pairs, "backbone=/nowhere") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("simnet: error: ") for line in lines)
