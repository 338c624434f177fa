"""`--set path.of.key=value`: wildcards, keys with slashes, keys that were not there, and faults that name it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simnet import scenario
from simnet.errors import ScenarioError
from simnet.records import CongestionConfig


def test_wildcards_reach_every_key(write: Callable[..., str]) -> None:
    loaded = scenario.load(write(), ["links.*.bandwidth=100kbit/s", "nodes.*.cameras.*.rate=20 Hz"])
    assert {link.bandwidth_bps for link in loaded.links} == {100e3}
    assert {camera.period_ns for camera in loaded.cameras.values()} == {50_000_000}


def test_stream_names_with_slashes_are_keys(write: Callable[..., str]) -> None:
    file = write(
        ("van/front: {codec: atn,", "'*/front': {codec: atn,"), ("car/front: {codec: jpeg,", "car/rear: {codec: jpeg,")
    )
    loaded = scenario.load(file, ["streams.*.side_information=[previous]", "streams.van/front.codec=webp"])
    assert {stream.name: stream.codec for stream in loaded.streams} == {
        "car/front": "atn",
        "car/rear": "jpeg",
        "van/front": "webp",
    }


def test_last_override_wins(write: Callable[..., str]) -> None:
    overrides = ["streams.car/front.codec=avif", "streams.*.codec=webp", "seed=1", "seed=2"]
    loaded = scenario.load(write(), overrides)
    assert ({stream.codec for stream in loaded.streams}, loaded.seed) == ({"webp"}, 2)


def test_parts_of_rate_and_codec_can_be_overridden(write: Callable[..., str]) -> None:
    adaptive = ("codec: atn", "codec: atn, rate: {adaptive: {min_quality: 0.2}}")
    overrides = ["streams.van/front.rate.adaptive.max_quality=0.6", "streams.van/front.codec.model=big"]
    stream = next(one for one in scenario.load(write(adaptive), overrides).streams if one.name == "van/front")
    assert (stream.codec, stream.model) == ("atn", "big")
    assert (stream.rate.kind, stream.rate.quality_min, stream.rate.quality_max) == ("adaptive", 0.2, 0.6)
    stream = scenario.load(write(adaptive), ["streams.*.rate.target=50 kbit/s"]).streams[0]
    assert (stream.rate.kind, stream.rate.target_bps) == ("target", 50e3)


def test_parts_of_congestion_control_can_be_overridden(write: Callable[..., str], tmp_path: Path) -> None:
    scream = ("codec: atn", "codec: atn, rate: {scream: {start: 1 Mbit/s}}")
    loaded = scenario.load(write(scream), ["streams.van/front.rate.scream.ecn=l4s"])
    written = tmp_path / "written.yaml"
    written.write_text(scenario.dump(loaded), encoding="utf-8")
    for each in (loaded, scenario.load(str(written))):
        rate = next(stream.rate for stream in each.streams if stream.name == "van/front")
        assert (rate.kind, rate.congestion) == ("scream", CongestionConfig(50e3, 1e6, 20e6, "l4s"))


def test_part_of_another_rate_control_than_an_override_chose_is_refused(write: Callable[..., str]) -> None:
    chosen, part = "streams.*.rate=gcc", "streams.van/front.rate.scream.ecn=l4s"
    with pytest.raises(ScenarioError, match=r"rate of van/front is gcc, by --set streams.*rate=gcc; expected rate.gcc"):
        scenario.load(write(), [chosen, part])
    loaded = scenario.load(write(), [chosen, "streams.van/front.rate={scream: {ecn: l4s}}"])
    kinds = {stream.name: stream.rate.kind for stream in loaded.streams}
    assert kinds == {"van/front": "scream", "car/front": "gcc"}
    alone = {stream.name: stream.rate.kind for stream in scenario.load(write(), [part]).streams}
    assert alone["van/front"] == "scream"


def test_gcc_is_a_rate_by_its_name(write: Callable[..., str], tmp_path: Path) -> None:
    loaded = scenario.load(write(), ["streams.van/front.rate=gcc", "streams.car/front.rate={gcc: {max: 2 Mbit/s}}"])
    written = tmp_path / "written.yaml"
    written.write_text(scenario.dump(loaded), encoding="utf-8")
    for each in (loaded, scenario.load(str(written))):
        rates = {stream.name: stream.rate for stream in each.streams}
        assert (rates["van/front"].kind, rates["van/front"].congestion) == ("gcc", CongestionConfig(50e3, 300e3, 20e6))
        assert rates["car/front"].congestion == CongestionConfig(50e3, 300e3, 2e6)


def test_omitted_optional_keys_can_be_overridden(write: Callable[..., str]) -> None:
    loaded = scenario.load(
        write(), ["fusion.wait=5 ms", "world.scene=field", "links.up.loss.mean=2 %", "links.up.return=none"]
    )
    assert loaded.fusion.wait_ns == 5_000_000
    assert loaded.world.scene == "field"
    assert loaded.links[0].loss.mean == 0.02
    assert [link.name for link in loaded.links] == ["up", "up_van", "up_van.return"]


def test_resolved_scenario_takes_overrides(write: Callable[..., str], tmp_path: Path) -> None:
    written = tmp_path / "written.yaml"
    written.write_text(scenario.dump(scenario.load(write())), encoding="utf-8")
    loaded = scenario.load(str(written), ["links.*.return.delay=3 ms"])
    assert [link.delay_ns for link in loaded.links] == [0, 3_000_000] * 2


def test_override_may_set_recorded_pictures(write: Callable[..., str], tmp_path: Path) -> None:
    sides = (("{size: [64, 32]}", "{size: [64, 32], source: left}"), ("rear: {}", "rear: {source: left}"))
    file = write(*sides, ("{rate: 5 Hz}", "{source: right}"))
    (tmp_path / "left").mkdir()
    world = scenario.load(file, ["world.kind=kitti_odometry", f"world.path={tmp_path}", "world.sequence=05"]).world
    assert (world.path, world.sequence) == (str(tmp_path), "05")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "links.*.bandwith=3 Mbit/s",
            "links.*.bandwith: unknown key 'bandwith' (did you mean 'bandwidth'?)",
        ),
        (
            "link.up.delay=3 ms",
            "link.up.delay: unknown key 'link' (did you mean 'links'?); expected one of:",
        ),
        ("links.down.delay=3 ms", "links.down.delay: unknown key 'down'; expected one of: up, up_van"),
        ("seed.x=3", "seed.x: unknown key 'x'; expected a shorter path"),
        ("links.up.bandwidth=3", "links.up.bandwidth: 3 has no unit; expected a value such as '20 Mbit/s'"),
        (
            "links.*.bandwidth=3 m",
            "links.up.bandwidth: '3 m' is not a bit rate; expected a value such as '20 Mbit/s' (and 1",
        ),
        ("streams.bus/front.codec=jpeg", "streams.bus/front: matches no stream (did you mean 'van/front'?); expected"),
        ("streams.*.codc=jpeg", "streams.*.codc: unknown key (did you mean 'codec'?); expected one of: codec,"),
        ("streams.*.codec=jpg", "streams.*.codec: jpg: unknown codec (did you mean 'jpeg'?)"),
        ("streams.*.codec=jpeg+fus", "streams.*.codec: jpeg+fus: unknown stage +fus; expected jpeg or jpeg+fuse"),
        ("duration=1 s,2 s", "duration: '1 s,2 s' is a list, which only `simnet sweep --set` takes; expected a value"),
        ("streams.van/front.rate.target=3", "streams.van/front.rate.target: 3 has no unit; expected"),
        ("streams.*.side_information=[car/front]", "streams.*.side_information.0: car/front cannot serve itself;"),
        ("world.kind=pairs", "world.path: required key is missing"),
        ("world.path=nowhere", "world.path: a rendered world has no folder"),
        ("fusion.at=most", "fusion.at: no node 'most' (did you mean 'mast'?)"),
        ("seed", "no override; expected path.of.key=value"),
        ("a..b=3", "no override; expected path.of.key=value"),
        ("seed=[1", "value:1:3: no valid YAML"),
    ],
)
def test_faults_name_the_override(refusal: Callable[..., str], override: str, expected: str) -> None:
    message = refusal(overrides=(override,))
    assert expected in message
    if override != "world.kind=pairs":
        assert message.startswith(f"--set {override}: ")


def test_missing_folder_names_the_override(refusal: Callable[..., str]) -> None:
    message = refusal(overrides=("world.kind=pairs", "world.path=/no/such"))
    assert message.startswith("--set world.path=/no/such: world.path: no folder '/no/such'; expected")


def test_override_changes_only_its_key(write: Callable[..., str]) -> None:
    file = write()
    assert scenario.load(file, ["seed=9"]) == replace(scenario.load(file), seed=9)


def test_long_override_is_cut_in_messages(write: Callable[..., str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario.load(write(), [f"sed={'x' * 5000}"])
    assert str(caught.value).startswith("--set sed=xxxx")
    assert len(str(caught.value)) < 400
