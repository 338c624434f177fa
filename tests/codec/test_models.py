"""The models that are shipped, each of them: whole, described, and refused once a byte is wrong."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from simnet import codec, shipped
from simnet.codec import model
from simnet.errors import ModelError

MODELS = model.names()


def test_both_networks_are_shipped() -> None:
    assert {"atn", "factorized"} <= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_manifest_and_card_tell_where_it_comes_from(name: str) -> None:
    chosen = model.load(name)
    assert chosen.manifest["recipe"]["data"]
    assert chosen.manifest["measured"]
    assert "research only" in (chosen.folder / "card.md").read_text()
    assert codec.declared_times(chosen.codec, name) == chosen.times


@pytest.mark.parametrize("name", MODELS)
def test_training_and_test_drives_differ(name: str) -> None:
    recipe = model.load(name).manifest["recipe"]
    assert not set(recipe["data"]) & set(recipe["validation"])
    assert not any("odometry_b" in item or "slamdemo" in item for item in (*recipe["data"], *recipe["validation"]))


@pytest.mark.parametrize("name", MODELS)
def test_tables_are_monotone_and_complete(name: str) -> None:
    tables = model.tables(model.load(name))
    for level in tables.rows:
        for row in level:
            assert row[0] == 0
            assert row[-1] == 65536
            assert all(a < b for a, b in itertools.pairwise(row))


@pytest.mark.parametrize("name", MODELS)
def test_symbols_survive_the_range_coder(name: str) -> None:
    tables = model.tables(model.load(name))
    rng = np.random.default_rng(3)
    channels = tables.gain.shape[1]
    for step in (0, 100, 255):
        symbols = np.rint(rng.laplace(0, 3, (channels, 3, 5))).astype(np.int32)
        symbols[0, 0, 0] = 700  # beyond any table: the escape
        assert (tables.decode(tables.encode(symbols, step), symbols.shape, step) == symbols).all()


@pytest.mark.parametrize("part", ["weights.safetensors", "analysis.onnx"])
def test_a_wrong_byte_in_a_model_is_refused(part: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shipped.folder("models") / "factorized", copy)
    content = bytearray((copy / part).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / part).write_bytes(content)
    with pytest.raises(ModelError, match=f"{part}: digest"):
        codec.open_encoder("factorized", 64, 64, str(copy))


def test_a_model_folder_elsewhere_is_used(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shipped.folder("models") / "factorized", copy)
    assert codec.open_encoder("factorized", 64, 64, str(copy)).announcement.checkpoint_digest
    (copy / "manifest.yaml").write_text("version: 1\n")
    with pytest.raises(ModelError, match="not a model's manifest"):
        model.load.__wrapped__(str(copy))


def test_every_file_of_a_model_needs_its_digest(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shipped.folder("models") / "factorized", copy)
    manifest = copy / "manifest.yaml"
    lines = [line for line in manifest.read_text().splitlines() if not line.startswith("  weights.safetensors:")]
    manifest.write_text("\n".join(lines))
    with pytest.raises(ModelError, match=r"no digest of weights\.safetensors"):
        model.load(str(copy))
    manifest.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="not a model's manifest"):
        model.load(str(copy))
