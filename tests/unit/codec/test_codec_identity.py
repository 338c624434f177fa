"""A codec's identity: it changes with checkpoint and libraries, with nothing else, and opens nothing."""

import shutil

import pytest
import yaml

from simnet import source_digest
from simnet.codec import identity, registry
from simnet.codec.identity import codec_identity, plain_identity
from simnet.codec.model import file_digest
from simnet.errors import ModelError
from simnet.shipped import folder

SHIPPED = [
    "atn",
    "factorized",
    "lowres",
    "ndic",
    "jpeg",
    "avif",
    "hevc",
    "av1",
    "hevc-intra",
    "jpeg+fuse",
    "hevc+fuse",
]


def test_codec_identities_differ_and_repeat():
    identities = [codec_identity(name) for name in SHIPPED]
    assert len(set(identities)) == len(SHIPPED)
    assert identities == [codec_identity(name) for name in SHIPPED]
    assert codec_identity("atn") == codec_identity("atn", "atn")


def test_fusing_stage_changes_only_the_decoder_identity():
    assert plain_identity("jpeg+fuse") == plain_identity("jpeg")
    assert codec_identity("jpeg+fuse") != codec_identity("jpeg")


def test_checkpoint_changes_the_identity(tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(folder("models") / "fuse", changed)
    same = codec_identity("jpeg+fuse", str(changed))
    assert same == codec_identity("jpeg+fuse")
    card = changed / "manifest.yaml"
    manifest = yaml.safe_load(card.read_text())
    weights = changed / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    manifest["digests"]["weights.safetensors"] = file_digest(weights)
    card.write_text(yaml.safe_dump(manifest))
    moved = tmp_path / "moved"
    changed.rename(moved)
    assert codec_identity("jpeg+fuse", str(moved)) != same


@pytest.mark.parametrize(
    ("library", "others"), [("av", ["hevc", "hevc-intra"]), ("PIL", ["jpeg"]), ("wasmtime", ["atn", "lowres"])]
)
def test_library_version_changes_the_identity(monkeypatch, library: str, others: list[str]):
    def version(package: str) -> str:
        return "99" if package == library else installed(package)

    installed = source_digest.version
    before = {name: codec_identity(name) for name in SHIPPED}
    monkeypatch.setattr(source_digest, "version", version)
    source_digest.digest.cache_clear()
    after = {name: codec_identity(name) for name in SHIPPED}
    source_digest.digest.cache_clear()
    assert all(after[name] != before[name] for name in others)
    if library == "av":
        assert after["jpeg"] == before["jpeg"]


@pytest.mark.parametrize(
    ("name", "model"), [("nope", None), ("jpeg", "atn"), ("atn", "ndic"), ("dsin", None), ("atn+fuse", None)]
)
def test_unknown_codec_is_refused(name, model):
    with pytest.raises(ModelError):
        codec_identity(name, model)


def test_only_video_codecs_refer_to_other_frames():
    assert {name for name in registry.names() if identity.refers(name)} == {"h264", "hevc", "av1"}
