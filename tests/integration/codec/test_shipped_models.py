"""Every shipped model is complete, described, and refused once a byte is wrong."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from simnet import codec, shipped
from simnet.codec import model
from simnet.codec.bitstream.entropy_tables import EntropyTables
from simnet.codec.learned.lowres_coder import LowresCoder
from simnet.errors import ModelError

MODELS = model.names()


CODING = [name for name in MODELS if "analysis" in model.load(name).coding.manifest["graphs"]]
"""The other is a stage behind other codecs."""


def test_whole_model_family_is_shipped() -> None:
    assert {"atn", "atn-free", "factorized", "fuse", "lowres", "lowres-free", "ndic"} <= set(MODELS)


def test_model_family_shares_one_encoder() -> None:
    tables = {name: model.tables(model.load(name)).digest for name in ("atn", "lowres", "ndic")}
    assert len(set(tables.values())) == 1


@pytest.mark.parametrize("name", MODELS)
def test_manifest_and_card_state_the_origin(name: str) -> None:
    chosen = model.load(name)
    assert chosen.manifest["recipe"]["data"]
    assert chosen.manifest["measured"]
    own = all(each.startswith("rendered:") for each in chosen.manifest["recipe"]["data"])
    assert ("any, under Apache-2.0" if own else "research only") in (chosen.folder / "card.md").read_text()


@pytest.mark.parametrize("codec_name", ["lowres", "atn"])
def test_free_weights_code_what_the_others_code(codec_name: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    encoder = codec.open_encoder(codec_name, 96, 64, f"{codec_name}-free")
    decoded = codec.open_decoder(encoder.announcement).decode(encoder.encode(picture, 0.5), ())
    assert decoded.picture.shape == picture.shape


@pytest.mark.parametrize("name", CODING)
def test_declared_times_match_the_manifest(name: str) -> None:
    chosen = model.load(name)
    assert codec.declared_times(chosen.codec, name) == chosen.times


@pytest.mark.parametrize("name", MODELS)
def test_training_and_test_drives_differ(name: str) -> None:
    recipe = model.load(name).manifest["recipe"]
    assert not set(recipe["data"]) & set(recipe["validation"])
    assert not any("odometry_b" in item or "slamdemo" in item for item in (*recipe["data"], *recipe["validation"]))


@pytest.mark.parametrize("name", CODING)
def test_tables_are_monotone_and_complete(name: str) -> None:
    coder = model.tables(model.load(name))
    both = (coder.gaussians.tables, coder.priors.tables) if isinstance(coder, LowresCoder) else (coder.tables,)
    for row in (tables.table(each) for tables in both for each in range(len(tables))):
        assert row[0] == 0
        assert row[-1] == 65536
        assert (np.diff(row) > 0).all()


def test_latents_survive_the_range_coder() -> None:
    tables = model.tables(model.load("factorized"))
    assert isinstance(tables, EntropyTables)
    rng = np.random.default_rng(3)
    for step in (0, 100, 255):
        latent = rng.laplace(0, 3, (tables.channels, 3, 5)).astype(np.float32)
        latent[0, 0, 0] = 700  # beyond most tables: the escape
        values = tables.decode_latent(tables.encode_latent(latent, step), (3, 5), step)
        again = tables.decode_latent(tables.encode_latent(latent, step), (3, 5), step)
        np.testing.assert_array_equal(values, again)
        assert values[0, 0, 0] == pytest.approx(700, rel=0.2)  # gains back are learned, not the inverse


@pytest.mark.parametrize("part", ["weights.safetensors", "analysis.onnx"])
def test_corrupted_model_file_is_refused(part: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shipped.folder("models") / "factorized", copy)
    content = bytearray((copy / part).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / part).write_bytes(content)
    with pytest.raises(ModelError, match=f"{part}: digest"):
        codec.open_encoder("factorized", 64, 64, str(copy))


def copied(names: tuple[str, ...], place: Path) -> None:
    for name in names:
        shutil.copytree(shipped.folder("models") / name, place / name)


def test_backbone_is_the_one_beside_the_model_else_the_shipped_one(tmp_path: Path) -> None:
    copied(("atn",), tmp_path)
    alone = model.load(str(tmp_path / "atn"))
    assert alone.backbone is model.load("lowres")
    copied(("lowres",), tmp_path)
    assert model.load(str(tmp_path / "atn")).digest == alone.digest


def test_another_backbone_than_the_one_trained_with_is_refused(tmp_path: Path) -> None:
    copied(("atn", "factorized"), tmp_path)
    (tmp_path / "factorized").rename(tmp_path / "lowres")
    with pytest.raises(ModelError, match=r"atn: trained behind backbone lowres of digest \w+; found \w+ in .*lowres"):
        model.load(str(tmp_path / "atn"))


@pytest.mark.parametrize(
    ("backbone", "complaint"),
    [
        ("nowhere", "expected a map of model and digest"),
        ({"model": "../lowres", "digest": "0" * 16}, "expected the plain name of a folder"),
        ({"model": "nowhere", "digest": "0" * 16}, "no model folder; expected it there, or a shipped model"),
        ({"model": "atn", "digest": "0" * 16}, "has a backbone itself; expected one that encodes"),
        ({"model": "lowres", "digest": "0" * 16}, "of digest 0000"),
        ({"model": "lowres", "digest": "0"}, "expected 16 hexadecimal digits"),
    ],
)
def test_backbone_that_no_model_has_is_refused(backbone: object, complaint: str, tmp_path: Path) -> None:
    copied(("atn",), tmp_path)
    file = tmp_path / "atn" / "manifest.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"backbone": backbone}))
    with pytest.raises(ModelError, match=complaint):
        model.load(str(tmp_path / "atn"))


def test_model_folder_elsewhere_is_used(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shipped.folder("models") / "factorized", copy)
    assert codec.open_encoder("factorized", 64, 64, str(copy)).announcement.checkpoint_digest
    (copy / "manifest.yaml").write_text("version: 1\n")
    with pytest.raises(ModelError, match="not a model's manifest"):
        model.load(str(copy))


def test_every_model_file_needs_a_digest(tmp_path: Path) -> None:
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
