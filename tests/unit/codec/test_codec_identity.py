"""A codec's identity: it changes with checkpoint and libraries, with nothing else, and opens nothing."""

import shutil
import subprocess
import sys

import pytest
import yaml

from simnet.codec import identity, registry
from simnet.codec.identity import codec_identity, plain_identity
from simnet.codec.model import file_digest
from simnet.errors import ModelError
from simnet.shipped import folder

SHIPPED = [
    "atn",
    "checkerboard",
    "factorized",
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


def test_library_version_changes_the_identity(monkeypatch):
    before = {name: codec_identity(name) for name in ("jpeg", "hevc")}
    monkeypatch.setattr(identity, "versions", lambda packages: tuple(f"{each}=99" for each in packages if each == "av"))
    assert codec_identity("hevc") != before["hevc"]


@pytest.mark.parametrize(
    ("name", "model"), [("nope", None), ("jpeg", "atn"), ("atn", "ndic"), ("dsin", None), ("atn+fuse", None)]
)
def test_unknown_codec_is_refused(name, model):
    with pytest.raises(ModelError):
        codec_identity(name, model)


def test_every_family_lists_its_libraries():
    assert set(identity.LIBRARIES) == set(registry.FAMILIES)
    assert {name for name in registry.names() if identity.refers(name)} == {"h264", "hevc", "av1"}


def test_identity_imports_nothing_heavy():
    asked = "import sys; from simnet.codec.identity import codec_identity as i; [i(n) for n in ('atn', 'hevc+fuse', 'jpeg')]; "
    heavy = "print([m for m in ('av', 'cv2', 'openvino', 'torch', 'PIL') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", asked + heavy], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "[]"
