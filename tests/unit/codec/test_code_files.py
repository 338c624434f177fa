"""Codecs in a file of the user's: run only when that is allowed, made with checked options, known by their content."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from simnet import code_files, codec_names, scenario
from simnet.codec import bitstream_files, identity, open_decoder, open_encoder, registry
from simnet.codec.bitstream import framing
from simnet.engine.remote import join
from simnet.errors import InputError, ModelError, PluginError, ScenarioError
from simnet.sweeps.cell_identity import CellNames
from simnet.sweeps.grid import Grid, points

PLAIN = """
from pathlib import Path
from typing import Literal
Path(__file__).with_name("ran").touch()


class Codec:
    def __init__(self, levels: int = 8, mode: Literal["fast", "slow"] = "fast"):
        self.levels = levels

    def encode(self, image, quality):
        return bytes([self.levels, image[0, 0, 0]])

    def decode(self, payload, width, height, side):
        import numpy as np

        return np.full((height, width, 3), payload[1], np.uint8)


made = Codec()
"""
NETWORK = """
import torch


class Net(torch.nn.Module):
    def __init__(self, wide: int = 4):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(64.0))

    def compress(self, x):
        y = (torch.nn.functional.avg_pool2d(x, 4) * self.gain).round().clamp(0, 255).to(torch.uint8)
        return {"strings": [[y.numpy().tobytes()]], "shape": y.shape[-2:]}

    def decompress(self, strings, shape):
        y = torch.frombuffer(bytearray(strings[0][0]), dtype=torch.uint8).reshape(1, 3, *shape)
        return {"x_hat": torch.nn.functional.interpolate(y / self.gain, scale_factor=4)}
"""
SCENARIO = """\
duration: 300 ms
world: {kind: rendered, scene: street}
nodes:
  car: {position: [0, 0], cameras: {a: {size: [64, 32], rate: 10 Hz}}}
  hub: {position: [5, 0], cameras: {}}
links: {up: {from: car, to: hub, bandwidth: 2 Mbit/s}}
streams:
  car/a:
    codec: {name: NAME, options: {OPTIONS}}
