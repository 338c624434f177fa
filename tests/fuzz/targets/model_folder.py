"""Model folders of every kind: altered files behind digests that are right, opened and used once."""

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from fuzz.mutations import altered
from simnet import codec, library_threads
from simnet.codec import model
from simnet.errors import BitstreamError, ModelError, PictureError
from simnet.records import SideInformation
from support import small_lowres
from support.checkpoints import drawn, untrained_dsin

REFUSED = (BitstreamError, ModelError, PictureError)
WIDTH, HEIGHT = 48, 32
MEMORY_MIB = 3072
LONGEST_S = 60.0
FOLDERS: dict[str, Path] = {}
"""A whole folder of each kind, by its codec."""
PICTURE = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def prepare() -> None:
    """Write an untrained model of a few channels for each family."""
    # Each of the 64 compiled graphs that a process keeps has a thread for each processor, whose stacks count as memory here.
    library_threads.processors = lambda: 1
    import torch

    from simnet.codec.learned.backbone_networks import Backbone, BackboneNumbers
    from simnet.codec.learned.fuse_networks import Fuse, FuseNumbers
    from simnet.codec.learned.renderer_common import RendererCommon
    from simnet.codec.learned.renderer_fusion import RendererFuse, RendererFuseNumbers
    from simnet.codec.published import entries, model_writer, published_kinds
    from simnet.learn import model_export, renderer_export

    place = Path(tempfile.mkdtemp(dir=os.getcwd()))
    small_lowres.export(place / "lowres")
    untrained_dsin(place / "dsin")
    torch.manual_seed(0)
    facts, low = {"encode_ns": 1, "decode_ns": 1, "numbers": {}}, model.load(str(place / "lowres"))
    learned = {"factorized": Backbone(BackboneNumbers(8, 8, 8, 3)).eval(), "fuse": Fuse(FuseNumbers(8, 8, 1)).eval()}
    for name, network in learned.items():
        model_export.write(place / name, name, network, facts, "card")
    behind = {
        "ndic": RendererCommon(small_lowres.network()),
        "atn": RendererFuse(RendererFuseNumbers(8, 8, 1, renderer=small_lowres.NUMBERS.renderer)),
    }
    for name, stage in behind.items():
        renderer_export.write(place / name, name, stage, low, facts, "card")
    for name in ("bmshj18", "ndic-bls17"):
        expected = entries.entries(published_kinds.find(name), entries.Numbers(6, ()))
        state = {key: torch.from_numpy(drawn(key, entry.shape)).float() for key, entry in expected.items()}
        torch.save({"model_state_dict": state}, place / f"{name}.pt")
        model_writer.import_checkpoint(place / f"{name}.pt", name, place / name)
    for name in (*learned, *behind, "lowres", "dsin", "bmshj18", "ndic-bls17"):
        FOLDERS[name] = place / name
        use(name, FOLDERS[name])


def use(kind: str, folder: Path) -> None:
    """Open a model and code one picture with it."""
    name = "avif+fuse" if kind == "fuse" else kind
    encoder = codec.open_encoder(name, WIDTH, HEIGHT, str(folder))
    decoder = codec.open_decoder(encoder.announcement, [str(folder)])
    decoded = decoder.decode(encoder.encode(PICTURE, 0.6), [SideInformation(PICTURE, "side", 0)])
    assert decoded.picture.shape == PICTURE.shape


class Harm(NamedTuple):
    """An altered file: a table by name, a graph's bytes, values of the manifest, or bytes of any file."""

    kind: str
    file: str
    table: str
    content: Any


VALUES = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8) | st.floats()
TREES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@cache
def _tables(kind: str) -> dict[str, np.ndarray]:
    with safe_open(FOLDERS[kind] / model.WEIGHTS, framework="numpy") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is not a dictionary


