"""Plug-in codecs, worlds and rate controls work like simnet's own, and errors name them."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simnet import codec, plugins, scenario, world
from simnet.cli import main
from simnet.codec import registry
from simnet.codec.identity import codec_identity
from simnet.codec.identity import refers as codec_refers
from simnet.errors import BitstreamError, ModelError, PluginError, ScenarioError
from simnet.nodes import camera, plugin_rate
from simnet.nodes.camera import CameraSetup, CameraState, EncodedFrame
from simnet.nodes.rate_state import RateSetup
from simnet.records import CameraConfig, RateConfig, SideInformation, Trajectory, WorldConfig
from simnet.records.grants import Capture, Feedback
from simnet.sweeps.cell_identity import CellNames
from simnet.wire.protocol.serialization import pack_records, unpack_records

Install = Callable[..., Path]

CODEC = """
import zlib
import numpy as np

class Sparse:
    times_ns = (2_000_000, 1_000_000)
    takes_side = True

    def encode(self, image, quality):
        step = 1 + round(7 * (1 - quality))
        return bytes([step]) + zlib.compress(image[::step, ::step].tobytes())

    def decode(self, payload, width, height, side):
        step = payload[0]
        shape = -(-height // step), -(-width // step), 3
        small = np.frombuffer(zlib.decompress(payload[1:]), np.uint8).reshape(shape)
        picture = small.repeat(step, 0).repeat(step, 1)[:height, :width]
        return picture // 2 + side[0][:1, :1] // 2 if side else picture
"""
WORLD = """
import numpy as np

class Stripes:
    def __init__(self, config, cameras, seed):
        self._cameras, self._wide = cameras, config.options["wide"]

    def frame(self, camera, t_ns):
        size = self._cameras[camera]
        light = (np.arange(size.width) + t_ns // 10_000_000) // self._wide % 2 * 200
        return np.broadcast_to(light.astype(np.uint8)[None, :, None], (size.height, size.width, 3))
"""
RATE = """
class Halving:
    def start(self, stream):
        return {"quality": stream.config.options.get("start", 0.8)}

    def step(self, stream, state, sent, feedback):
        quality = state["quality"]
        for report in feedback:
            quality = quality / 2 if report.queue_ns > stream.period_ns / 2 else min(1.0, quality + 0.02)
        return {"quality": quality}, quality
"""
ALL = {"codecs": "sparse = mine:Sparse", "worlds": "stripes = mine:Stripes", "rates": "halving = mine:Halving"}
SET = [
    "duration=1s",
    "world={kind: stripes, options: {wide: 8}}",
    "streams.*.codec=sparse",
    "streams.*.rate={control: halving, options: {start: 0.5}}",
]
EYE = CameraConfig("a/eye", 48, 32, 100_000_000, 90.0, Trajectory(((0.0, 0.0, 0.0),)))


@pytest.fixture
def all_three(install: Install) -> Path:
    return install("mine", CODEC + WORLD + RATE, **ALL)


def test_plugin_run_is_the_same_on_hosts(
    all_three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(all_three), *sys.path]))
    fingerprints = set()
    for name, hosts in (("plain", []), ("hosts", ["--hosts", "2"])):
        typed = ["run", "intersection", "--json", "--no-report", "--out", str(tmp_path / name), *hosts]
        assert main([*typed, *(part for text in SET for part in ("--set", text))]) == 0
        summary = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert all(stream["decoded"] > 5 for stream in summary["streams"].values())
        fingerprints.add(summary["fingerprint"])
    assert len(fingerprints) == 1


def test_plugin_scenario_reads_back_from_its_output(all_three: Path, tmp_path: Path) -> None:
    loaded = scenario.load("intersection", SET)
    assert loaded.world.options == {"wide": 8}
    assert {stream.rate.kind for stream in loaded.streams} == {"halving"}
    file = tmp_path / "again.yaml"
    file.write_text(scenario.dump(loaded))
    again = scenario.load(str(file))
    assert (again.world, again.streams) == (loaded.world, loaded.streams)
    assert "stripes" in scenario.schema_json()["$defs"]["World"]["properties"]["kind"]["enum"]


def test_ls_lists_plugins_without_importing_them(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("heavy", "raise RuntimeError('imported')", codecs="sparse = heavy:Sparse\njpeg = heavy:Jpeg")
    assert main(["ls", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["plugins"]
    assert [(each["name"], each["package"]) for each in listed] == [("jpeg", "heavy 1.0"), ("sparse", "heavy 1.0")]
    assert "jpeg is simnet's own" in listed[0]["fault"]
    assert not listed[1]["fault"]
    assert main(["ls"]) == 0
    assert "codec sparse (package heavy 1.0)" in capsys.readouterr().out


def test_plugin_codec_gets_headers_and_source_digest(all_three: Path, install: Install) -> None:
    picture = np.full((32, 48, 3), 120, np.uint8)
    encoder = codec.open_encoder("sparse", 48, 32)
    decoder = codec.open_decoder(encoder.announcement)
    data = encoder.encode(picture, 0.5)
    decoded = decoder.decode(data, [SideInformation(np.zeros((8, 8, 3), np.uint8), "other", 0)])
    assert (decoded.alone == 120).all()
    assert (decoded.picture == 60).all()
    assert codec.declared_times("sparse") == (2_000_000, 1_000_000)
    with pytest.raises(BitstreamError):
        decoder.decode(data[:-1], ())
    with pytest.raises(ModelError, match="codec sparse has no models"):
        codec.open_encoder("sparse", 48, 32, "large")
    (plugin,) = plugins.installed(plugins.CODECS)
    before = plugin.identity()
    assert encoder.announcement.checkpoint_digest == before
    (all_three / "mine.py").write_text(CODEC.replace("// 2 + side", "// 3 + side"))
    plugins._identity.cache_clear()
    assert plugin.identity() != before
    with pytest.raises(ModelError, match=rf"package mine 1.0\): the stream's source is {before}; this machine has"):
        codec.open_decoder(encoder.announcement)


def test_sweep_distinguishes_plugin_versions(all_three: Path) -> None:
    loaded = scenario.load("intersection", SET)
    before = CellNames().name(loaded)
    assert codec_identity("sparse+fuse") != codec_identity("sparse")
    assert CellNames().name(loaded) == before
    file = all_three / "mine.py"
    file.write_text(file.read_text().replace("200", "100"))
    plugins._identity.cache_clear()
    assert CellNames().name(loaded) != before
    other = scenario.load("intersection", [each for each in SET if "codec" not in each] + ["streams.*.codec=jpeg"])
    of_jpeg = CellNames().name(other)
    file.write_text(file.read_text().replace("0.02", "0.03"))
    plugins._identity.cache_clear()
    assert CellNames().name(other) != of_jpeg
    assert registry.takes_side("sparse")
    assert not codec_refers("sparse")


def test_side_information_stage_works_behind_plugin_codec(all_three: Path) -> None:
    picture = np.full((64, 64, 3), 120, np.uint8)
    encoder = codec.open_encoder("sparse+fuse", 64, 64)
    decoded = codec.open_decoder(encoder.announcement).decode(encoder.encode(picture, 0.5), ())
    assert (decoded.picture == 120).all()


def test_taken_names_are_refused(install: Install) -> None:
    install(
        "first", "", codecs="jpeg = first:A\nmine = first:B", worlds="rendered = first:C", rates="adaptive = first:D"
    )
    install("second", "", codecs="mine = second:B")
    for name, expected in (("jpeg", "package first 1.0"), ("mine", "packages first 1.0 and second 1.0 both have it")):
        with pytest.raises(PluginError, match=expected):
            codec.open_encoder(name, 48, 32)
    with pytest.raises(ScenarioError, match="rendered is simnet's own"):
        scenario.load("stereo_pair", ["world.kind=rendered"])
    assert "adaptive is simnet's own" in plugins.fault(plugins.installed(plugins.RATES)[0], plugin_rate.BUILT_IN)
    assert {"jpeg", "recorded", "atn"} < registry.OWN


def test_missing_plugin_lists_the_installed_ones(all_three: Path) -> None:
    with pytest.raises(
        ScenarioError, match=r"world.kind: 'stripe' is unknown \(did you mean 'stripes'\?\); expected 'ren"
    ):
        scenario.load("stereo_pair", ["world.kind=stripe"])
    with pytest.raises(ScenarioError, match=r"rate.control: 'halve' is unknown.*; expected 'halving'"):
        scenario.load("stereo_pair", ["streams.*.rate={control: halve}"])
    with pytest.raises(ModelError, match=r"unknown codec .did you mean .sparse.*; expected one of .* sparse"):
        codec.open_encoder("spare", 48, 32)


def test_only_plugins_take_options() -> None:
    with pytest.raises(ScenarioError, match=r"world.options: a rendered world takes none"):
        scenario.load("intersection", ["world.options={wide: 8}"])
    with pytest.raises(ScenarioError, match="options given without control"):
        scenario.load("intersection", ["streams.*.rate={quality: 0.5, options: {wide: 8}}"])
    with pytest.raises(ScenarioError, match="no rate control 'halving' is installed"):
        scenario.load("intersection", ["streams.*.rate={control: halving}"])


def test_finite_world_ends_the_run_and_owns_frames(install: Install) -> None:
    source = WORLD.replace("class Stripes:", "class Stripes:\n    length_ns = 300_000_000")
    install("mine", source, worlds="stripes = mine:Stripes")
    config = WorldConfig("stripes", options_json='{"wide": 8}')
    assert world.end_ns(config, {"a/eye": EYE}, 1 << 60) == 300_000_000
    opened = world.open_world(config, {"a/eye": EYE}, 1)
    opened.frame("a/eye", 0)[:] = 7
    assert not (opened.frame("a/eye", 0) == 7).all()
    opened.close()


def _drive(state: CameraState, setup: CameraSetup, frames: range) -> tuple[CameraState, list[float]]:
    qualities = []
    for sequence in frames:
        report = Feedback("a", 0, 1, 900, 1, 0, (sequence % 3 == 0) * 90_000_000, 0)
        grant = Capture("a", sequence, sequence * 100_000_000, (report,))
        state, coded = camera.step(setup, state, grant, lambda quality, key: EncodedFrame(bytes(500), quality, key))
        qualities.append(coded.quality)
    return state, qualities


def test_rate_control_resumes_from_a_transferred_state(all_three: Path) -> None:
    setup = CameraSetup(RateSetup(RateConfig("halving"), 100_000_000, 1460, 40), 15_000_000)
    _, expected = _drive(camera.start(setup), setup, range(20))
    state, first = _drive(camera.start(setup), setup, range(8))
    elsewhere = unpack_records(CameraState, pack_records(state))
    assert first + _drive(elsewhere, setup, range(8, 20))[1] == expected
    assert len(set(expected)) > 5


BAD_RATES = [
    ("Thing = 3", "found 3; expected start and step"),
    (
        "class Thing:\n def start(s, m): return {1: 2}\n def step(s, *_): 0",
        "its state is {1: 2}; expected maps with text",
    ),
    (
        "class Thing:\n def start(s, m): return None\n def step(s, *_): return 0.5",
        "its step returned 0.5; expected (state,",
    ),
    (
        "class Thing:\n def start(s, m): return None\n def step(s, *_): return 0, 1.5",
        "its step returned quality 1.5; expected a",
    ),
    ("class Thing:\n def start(s, m): return None\n def step(s, *_): 1 / 0", "its step failed (ZeroDivisionError: "),
]


@pytest.mark.parametrize(("source", "fault"), BAD_RATES)
def test_broken_rate_control_is_blamed_in_one_line(source: str, fault: str, install: Install) -> None:
    install("broken", source, rates="thing = broken:Thing")
    setup = CameraSetup(RateSetup(RateConfig("thing"), 100_000_000, 1460, 40), 15_000_000)
    with pytest.raises(PluginError) as caught:
        _drive(camera.start(setup), setup, range(1))
    assert str(caught.value).startswith("rate control thing (package broken 1.0): ")
    assert fault in str(caught.value)


def test_run_with_broken_plugin_ends_with_its_line(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "class Thing:\n def start(s, m): return None\n def step(s, *_): 1 / 0\n"
    install(
        "broken", broken + WORLD + CODEC, rates="thing = broken:Thing", worlds=ALL["worlds"].replace("mine", "broken")
    )
    changes = ["duration=1s", "world={kind: stripes, options: {wide: 8}}", "streams.*.codec=jpeg"]
    typed = [part for text in [*changes, "streams.*.rate={control: thing}"] for part in ("--set", text)]
    assert main(["run", "intersection", *typed, "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "simnet: error: rate control thing (package broken 1.0): its step failed (ZeroDivisionError: division by zero)"
    ]
