"""What a scenario file means once it is resolved, and that it can be written out and read again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet import scenario, shipped
from simnet.errors import InputError
from simnet.records import LossConfig
from simnet.scenario.resolve import decoding_order

SHIPPED = sorted(shipped.folder("scenarios").glob("*.yaml"))


def test_followers_share_path_and_cameras(write: Callable[..., str]) -> None:
    car, van, _ = scenario.load(write()).nodes
    assert car.trajectory.speed_mps == 10.0
    assert van.trajectory == replace(car.trajectory, offset_m=-8.0)
    assert [camera.name for camera in van.cameras] == ["van/front", "van/rear"]
    assert van.cameras[0] == replace(car.cameras[0], name="van/front", trajectory=van.trajectory)


def test_node_may_be_followed_before_its_definition(write: Callable[..., str]) -> None:
    file = write(("  car: {path", "  bus: {follows: van, gap: 12 m, cameras: {}}\n  car: {path"))
    bus = scenario.load(file).nodes[0]
    assert (bus.name, bus.trajectory.offset_m, bus.cameras) == ("bus", -20.0, ())


def test_every_link_has_a_reverse(write: Callable[..., str]) -> None:
    there, back, *_ = scenario.load(
        write((" bandwidth: 400 kbit/s", " bandwidth: 400 kbit/s, delay: 7 ms, return: {loss: 2 %}"))
    ).links
    assert (there.name, there.source, there.target, there.loss) == ("up", "car", "mast", LossConfig())
    assert back == replace(there, name="up.return", source="mast", target="car", loss=LossConfig("independent", 0.02))
    assert there.delay_ns == 7_000_000


def test_ladder_is_sorted(write: Callable[..., str]) -> None:
    link = scenario.load(write(("400 kbit/s", "{0.2 km: 1 Mbit/s, 50 m: 4 Mbit/s}"))).links[0]
    assert (link.ladder, link.bandwidth_bps) == (((50.0, 4e6), (200.0, 1e6)), 4e6)


def test_streams_are_ordered_after_their_sources(write: Callable[..., str]) -> None:
    file = write(("[mast/street]", "[van/front]"), ("[car/front, previous]", "[previous]"))
    assert [stream.name for stream in scenario.load(file).streams] == ["van/front", "car/front"]
    assert [stream.name for stream in scenario.load(write()).streams] == ["car/front", "van/front"]


def test_exact_names_override_patterns(write: Callable[..., str]) -> None:
    file = write(
        ("van/front: {codec: atn, side_information: [car/front, previous]}", "car/front: {rate: {quality: 0.2}}"),
        ("car/front: {codec: jpeg", "'*/front': {codec: jpeg"),
    )
    loaded = scenario.load(file)
    assert {s.name: (s.codec, s.rate.quality) for s in loaded.streams} == {
        "car/front": ("jpeg", 0.2),
        "van/front": ("jpeg", 0.5),
    }


def test_merge_keys_are_overlaid(write: Callable[..., str]) -> None:
    file = write(
        ("up: {", "up: &up {"), ("{from: van, to: mast, bandwidth: 1 Mbit/s, loss: 1 %}", "{<<: *up, from: van}")
    )
    links = {link.name: link for link in scenario.load(file).links}
    assert links["up_van"] == replace(links["up"], name="up_van", source="van")


def test_folder_beside_the_scenario_is_found_from_anywhere(write: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "recorded").mkdir()
    for name in ("a", "b"):
        (tmp_path / "recorded" / name).mkdir()
    file = write(
        ("duration: 10 s", "duration: 10 s\nworld: {kind: pictures, path: recorded}"),
        ("{size: [64, 32]}", "{source: a}"),
        ("rear: {}", "rear: {source: a}"),
        ("{rate: 5 Hz}", "{source: b}"),
    )
    assert scenario.load(file).world.path == str(tmp_path / "recorded")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenarios_load_and_read_back(file: Path, tmp_path: Path) -> None:
    loaded = scenario.load(file.stem)
    assert loaded.name == file.stem
    assert loaded.purpose
    written = tmp_path / "written.yaml"
    written.write_text(scenario.dump(loaded), encoding="utf-8")
    assert replace(scenario.load(str(written)), path=loaded.path) == loaded


def test_lag_belongs_to_its_candidate_and_reads_back(write: Callable[..., str], tmp_path: Path) -> None:
    lagging = ("[car/front, previous]", "[{stream: car/front, lag: 0.8 s}, previous]")
    loaded = scenario.load(write(lagging))
    assert loaded.streams[1].candidates == (("car/front", 800_000_000), ("previous", 0))
    written = tmp_path / "written.yaml"
    written.write_text(scenario.dump(loaded), encoding="utf-8")
    assert replace(scenario.load(str(written)), path=loaded.path) == loaded
    plain = "streams.van/front.side_information=[{stream: car/front}, previous]"
    assert scenario.load(str(written), [plain]).streams[1].side_lags_ns == ()


@pytest.mark.parametrize(
    ("said", "codec", "model"),
    [
        ("{name: avif, side: fuse}", "avif+fuse", None),
        ("avif+fuse", "avif+fuse", None),
        ("{name: compressai, model: mbt2018, quality: 3}", "compressai", "mbt2018:3"),
        ("{name: compressai, model: mbt2018, quality: 3, weights: /a/b.pth}", "compressai", "mbt2018:3:/a/b.pth"),
    ],
)
def test_codec_settings_read_back(
    write: Callable[..., str], tmp_path: Path, said: str, codec: str, model: str | None
) -> None:
    loaded = scenario.load(write(("codec: atn", f"codec: {said}")))
    assert (codec, model) in {(stream.codec, stream.model) for stream in loaded.streams}
    written = tmp_path / "written.yaml"
    written.write_text(scenario.dump(loaded), encoding="utf-8")
    assert replace(scenario.load(str(written)), path=loaded.path) == loaded


def test_quality_range_depends_on_the_model(write: Callable[..., str]) -> None:
    with pytest.raises(InputError, match=r"quality and weights are of a compressai model"):
        scenario.load(write(("codec: atn", "codec: {name: compressai, quality: 3}")))


@pytest.mark.parametrize("rate", ["7 Hz", "29.97 Hz", "30 Hz", "0.3 Hz"])
def test_odd_numbers_read_back(write: Callable[..., str], tmp_path: Path, rate: str) -> None:
    adaptive = ("codec: atn", "codec: {name: atn, model: big}, rate: {adaptive: {max_quality: 0.7}}")
    ladder = ("400 kbit/s", "{33.3 m: 1.23456 Mbit/s, 1 km: 7 bit/s}")
    bursts = (
        "loss: 1 %",
        "loss: {model: gilbert-elliott, mean: 0.37 %, burst: 2.5}, queue: 12345 B, jitter: 1234567 ns",
    )
    loaded = scenario.load(
        write(("rate: 5 Hz", f"rate: {rate}, yaw: 1 rad"), ("36 km/h", "50 km/h"), adaptive, ladder, bursts)
    )
    written = tmp_path / "written.yaml"
    written.write_text(scenario.dump(loaded), encoding="utf-8")
    assert replace(scenario.load(str(written)), path=loaded.path) == loaded


@pytest.mark.parametrize("folder", ["", "scenarios/"])
@pytest.mark.parametrize("suffix", ["", ".yaml"])
def test_shipped_scenarios_are_found_from_anywhere(
    folder: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert scenario.find(f"{folder}vehicle_platoon{suffix}") == shipped.folder("scenarios") / "vehicle_platoon.yaml"


def test_unknown_scenario_lists_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"no scenario 'vehicle_plato' \(did you mean 'vehicle_platoon'\?\).*stereo_pair"
    ):
        scenario.find("vehicle_plato")
    with pytest.raises(InputError, match="is a folder"):
        scenario.find(str(tmp_path))


def test_catalogue_states_each_purpose() -> None:
    listed = scenario.list_shipped()
    assert [name for name, _, _ in listed] == [file.stem for file in SHIPPED]
    assert {"vehicle_platoon", "drone_survey", "stereo_pair", "intersection"} <= {name for name, _, _ in listed}
    assert all(len(purpose) > 20 for _, purpose, _ in listed)


def test_unshipped_scenario_folder_works() -> None:
    with pytest.raises(FileNotFoundError, match="no folder 'nothing'"):
        shipped.folder("nothing")


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), unique=True)))
def test_streams_have_an_order_or_a_cycle(served_by: dict[str, list[str]]) -> None:
    served_by = {name: [other for other in others if other in served_by] for name, others in served_by.items()}
    circle = decoding_order.cycle(served_by)
    if circle:
        assert all(after in served_by[name] for name, after in zip(circle, circle[1:] + circle[:1], strict=True))
        return
    ordered = decoding_order.after_those_that_serve(served_by)
    assert sorted(ordered) == sorted(served_by)
    assert all(ordered.index(other) < ordered.index(name) for name, others in served_by.items() for other in others)