@st.composite
def _table(draw: st.DrawFn, array: np.ndarray) -> np.ndarray:
    """An array with another shape, kind, or a few other values."""
    array, kind = array.copy(), draw(st.sampled_from(("values", "values", "cut", "cast", "shape", "swap")))
    if kind == "values" and array.size:
        flat = array.reshape(-1)
        for _ in range(draw(st.integers(1, 5))):
            at = draw(st.integers(0, flat.size - 1))
            if array.dtype.kind == "f":
                flat[at] = draw(st.sampled_from((0, -1, np.nan, np.inf, 1e30, -1e30)))
            else:
                bounds = np.iinfo(array.dtype)
                flat[at] = draw(
                    st.sampled_from((0, 1, 2, bounds.min, bounds.max)) | st.integers(bounds.min, bounds.max)
                )
    elif kind == "cut":
        return array[: draw(st.integers(0, len(array)))] if array.ndim else array
    elif kind == "cast":
        with np.errstate(all="ignore"):
            return array.astype(draw(st.sampled_from(("int8", "uint16", "int64", "float32", "float16", "bool"))))
    elif kind == "shape":
        return array.reshape(-1) if draw(st.booleans()) else array[None]
    elif kind == "swap" and len(array) > 1:
        first, second = (draw(st.integers(0, len(array) - 1)) for _ in range(2))
        array[[first, second]] = array[[second, first]]
    return array


@st.composite
def harms(draw: st.DrawFn) -> Harm:
    kind = draw(st.sampled_from(sorted(FOLDERS)))
    names = sorted(file.name for file in FOLDERS[kind].iterdir() if file.suffix != ".md")
    file = draw(st.sampled_from([*names, model.WEIGHTS, model.WEIGHTS, "manifest.yaml"]))
    if file == model.WEIGHTS and draw(st.booleans()):
        tables = _tables(kind)
        ours = [name for name in tables if name.startswith("tables.")] or sorted(tables)
        table = draw(st.sampled_from(ours))
        return Harm(kind, file, table, draw(_table(tables[table])))
    if file == "manifest.yaml" and draw(st.booleans()):
        manifest = yaml.safe_load((FOLDERS[kind] / file).read_text())
        key = draw(st.sampled_from(sorted(manifest)))
        return Harm(kind, file, key, draw(TREES))
    if file.endswith(".onnx") and draw(st.integers(0, 3)) == 0:
        other = draw(st.sampled_from(sorted(FOLDERS)))
        graphs = sorted(path.name for path in FOLDERS[other].glob("*.onnx"))
        return Harm(kind, file, "", (FOLDERS[other] / draw(st.sampled_from(graphs))).read_bytes())
    content = (FOLDERS[kind] / file).read_bytes()
    return Harm(kind, file, "", draw(altered([content[: 1 << 16]])) + content[1 << 16 :])


INPUTS = st.deferred(harms)


def attempt(harm: Harm) -> None:
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as place:
        folder = Path(place) / harm.kind
        folder.mkdir()
        if "backbone" in yaml.safe_load((FOLDERS[harm.kind] / "manifest.yaml").read_text()):
            (Path(place) / "lowres").symlink_to(FOLDERS["lowres"])
        for file in FOLDERS[harm.kind].iterdir():
            if file.name == harm.file:
                continue
            os.link(file, folder / file.name)
        manifest = yaml.safe_load((FOLDERS[harm.kind] / "manifest.yaml").read_text())
        target = folder / harm.file
        if harm.file == model.WEIGHTS and harm.table:
            arrays = _tables(harm.kind) | {harm.table: np.ascontiguousarray(harm.content)}
            save_file(arrays, target)
        elif harm.file == "manifest.yaml" and harm.table:
            target.write_text(yaml.safe_dump(manifest | {harm.table: harm.content}))
        else:
            target.write_bytes(harm.content)
        if harm.file != "manifest.yaml":
            manifest["digests"][harm.file] = hashlib.sha256(target.read_bytes()).hexdigest()
            (folder / "manifest.yaml").unlink()
            (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
        use(harm.kind, folder)
