"""`simnet import` from the command line, and the model folder that it writes."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from simnet import codec
from simnet.cli import main
from simnet.codec import model

Checkpoint = Callable[..., Path]
SCENARIO = """\
duration: 0.3 s
world: {kind: pictures, path: PLACE}
nodes:
  car: {position: [0, 0], cameras: {a: {size: [64, 48], source: a}}}
  hub: {position: [5, 0], cameras: {b: {size: [64, 48], source: b}}}
links:
  up: {from: car, to: hub, bandwidth: 10 Mbit/s}
streams:
  car/a: {codec: {name: ndic-bls17, model: MODEL}, side_information: [hub/b]}
fusion: {at: hub}
"""

pytestmark = pytest.mark.skipif(find_spec("compressai") is None, reason="needs compressai, which is not installed")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_imported_checkpoint_encodes_and_decodes(
    place: Path, checkpoint: Checkpoint, capsys: pytest.CaptureFixture, picture: np.ndarray
) -> None:
    assert main(["import", str(checkpoint("ndic-bls17")), "--as", "ndic-bls17"]) == 0
    assert capsys.readouterr().out == "imported/ndic-bls17: use it as ndic-bls17=imported/ndic-bls17\n"
    chosen = model.load("imported/ndic-bls17")
    manifest = yaml.safe_load((place / "imported/ndic-bls17/manifest.yaml").read_text())
    state = torch.load(checkpoint("ndic-bls17"), weights_only=True)["model_state_dict"]
    assert manifest["numbers"] == {"channels": 6, "parameters": sum(value.numel() for value in state.values())}
    assert manifest["source"]["kind"] == "ndic_bls17"
    assert min(chosen.times) >= 1_000_000
    assert codec.declared_times("ndic-bls17", "imported/ndic-bls17") == chosen.times
    assert "quality knob changes nothing" in (place / "imported/ndic-bls17/card.md").read_text()
    Image.fromarray(picture).save("x.png")
    asked = ["--codec", "ndic-bls17", "--model", "imported/ndic-bls17"]
    assert main(["encode", "x.png", "-o", "x.snet", *asked]) == 0
    assert main(["decode", "x.snet", "--side", "x.png", "-o", "with.png", *asked[2:]]) == 0
    assert main(["decode", "x.snet", "-o", "without.png", *asked[2:]]) == 0
    with Image.open("with.png") as first, Image.open("without.png") as second:
        assert first.size == second.size == (200, 120)
        assert first.tobytes() != second.tobytes()


def test_authors_entry_names_identify_the_network(
    place: Path, checkpoint: Checkpoint, capsys: pytest.CaptureFixture
) -> None:
    assert main(["import", str(checkpoint("ndic-bmshj18")), "--as", "ndic_bmshj18", "--out", "first"]) == 0
    assert main(["import", str(checkpoint("ndic-bmshj18")), "--out", "second"]) == 0
    assert "use it as ndic-bmshj18=second" in capsys.readouterr().out
    assert model.load("first").digest == model.load("second").digest
    del place


def test_attention_keeps_the_picture_size_of_its_training(
    place: Path, checkpoint: Checkpoint, capsys: pytest.CaptureFixture
) -> None:
    small = str(checkpoint("atn-paper", 4, 96 * 64))
    assert main(["import", small]) == 2
    assert "size 256x128: the weights of its attention are for 6144 pixels; expected --size" in capsys.readouterr().err
    assert main(["import", small, "--size", "96x64", "--out", "small"]) == 0
    assert yaml.safe_load((place / "small/manifest.yaml").read_text())["numbers"]["size"] == [96, 64]
    encoder = codec.open_encoder("atn-paper", 90, 64, "small")
    assert codec.open_decoder(encoder.announcement)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.pt"], "nowhere.pt: No such file"),
        (["x.pt"], "x.pt: not a torch file"),
        (["bls17", "--as", "atn"], "atn: no published network; expected one of atn-paper"),
        (["bls17", "--as", "bmshj18"], "not a checkpoint of bmshj18"),
        (["bls17", "--size", "256x128"], "bls17 takes pictures of any size"),
        (["bls17", "--size", "big"], "--size big: expected WIDTHxHEIGHT"),
        (["bls17", "--out", "full"], "full: is not empty"),
        (["bls17", "--out", "x.pt"], "x.pt: is not empty"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str], said: str, place: Path, checkpoint: Checkpoint, capsys: pytest.CaptureFixture
) -> None:
    (place / "x.pt").write_text("no checkpoint")
    (place / "full").mkdir()
    (place / "full" / "notes.txt").write_text("mine")
    file = str(checkpoint("bls17")) if arguments[0] == "bls17" else arguments[0]
    assert main(["import", file, *arguments[1:]]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("simnet: error: ")
    assert said in shown.err
    assert shown.err.count("\n") == 1


def test_weights_that_cannot_code_are_refused(
    place: Path, checkpoint: Checkpoint, capsys: pytest.CaptureFixture
) -> None:
    import torch

    content = torch.load(checkpoint("bls17"), weights_only=True)
    content["model_state_dict"]["deconv3.weight"].fill_(3e38)
    torch.save(content, "wild.pt")
    assert main(["import", "wild.pt", "--out", "wild"]) == 2
    assert "numbers that are not finite" in capsys.readouterr().err
    assert not (place / "wild").exists()


def test_imported_model_can_be_evaluated(
    place: Path, checkpoint: Checkpoint, capsys: pytest.CaptureFixture, pictures: tuple[np.ndarray, np.ndarray]
) -> None:
    for side, image in zip(("left", "right"), pictures, strict=True):
        (place / "pairs" / side).mkdir(parents=True)
        for k in range(2):
            Image.fromarray(np.roll(image, 9 * k, axis=1)).save(place / "pairs" / side / f"{k}.png")
    assert main(["import", str(checkpoint("ndic-bls17")), "--out", "model"]) == 0
    capsys.readouterr()
    asked = ["--codec", "ndic-bls17=model,jpeg", "--data", "pairs:pairs", "--qualities", "0,0.3,0.6,1", "--json"]
    assert main(["evaluate", *asked, "--out", "evaluation"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "ndic-bls17=model" in json.dumps(result)
    assert (place / "evaluation" / "evaluation.html").stat().st_size > 10_000


def test_imported_model_runs_without_torch(place: Path, checkpoint: Checkpoint) -> None:
    assert main(["import", str(checkpoint("ndic-bls17")), "--out", "model"]) == 0
    rng = np.random.default_rng(0)
    for camera in "ab":
        (place / camera).mkdir()
        for k in range(3):
            Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).save(place / camera / f"{k}.png")
    (place / "small.yaml").write_text(SCENARIO.replace("PLACE", str(place)).replace("MODEL", str(place / "model")))
    code = (
        "import sys; from simnet.cli import main; status = main(['run', 'small.yaml', '--json', '--out', 'out']); "
        "assert 'torch' not in sys.modules; sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    stream = json.loads(done.stdout.splitlines()[-1])["streams"]["car/a"]
    assert stream["decoded"] == 3