fusion: {at: hub}
"""
PICTURE = np.full((32, 64, 3), 77, np.uint8)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "mine.py"
    path.write_text(PLAIN)
    yield path
    for name in [name for name in sys.modules if name.startswith("simnet_code_")]:
        del sys.modules[name]


@pytest.fixture
def allowed() -> Iterator[None]:
    with code_files.permission():
        yield


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, options: str = "") -> Path:
        path = tmp_path / "it.yaml"
        path.write_text(SCENARIO.replace("NAME", name).replace("OPTIONS", options))
        return path

    return write


def test_nothing_of_a_file_runs_without_permission(file: Path, written: Callable[..., Path]) -> None:
    name = f"{file}:Codec"
    for call in (
        lambda: open_encoder(name, 64, 32),
        lambda: identity.codec_identity(name),
        lambda: registry.takes_side(name),
        lambda: points(Grid(str(written("jpeg")), {}, [name])),
    ):
        with pytest.raises(ModelError, match=r"codec mine\.py:Codec: code that would run here; expected --allow-code"):
            call()
    with pytest.raises(
        ScenarioError, match=r"it\.yaml:9:19: streams\.car/a\.codec\.name: codec mine\.py:Codec: code that"
    ):
        scenario.load(str(written("./mine.py:Codec")))
    assert not file.with_name("ran").exists()


def test_permission_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(code_files.VARIABLE, raising=False)
    with code_files.permission():
        assert os.environ[code_files.VARIABLE] == "1"
        with code_files.permission(given=False):
            assert code_files.is_allowed()
    assert not code_files.is_allowed()
    monkeypatch.setenv(code_files.VARIABLE, "yes")
    assert not code_files.is_allowed()


@pytest.mark.usefixtures("allowed")
def test_class_codes_with_its_options(file: Path) -> None:
    name = f"{file}:Codec{{levels: 3}}"
    encoder = open_encoder(name, 64, 32)
    data = encoder.encode(PICTURE, 0.5)
    assert framing.payload(data) == bytes([3, 77])
    assert (open_decoder(encoder.announcement).decode(data, ()).picture == 77).all()
    assert framing.payload(open_encoder(f"{file}:Codec", 64, 32).encode(PICTURE, 0.5))[0] == 8
    assert framing.payload(open_encoder(f"{file}:made", 64, 32).encode(PICTURE, 0.5))[0] == 8


@pytest.mark.usefixtures("allowed")
def test_identity_is_the_content_and_the_options_not_the_place(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "mine.py"
    other.parent.mkdir()
    other.write_text(PLAIN)
    own = identity.codec_identity(f"{file}:Codec")
    assert identity.codec_identity(f"{other}:Codec") == own
    assert identity.codec_identity(f"{file}:Codec{{levels: 3}}") != own
    data = open_encoder(f"{file}:Codec", 64, 32).encode(PICTURE, 0.5)
    assert open_encoder(f"{other}:Codec", 64, 32).encode(PICTURE, 0.5) == data
    other.write_text(PLAIN + "# edited\n")
    assert identity.codec_identity(f"{other}:Codec") != own
    announced = open_encoder(f"{file}:Codec", 64, 32).announcement
    with pytest.raises(ModelError, match="the stream's source is"):
        open_decoder(type(announced)(**{**_fields(announced), "codec": f"{other}:Codec"}))


def _fields(announced: object) -> dict:
    return {name: getattr(announced, name) for name in announced.__dataclass_fields__}  # pyright: ignore


def test_host_refuses_by_name_and_takes_its_own_file(file: Path, written: Callable[..., Path], tmp_path: Path) -> None:
    """A host's file may lie elsewhere than the broker's: what counts is what it holds."""
    with code_files.permission():
        asked = scenario.load(str(written("./mine.py:Codec", "levels: 4")))
    request = join.JoinRequest(tmp_path / "it.yaml", "ipc:///nowhere", ("car",))
    with pytest.raises(
        ModelError, match=r"camera car: codec mine\.py:Codec: code that would run there; expected --allow-code"
    ):
        join._localised(asked, request, [])
    elsewhere = tmp_path / "host"
    elsewhere.mkdir()
    (elsewhere / "mine.py").write_text(PLAIN)
    (elsewhere / "it.yaml").write_text((tmp_path / "it.yaml").read_text())
    with code_files.permission():
        here = join._localised(asked, join.JoinRequest(elsewhere / "it.yaml", "ipc:///nowhere", ("car",)), [])
    assert here.streams[0].codec == f"{elsewhere}/mine.py:Codec{{levels: 4}}"


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    ("options", "place", "fault"),
    [
        (
            "levles: 3",
            "streams.car/a.codec.options.levles",
            "unknown option 'levles' (did you mean 'levels'?); expected one of",
        ),
        ("levels: many", "streams.car/a.codec.options.levels", "option levels 'many': expected a valid integer"),
        (
            "levels: 3, mode: quick",
            "streams.car/a.codec.options.mode",
            "option mode 'quick': expected 'fast' or 'slow'",
        ),
    ],
)
def test_wrong_option_is_told_at_its_place(
    file: Path, written: Callable[..., Path], options: str, place: str, fault: str
) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario.load(str(written("./mine.py:Codec", options)))
    assert re.search(rf"it\.yaml:9:\d\d: {re.escape(f'{place}: {fault}')}", str(error.value))
    assert str(error.value).count("\n") == 0


@pytest.mark.parametrize(
    ("name", "options", "fault"),
    [
        ("hevc", "preset: fasst", "codec.options.preset: option preset 'fasst': expected 'ultrafast'"),
        ("hevc", "crf: 3", "codec.options.crf: unknown option 'crf'; expected one of: preset"),
        ("av1", "preset: 14", "codec.options.preset: option preset 14: expected less than or equal to 13"),
        ("jpeg", "progressive: 1", "codec.options.progressive: option progressive 1: expected a valid boolean"),
        ("lowres", "preset: fast", "codec.options: codec lowres takes no options"),
        ("./none.py:Codec", "", "code that would run here"),
    ],
)
def test_wrong_option_of_own_codecs(written: Callable[..., Path], name: str, options: str, fault: str) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario.load(str(written(name, options)))
    assert fault in str(error.value)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("./none.py:Codec", "no such file; expected a Python file with the class Codec"),
        ("./mine.py:Kodec", "the file has no Kodec"),
        ("./broken.py:Codec", "cannot be imported (SyntaxError: "),
        ("./raises.py:Codec", "cannot be imported (ZeroDivisionError: division by zero, line 2)"),
    ],
)
def test_file_that_cannot_be_used_is_one_line(file: Path, written: Callable[..., Path], name: str, fault: str) -> None:
    file.with_name("broken.py").write_text("class Codec\n")
    file.with_name("raises.py").write_text("x = 1\nx / 0\n")
    with pytest.raises(ScenarioError) as error:
        scenario.load(str(written(name)))
    assert fault in str(error.value)
    assert str(error.value).count("\n") == 0


def test_options_are_in_the_record_and_written_back(written: Callable[..., Path], tmp_path: Path) -> None:
    loaded = scenario.load(str(written("hevc", "preset: ultrafast")))
    assert loaded.streams[0].codec == "hevc{preset: ultrafast}"
    (tmp_path / "again.yaml").write_text(scenario.dump(loaded))
    assert scenario.load(str(tmp_path / "again.yaml")).streams == loaded.streams
    (point,) = points(Grid(str(written("jpeg")), {}, ["hevc{preset: veryfast}"]))
    assert point.scenario.streams[0].codec == "hevc{preset: veryfast}"
    names = {CellNames().name(each) for each in (loaded, point.scenario, scenario.load(str(written("hevc"))))}
    assert len(names) == 3


@pytest.mark.usefixtures("allowed")
def test_cell_of_code_is_named_by_content(file: Path, written: Callable[..., Path], tmp_path: Path) -> None:
    here = scenario.load(str(written("./mine.py:Codec", "levels: 4")))
    assert here.streams[0].codec == f"{file}:Codec{{levels: 4}}"
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "mine.py").write_text(PLAIN)
    there = scenario.load(
        str(written("jpeg")), [f'streams.*.codec={{"name": "{moved}/mine.py:Codec", "options": {{"levels": 4}}}}']
    )
    assert CellNames().name(here) == CellNames().name(there)
    (moved / "mine.py").write_text(PLAIN + "# edited\n")
    assert CellNames().name(here) != CellNames().name(there)


def test_preset_of_own_codecs_changes_the_bytes_and_decodes() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8)
    for plain, other in (
        ("webp", "webp{method: 0}"),
        ("jpeg", "jpeg{progressive: true}"),
        ("hevc-intra", "hevc-intra{preset: ultrafast}"),
    ):
        data = {}
        for name in (plain, other):
            encoder = open_encoder(name, 96, 64)
            data[name] = framing.payload(coded := encoder.encode(noise, 0.6))
            assert open_decoder(encoder.announcement, []).decode(coded, ()).picture.shape == noise.shape
        assert data[plain] != data[other]
    with pytest.raises(ModelError, match=r"codec webp: option method 9: expected less than or equal to 6"):
        open_encoder("webp{method: 9}", 96, 64)
    default = framing.payload(open_encoder("webp{method: 4}", 96, 64).encode(noise, 0.6))
    assert default == framing.payload(open_encoder("webp", 96, 64).encode(noise, 0.6))


@pytest.mark.usefixtures("allowed")
def test_network_of_compressai_kind_is_a_codec(tmp_path: Path) -> None:
    import torch

    (tmp_path / "net.py").write_text(NETWORK)
    torch.save({"state_dict": {"module.gain": torch.tensor(200.0)}}, tmp_path / "x.pt")
    torch.save({"other": torch.tensor(200.0)}, tmp_path / "other.pt")
    name, weights = f"{tmp_path / 'net.py'}:Net{{wide: 2}}", str(tmp_path / "x.pt")
    encoder = open_encoder(name, 64, 32, weights)
    data = encoder.encode(PICTURE, 0.5)
    decoded = open_decoder(encoder.announcement, [weights]).decode(data, ()).picture
    assert decoded.shape == (32, 64, 3)
    assert abs(int(decoded[5, 5, 0]) - 77) <= 1
    with pytest.raises(ModelError, match="the stream's source is"):
        open_decoder(encoder.announcement, [])
    with pytest.raises(ModelError, match=r"other\.pt: not weights of codec"):
        open_encoder(name, 64, 32, str(tmp_path / "other.pt"))
    assert identity.codec_identity(name, weights) != identity.codec_identity(name)


@pytest.mark.usefixtures("allowed")
def test_bitstream_never_chooses_what_code_runs(file: Path, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(PICTURE).save(tmp_path / "x.png")
    coded, out = tmp_path / "x.snet", tmp_path / "out.png"
    bitstream_files.encode_file(tmp_path / "x.png", coded, f"{file}:Codec", 0.5)
    with pytest.raises(ModelError, match=r"coded by code of a file, 'mine\.py:Codec'; expected --codec"):
        bitstream_files.decode_file(coded, out)
    with pytest.raises(ModelError, match="expected --codec with its file"):
        bitstream_files.decode_file(coded, out, code=f"{file}:Other")
    assert bitstream_files.decode_file(coded, out, code=f"{file}:Codec").picture[0, 0, 0] == 77


@pytest.mark.usefixtures("allowed")
def test_class_without_options_or_model_says_so(file: Path) -> None:
    with pytest.raises(PluginError, match="an object that is made already takes no options"):
        open_encoder(f"{file}:made{{levels: 3}}", 64, 32)
    with pytest.raises(ModelError, match="takes no model; found model"):
        open_encoder(f"{file}:Codec", 64, 32, str(file))


def test_names_have_one_form() -> None:
    assert codec_names.canonical('hevc{"preset":"fast"}+fuse') == "hevc{preset: fast}+fuse"
    assert codec_names.canonical("a.py:C{b: 1, a: 'no', c: [1, x]}") == 'a.py:C{a: "no", b: 1, c: [1, "x"]}'
    assert codec_names.options_of('a.py:C{a: "no", b: 1}') == {"a": "no", "b": 1}
    assert (codec_names.bare("hevc{preset: fast}+fuse"), codec_names.bare("avif+fuse")) == ("hevc", "avif")
    assert codec_names.split("a{b: 1, c: [2, 3]},d=e") == ["a{b: 1, c: [2, 3]}", "d=e"]
    assert codec_names.partition_model("a{b: x=1}=m") == ("a{b: x=1}", "=", "m")
    assert codec_names.shown("/home/me/mine.py:Codec{a: /x}") == "mine.py:Codec{a: /x}"
    bomb = ", ".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 20))
    for wrong in (
        "hevc{preset",
        "hevc{preset: [}",
        "hevc{3: 4}",
        "hevc{a}{b",
        "hevc{a: .inf}",
        f"hevc{{k0: &k0 [1], {bomb}}}",
    ):
        with pytest.raises((ModelError, InputError)):
            codec_names.canonical(wrong)
