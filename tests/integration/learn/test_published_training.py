"""The published networks train at a tiny size: the loss falls, and the best weights become a working model."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from simnet import codec
from simnet.cli import main
from simnet.codec.published import load_checkpoint
from simnet.learn import pair_data, published_stage, training_journal
from simnet.learn.recipe import PublishedOptions, Recipe


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    """Four pairs of a moving texture, 256 x 128."""
    torch.set_num_threads(1)
    texture = np.kron(np.random.default_rng(4).integers(0, 255, (10, 24, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    for side, shift in (("left", 0), ("right", 9)):
        (tmp_path / "data" / side).mkdir(parents=True)
        for k in range(4):
            cut = np.ascontiguousarray(texture[:128, 16 * k + shift : 16 * k + shift + 256])
            Image.fromarray(cut).save(tmp_path / "data" / side / f"{k}.png")
    return f"pairs:{tmp_path / 'data'}"


def recipe(pairs: str, name: str, **changes: object) -> Recipe:
    values = {
        "model": "test",
        "stage": "published",
        "published": {"codec": name, "filters": 4, "weight": 1e-2},
        "data": [pairs],
        "validation": [pairs],
        "steps": 12,
        "batch": 1,
        "learning_rate": 5e-3,
        "schedule": "plateau",
        "amsgrad": True,
        "clip": None,
        "precision": "float32",
        "device": "cpu",
    }
    return Recipe.model_validate(values | changes)


@pytest.mark.parametrize(
    ("name", "kind"), [("ndic-bls17", "ms-ssim"), ("ndic-bmshj18", "mse"), ("bls17", "mse"), ("bmshj18", "ms-ssim")]
)
def test_loss_falls_and_best_weights_load_as_published(tmp_path: Path, pairs: str, name: str, kind: str) -> None:
    network = published_stage.train(recipe(pairs, name, distortion=kind), tmp_path / "out")
    found = [float(line.split()[3]) for line in (tmp_path / "out" / "log.txt").read_text().splitlines()]
    assert len(found) == 3
    assert found[-1] < 0.95 * found[0]
    again = load_checkpoint(tmp_path / "out" / published_stage.BEST, name)
    x = torch.rand(1, 3, 128, 256)
    with torch.no_grad():
        assert torch.allclose(again(x, x).x_hat, network(x, x).x_hat, atol=1e-5)


def test_attention_learns(pairs: str) -> None:
    chosen = PublishedOptions(codec="atn-paper", filters=2, weight=1e-2, alpha=0, beta=0)
    torch.manual_seed(1)
    network = published_stage.build(chosen).train()
    assert [each.embed_x.in_features for each in network.attention] == [32, 128, 512]  # type: ignore[union-attr]
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, amsgrad=True)
    x, y = published_stage.Pairs([pair_data.load(pairs, rendered_pairs=1, seed=1)], 1).batch(0, 1)
    values = []
    for _ in range(8):
        found = published_stage.terms(network(x, y), x, y, chosen, "mse")["loss"]
        optimizer.zero_grad()
        found.backward()
        optimizer.step()
        values.append(found.item())
    assert values[-1] < 0.9 * values[0]


def test_loss_matches_the_paper(pairs: str) -> None:
    chosen = PublishedOptions(codec="ndic-bls17", filters=4, weight=1e-3, alpha=0.5, beta=0.25)
    network = published_stage.build(chosen).eval()
    x, y = published_stage.Pairs([pair_data.load(pairs, rendered_pairs=1, seed=1)], 1).batch(0, 2)
    with torch.no_grad():
        output = network(x, y)
    pixels = 2 * 128 * 256
    bpp = {name: -torch.log2(value).sum() / pixels for name, value in output.likelihoods.items()}
    assert output.y_hat is not None
    distance = ((output.x_hat - x) ** 2).mean() + 0.5 * ((output.y_hat - y) ** 2).mean()
    expected = bpp["x"] + 0.5 * bpp["y"] + 0.25 * bpp["w"] + 1e-3 * 255**2 * distance
    assert published_stage.terms(output, x, y, chosen, "mse")["loss"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_every_pair_comes_once_an_epoch_flipped_alike(pairs: str) -> None:
    source = pair_data.load(pairs, rendered_pairs=1, seed=1)
    batches = published_stage.Pairs([source], 1)
    flat = {tuple(picture.reshape(-1)[:600].tolist()): i for i, (picture, _) in enumerate(source.pairs)}
    flat |= {tuple(picture[:, ::-1].reshape(-1)[:600].tolist()): i for i, (picture, _) in enumerate(source.pairs)}
    seen = []
    for step in range(4):
        for x, y in zip(*batches.batch(step, 2), strict=True):
            pictures = [(each * 255).round().to(torch.uint8).permute(1, 2, 0).numpy() for each in (x, y)]
            index = flat[tuple(pictures[0].reshape(-1)[:600].tolist())]
            seen.append(index)
            turned = [picture[:, ::-1] for picture in pictures]
            assert any(
                all(np.array_equal(a, b) for a, b in zip(source.pairs[index], both, strict=True))
                for both in (pictures, turned)
            )
    assert sorted(seen[:4]) == sorted(seen[4:]) == [0, 1, 2, 3]


def command(pairs: str, out: Path, *settings: str) -> list[str]:
    small = (f"data=[{pairs!r}]", f"validation=[{pairs!r}]", "published.filters=4", "published.weight=1.0e-2")
    return ["train", "ndic-bls17", "--out", str(out), *(part for each in small + settings for part in ("--set", each))]


def test_recipe_ends_in_a_working_model(tmp_path: Path, pairs: str) -> None:
    out = tmp_path / "out"
    assert main(command(pairs, out, "steps=2")) == 0
    manifest = yaml.safe_load((out / "model" / "manifest.yaml").read_text())
    assert manifest["recipe"]["published"]["filters"] == 4
    assert manifest["measured"]["pictures"] == 4
    assert manifest["validation"][0].startswith("step 2: loss")
    picture = np.asarray(Image.open(Path(pairs.removeprefix("pairs:")) / "left" / "0.png"))
    encoder = codec.open_encoder("ndic-bls17", 256, 128, str(out / "model"))
    frame = encoder.encode(picture, 0.5)
    assert codec.open_decoder(encoder.announcement).decode(frame, ()).picture.shape == picture.shape


def figures(folder: Path) -> dict[tuple[str, str], float]:
    with (folder / training_journal.FIGURES).open() as file:
        return {(step, name): float(value) for step, name, value in list(csv.reader(file))[1:]}


def test_two_processes_train_like_one(tmp_path: Path, pairs: str) -> None:
    settings = ("steps=6", "batch=2", "learning_rate=5.0e-3")
    assert main(command(pairs, tmp_path / "one", *settings)) == 0
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "simnet"]
    done = subprocess.run(
        [*launch, *command(pairs, tmp_path / "two", *settings)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("use it as `model` of codec ndic-bls17") == 1
    one, two = (
        [
            [float(number) for number in re.findall(r"\d+\.\d+", line)]
            for line in (tmp_path / name / "log.txt").read_text().splitlines()
        ]
        for name in ("one", "two")
    )
    assert len(one) == 3
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=0.02, abs=0.02), "loss, rate, PSNR, MS-SSIM"
    last = [figures(tmp_path / name)["6", "train/loss"] for name in ("one", "two")]
    assert last[1] == pytest.approx(last[0], rel=0.02), "noise for quantisation is all that differs"
    assert (tmp_path / "two" / "model" / "manifest.yaml").is_file()
