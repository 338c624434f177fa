"""Model folders of strangers: whatever is wrong in them is a ModelError in one line, before anything is coded."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from safetensors import safe_open
from safetensors.numpy import save_file

from simnet import codec, shipped
from simnet.codec import model
from simnet.codec.bitstream.entropy_tables import EntropyTables
from simnet.codec.dsin.probabilities import Probabilities
from simnet.codec.learned import onnx_files
from simnet.codec.learned.lowres_coder import LowresCoder
from simnet.errors import ModelError
from support import small_lowres
from support.checkpoints import untrained_dsin

Tables = dict[str, np.ndarray]
KINDS = {"factorized": EntropyTables, "lowres": LowresCoder, "dsin": Probabilities}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model folder of each kind of tables."""
    place = tmp_path_factory.mktemp("models")
    small_lowres.export(place / "lowres")
    untrained_dsin(place / "dsin")
    return {"factorized": shipped.folder("models") / "factorized"} | {name: place / name for name in ("lowres", "dsin")}


@pytest.fixture(scope="module")
def stored(folders: dict[str, Path]) -> dict[str, Tables]:
    found = {}
    for name, folder in folders.items():
        with safe_open(folder / model.WEIGHTS, framework="numpy") as file:
            found[name] = {key: file.get_tensor(key) for key in file.keys() if key.startswith("tables.")}  # noqa: SIM118
    return found


def cut(array: np.ndarray) -> np.ndarray:
    return array.ravel()[:-1] if array.ndim == 1 else array[..., :-1]


def real(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) + np.float32(0.5) if array.dtype.kind in "iu" else np.full_like(array, np.nan)


def huge(array: np.ndarray) -> np.ndarray:
    return np.full(array.shape, 1 << 62, np.int64) if array.dtype.kind in "iu" else np.full_like(array, np.inf)


HARMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "cut": cut,
    "empty": lambda array: array[:0],
    "one number": lambda array: array.ravel()[0],
    "one more dimension": lambda array: array[None],
    "of another kind": real,
    "huge": huge,
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_table_harmed_is_refused(kind: str, harm: str, stored: dict[str, Tables]) -> None:
    whole = stored[kind]
    for name, array in whole.items():
        harmed = whole | {name: HARMS[harm](array)}
        with pytest.raises(ModelError, match=r"\S"):
            KINDS[kind].read(harmed.__getitem__, harmed)


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_missing_is_refused(kind: str, stored: dict[str, Tables]) -> None:
    for name in stored[kind]:
        rest = {key: array for key, array in stored[kind].items() if key != name}
        with pytest.raises(ModelError, match=name):
            KINDS[kind].read(rest.__getitem__, rest)


COUNTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "reversed": lambda cdf: cdf[::-1].copy(),
    "all zero": np.zeros_like,
    "the same twice": lambda cdf: np.concatenate([cdf[:2], cdf[1:2], cdf[3:]]),
    "one past the row": lambda cdf: np.roll(cdf, 1),
    "shuffled": lambda cdf: np.random.default_rng(0).permutation(cdf),
}


@pytest.mark.parametrize("harm", COUNTS)
@pytest.mark.parametrize(
    ("kind", "name"),
    [("factorized", "cdf"), ("lowres", "latent.cdf"), ("lowres", "z.cdf")],
)
def test_counts_that_do_not_grow_are_refused(kind: str, name: str, harm: str, stored: dict[str, Tables]) -> None:
    tables = stored[kind]
    harmed = tables | {f"tables.{name}": COUNTS[harm](tables[f"tables.{name}"])}
    with pytest.raises(ModelError, match="counts that do not grow"):
        KINDS[kind].read(harmed.__getitem__, harmed)


def test_lengths_of_another_row_are_refused(stored: dict[str, Tables]) -> None:
    """The sum is right and no row is."""
    tables = dict(stored["factorized"])
    tables["tables.lengths"] = np.roll(tables["tables.lengths"], 1)
    with pytest.raises(ModelError, match="counts that do not grow"):
        EntropyTables.read(tables.__getitem__, tables)


@pytest.fixture
def folder(tmp_path: Path, folders: dict[str, Path]) -> Path:
    """A small model of `lowres` of one's own."""
    shutil.copytree(folders["lowres"], tmp_path / "own")
    return tmp_path / "own"


def seal(folder: Path, **changes: Any) -> None:
    """Write the manifest anew with the digests of the files as they are now, and `changes`."""
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    manifest["digests"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["digests"]
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest | changes))


def refusal(folder: Path, name: str = "lowres") -> str:
    """The message that opening the model, encoder and decoder, ends in; one line."""
    with pytest.raises(ModelError) as caught:
        codec.open_decoder(codec.open_encoder(name, 64, 48, str(folder)).announcement)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digests": {"../../etc/passwd": "0" * 64}}, "expected a plain file name"),
        ({"digests": {"/etc/passwd": "0" * 64}}, "expected a plain file name"),
        ({"digests": {".." + "\u202e": "0" * 64}}, "expected a plain file name"),
        ({"digests": ["weights.safetensors"]}, "digests: expected a map"),
        ({"digests": {"weights.safetensors": 5}}, "expected 64 hexadecimal digits"),
        ({"graphs": ["../other"]}, "graphs: expected a list of names"),
        ({"graphs": 5}, "graphs: expected a list"),
        ({"graphs": [["deep"]]}, "graphs: expected a list"),
        ({"graphs": []}, "has no graph hyper"),
        ({"encode_ns": "soon"}, "encode_ns 'soon'"),
        ({"encode_ns": -1}, "encode_ns '-1'"),
        ({"decode_ns": 10**30}, "decode_ns"),
        ({"decode_ns": True}, "decode_ns"),
        ({"numbers": [1]}, "numbers: expected a map"),
        ({"codec": 7}, "codec '7'"),
        ({"codec": "a" * 5000}, "codec 'aaa"),
        ({"version": [[]]}, "version '\\[\\[\\]\\]'; expected 1"),
    ],
)
def test_manifest_with_odd_values_is_refused(changes: dict, said: str, folder: Path) -> None:
    seal(folder, **changes)
    with pytest.raises(ModelError, match=said):
        codec.open_encoder("lowres", 64, 48, str(folder))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 5000, "not a model's manifest|levels"),
        ("a: &a [1]\nb: [" + "*a, " * 30_000 + "]", "levels or|values"),
        ("\n".join(["a0: &a0 [1]", *(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]" for k in range(1, 40))]), "values"),
        ("a: &a {x: 1}\nb: {<<: *a}", "merge key"),
        ("a: &a [*a]", "levels|values"),
        ("x: " + "9" * 6000, "not a model's manifest"),
        ("x: 1\n" * 100_000, "bytes; expected up to"),
        ("!!python/object/apply:os.system [true]", "not a model's manifest"),
        ("", "not a model's manifest"),
        ("\0\1\2", "not a model's manifest"),
    ],
)
def test_manifest_that_is_no_small_map_is_refused(text: str, said: str, folder: Path) -> None:
    (folder / "manifest.yaml").write_text(text)
    with pytest.raises(ModelError, match=said) as caught:
        model.load(str(folder))
    assert len(str(caught.value)) < 400


def test_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "hyper.onnx").rename(folder.parent / "hyper.onnx")
    (folder / "hyper.onnx").symlink_to("../hyper.onnx")
    assert "a link to" in refusal(folder)


def test_pipe_in_the_folder_is_refused(folder: Path) -> None:
    (folder / "hyper.onnx").unlink()
    os.mkfifo(folder / "hyper.onnx")
    assert "not a regular file" in refusal(folder)


@pytest.mark.parametrize("location", ["/etc/passwd", "../weights.safetensors", "manifest.yaml", "~/x", ""])
def test_graph_that_reads_another_file_is_refused(location: str, folder: Path) -> None:
    """OpenVINO would open it."""
    proto = onnx.load(folder / "hyper.onnx", load_external_data=False)
    tensor = next(each for each in proto.graph.initializer if each.external_data)
    next(entry for entry in tensor.external_data if entry.key == "location").value = location
    (folder / "hyper.onnx").write_bytes(proto.SerializeToString())
    seal(folder)
    assert f"reads weights from {location!r}" in refusal(folder)


def test_graph_is_looked_into_wherever_tensors_are(tmp_path: Path) -> None:
    """Tensors of attributes and of inner graphs count too."""
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "elsewhere"
    constant = onnx.helper.make_node("Constant", [], ["w"], value=tensor)
    inner = onnx.helper.make_graph([constant], "inner", [], [])
    branch = onnx.helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    for number, node in enumerate((constant, branch)):
        graph = onnx.helper.make_graph([node], "g", [], [])
        (tmp_path / f"{number}.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
        with pytest.raises(ModelError, match="reads weights from 'elsewhere'"):
            onnx_files.check(tmp_path / f"{number}.onnx")


@pytest.mark.parametrize("content", [b"", b"<net></net>", b"\xff" * 100, bytes(100), b"\x3a\x80\x80\x80\x80\x10"])
def test_graph_that_is_no_onnx_is_refused(content: bytes, folder: Path) -> None:
    (folder / "hyper.onnx").write_bytes(content)
    seal(folder)
    assert "not an ONNX file" in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, (1 << 62).to_bytes(8, "little") + b"{}", bytes(8)])
def test_weights_that_are_no_safetensors_are_refused(content: bytes, folder: Path) -> None:
    (folder / "weights.safetensors").write_bytes(content)
    seal(folder)
    assert "weights.safetensors: not a file of weights" in refusal(folder)


@pytest.mark.parametrize(("graph", "other"), [("synthesis", "hyper"), ("analysis", "pass1"), ("pass3", "pass2")])
def test_graphs_of_other_inputs_are_refused_when_a_model_is_opened(graph: str, other: str, folder: Path) -> None:
    shutil.copy(folder / f"{other}.onnx", folder / f"{graph}.onnx")
    seal(folder)
    said = refusal(folder)
    assert f"its graph {graph} " in said
    assert "expected" in said or "does not take inputs" in said


def test_graph_of_another_model_is_refused_when_a_model_is_opened(folder: Path, folders: dict[str, Path]) -> None:
    """Its latent has other channels than the tables."""
    for name in ("analysis", "synthesis"):
        shutil.copy(folders["factorized"] / f"{name}.onnx", folder / f"{name}.onnx")
    seal(folder)
    assert "its graph analysis does not take inputs" in refusal(folder)


def test_tables_of_fewer_channels_than_the_graphs_are_refused(tmp_path: Path, folders: dict[str, Path]) -> None:
    shutil.copytree(folders["factorized"], tmp_path / "own")
    with safe_open(tmp_path / "own" / model.WEIGHTS, framework="numpy") as file:
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is not a dictionary
    few = np.asarray(arrays["tables.lengths"])[:, :8]
    counts = np.concatenate([[0, *range(1, length - 1)] for length in few.ravel()]).astype(np.uint16)
    # In place, so that the graphs still find their weights: the file is as long as before.
    arrays |= {"tables.lengths": few, "tables.offsets": arrays["tables.offsets"][:, :8], "tables.cdf": counts}
    arrays |= {f"tables.{name}": np.ascontiguousarray(arrays[f"tables.{name}"][:, :8]) for name in ("gain", "inverse")}
    save_file({key: np.ascontiguousarray(array) for key, array in arrays.items()}, tmp_path / "own" / model.WEIGHTS)
    seal(tmp_path / "own")
    assert "analysis" in refusal(tmp_path / "own", "factorized")


@pytest.mark.parametrize("name", ["a" * 5000, "a/" * 3000, "\u202egnp", "a\nb", "a\0b", "..", "/etc/passwd", "~", " "])
@pytest.mark.parametrize("codec_name", ["atn", "lowres", "avif+fuse", "dsin", "bls17", "compressai", "jpeg"])
def test_odd_names_of_models_are_refused_in_one_line(name: str, codec_name: str) -> None:
    for call in (codec.open_encoder, lambda codec, width, height, model: declared(codec, model)):
        with pytest.raises(ModelError) as caught:
            call(codec_name, 64, 48, name)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 1500


def declared(name: str, chosen: str) -> None:
    codec.declared_times(name, chosen)
