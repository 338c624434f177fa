"""Each kind of bad input gives one line: file, line and column, the path of the key, what it is and what was expected."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simnet import scenario
from simnet.errors import ScenarioError

UP = "bandwidth: 400 kbit/s"
LOSS = "loss: 1 %"
CAR = "codec: jpeg, side_information: [mast/street]"
WORLD = "duration: 10 s"

BAD = [
    # Keys
    (("seed: 7", "sed: 7"), "2:1: sed: unknown key (did you mean 'seed'?); expected one of: name, seed,"),
    (("speed: 36", "sped: 36"), "5:35: nodes.car.sped: unknown key (did you mean 'speed'?)"),
    ((f", {UP}", ""), "9:3: links.up.bandwidth: required key is missing; expected bandwidth: 400 kbit/s"),
    (("fusion: {at: mast}\n", ""), "1:1: fusion: required key is missing; expected fusion: {at: roadside}"),
    (("duration: 10 s", "seed: 8"), "3:1: seed: duplicate key; the first is at small.yaml:2:1"),
    (("up_van:", "up:"), "10:3: links.up: duplicate key; the first is at small.yaml:9:3"),
    (("van: {f", "my van: {f"), "6:3: nodes.my van: 'my van' is no name; expected letters"),
    (("seed: 7", "? [a]\n: 3"), "2:3: scenario: a key that is no plain text; expected"),
    # YAML
    (("[mast/street]", "[mast/street"), "13:58: no valid YAML: expected ',' or ']', but got '}'"),
    (("nodes:\n", "nodes: &a\n  me: *a\n"), "4:8: nodes.me"),
    (("seed: 7", "seed: !!python/object:os.system {}"), "2:7: seed: tag 'tag:yaml.org,2002:python/object:os.system'"),
    (("seed: 7", "seed: 2001-99-99"), "2:7: seed: no plain value"),
    (("duration: 10 s", "duration:\t10 s\n\tseed: 1"), "3:10: no valid YAML: a tab; expected spaces"),
    # Units and numbers
    (
        ("400 kbit/s", "'1,5 Mbit/s'"),
        "9:40: links.up.bandwidth: '1,5 Mbit/s' has a decimal comma; expected a value such",
    ),
    (
        ("codec: jpeg, side", "codec: JPEG, side"),
        "13:22: streams.car/front.codec: JPEG: unknown codec (did you mean 'jpeg'?); expected one of",
    ),
    (("[60, 8, 5]", "[60, .nan]"), "7:25: nodes.mast.position.1: nan does not fit; expected a finite number"),
    (("400 kbit/s", "400"), "9:40: links.up.bandwidth: 400 has no unit; expected a value such as '20 Mbit/s'"),
    (("400 kbit/s", "400 ms"), "9:40: links.up.bandwidth: '400 ms' is not a bit rate; expected"),
    (("400 kbit/s", "{100 m: 4 Mbit/s, 250: 1 kbit/s}"), "9:58: links.up.bandwidth.250: '250' has no unit; expected"),
    (("400 kbit/s", "{100 m: 4 s}"), "9:48: links.up.bandwidth.100 m: '4 s' is not a bit rate; expected"),
    (
        ("400 kbit/s", "{1 km: 4 kbit/s, 1000 m: 5 kbit/s}"),
        "9:40: links.up.bandwidth: '1 km' and '1000 m' are the same",
    ),
    (("400 kbit/s", "{}"), "9:40: links.up.bandwidth: no step in the ladder; expected"),
    (("rate: 5 Hz", "rate: 0"), "7:57: nodes.mast.cameras.street.rate: 0 is out of range; expected 0.001 Hz"),
    (("rate: 5 Hz", "pitch: -100 deg"), "7:58: nodes.mast.cameras.street.pitch: '-100 deg' is out of range"),
    (("10 s", "0"), "3:11: duration: 0 is out of range; expected 1 ns to"),
    (("size: [64, 32]", "size: [64, 0]"), "5:80: nodes.car.cameras.front.size.1: 0 does not fit; expected at least 16"),
    (("size: [64, 32]", "size: 64"), "5:75: nodes.car.cameras.front.size: 64 does not fit; expected a list"),
    (("[60, 8, 5]", "[60, 8 m, 5]"), "7:25: nodes.mast.position.1: '8 m' does not fit; expected a valid number"),
    (("[60, 8, 5]", "[60]"), "7:20: nodes.mast.position: 1 given; expected at least 2"),
    # Nodes
    (("follows: car", "follows: van"), "6:18: nodes.van.follows: nodes follow each other: van -> van; expected"),
    (("follows: car", "follows: mast"), "6:18: nodes.van.follows: 'mast' stands still; expected"),
    (("follows: car", "follows: cart"), "6:18: nodes.van.follows: no node 'cart' (did you mean 'car'?); expected"),
    ((", gap: 8 m", ""), "6:8: nodes.van: follows given without gap; expected gap: 8 m"),
    (("gap: 8 m", "gap: 8 m, speed: 3 m/s"), "6:8: nodes.van: speed given without path; expected"),
    (("position: [60, 8, 5], ", ""), "7:9: nodes.mast: no place given; expected one of position,"),
    (("[110, 0]", "[0, 0]"), "5:24: nodes.car.path.1: the waypoint before it"),
    # Links
    (
        ("from: car", "from: cat"),
        "9:14: links.up.from: no node 'cat' (did you mean 'car'?); expected one of: car, van, mast",
    ),
    (("from: car", "from: mast"), "9:24: links.up.to: 'mast' is where the link starts; expected another"),
    ((LOSS, "loss: 1"), "10:60: links.up_van.loss: 1 has no unit; expected a value such as '1 %'"),
    ((LOSS, "loss: {mean: 160 %}"), "10:67: links.up_van.loss.mean: '160 %' is out of range; expected 0 % to 100 %"),
    (
        (LOSS, "loss: {model: gilbert-elliott, mean: 90 %, burst: 4}"),
        "10:60: links.up_van.loss: no bursts of 4 packets have a mean of 90 %; expected up to 80 %",
    ),
    ((LOSS, "loss: {model: gilbert}"), "10:68: links.up_van.loss.model: 'gilbert' is unknown (did you mean 'gilbert-"),
    ((LOSS, "loss: {mean: 1 %, burst: 3}"), "10:60: links.up_van.loss: burst given with model independent; expected"),
    ((LOSS, "loss: {model: none, mean: 1 %}"), "10:60: links.up_van.loss: mean given with model none; expected"),
    ((LOSS, "<<: fast"), "10:58: links.up_van: '<<' takes a mapping such as *name"),
    ((LOSS, "mtu: 30 B"), "10:59: links.up_van.mtu: mtu is 30 B and overhead 40 B; expected room"),
    ((LOSS, "return: {queue: 1 kB}"), "10:70: links.up_van.return.queue: queue is 1000 B and mtu 1500 B; expected"),
    ((LOSS, "return: sometimes"), "10:62: links.up_van.return: 'sometimes' says nothing; expected"),
    (("up_van:", "up.return:"), "10:3: links.up.return: 'up.return' is no name; expected letters"),
    # Streams
    (("van/front:", "van/fron:"), "12:3: streams.van/fron: no camera 'van/fron' (did you mean 'van/front'?); expected"),
    (("van/front:", "'v*/top':"), "12:3: streams.v*/top: matches no camera; expected one of: car/front"),
    (
        ("streams:\n", "streams:\n  mast/street: {codec: jpeg}\n"),
        "12:3: streams.mast/street: a camera of the fusion node is",
    ),
    (
        ("codec: jpeg, ", ""),
        "13:3: streams.car/front.codec: required key is missing for car/front; expected codec: atn",
    ),
    (
        ("codec: jpeg", "codec: jpeg, rate: {quality: 2}"),
        "13:44: streams.car/front.rate.quality: 2 does not fit; expected",
    ),
    (
        ("codec: jpeg", "codec: jpg"),
        "13:22: streams.car/front.codec: jpg: unknown codec (did you mean 'jpeg'?); expected one of atn,",
    ),
    (("codec: jpeg", "codec: {name: h265}"), "13:29: streams.car/front.codec.name: h265: unknown codec (did you mean"),
    (("codec: jpeg", "codec: jpeg, rate: fast"), "13:34: streams.car/front.rate: 'fast' is no rate control; expected"),
    (
        ("codec: jpeg", "codec: jpeg, rate: {quality: 1, target: 3 kbit/s}"),
        "13:34: streams.car/front.rate: quality and target given; expected one of {quality: 0.5}",
    ),
    (
        ("[mast/street]", "[van/front]"),
        "13:46: streams.car/front.side_information: streams wait for each other: car/front <- van/front <- car/front;",
    ),
    (("[mast/street]", "[car/front]"), "13:47: streams.car/front.side_information.0: car/front cannot serve itself;"),
    (
        ("[mast/street]", "[car/rear]"),
        "13:47: streams.car/front.side_information.0: car/rear is neither a stream nor a",
    ),
    (("[mast/street]", "[mast/stret]"), "13:47: streams.car/front.side_information.0: no camera 'mast/stret' (did you"),
    (
        ("[mast/street]", "[{stream: previous, lag: 1 s}]"),
        "13:71: streams.car/front.side_information.0.lag: previous takes no lag; expected",
    ),
    (
        ("[mast/street]", "[{stream: mast/street, lag: -1 s}]"),
        "13:74: streams.car/front.side_information.0.lag: '-1 s' is out of range; expected 0 s to",
    ),
    (
        ("[mast/street]", "[{stream: mast/street, lags: 1 s}]"),
        "13:69: streams.car/front.side_information.0.lags: unknown key (did you mean 'lag'?); expected one of: stream,",
    ),
    (("[mast/street]", "[{lag: 1 s}]"), "13:47: streams.car/front.side_information.0.stream: required key is missing;"),
    (
        ("[mast/street]", "[true]"),
        "13:47: streams.car/front.side_information.0: True does not fit; expected a valid string,",
    ),
    (
        ("[mast/street]", "[{stream: van/front, lag: 1 s}]"),
        "13:46: streams.car/front.side_information: streams wait for each other: car/front <- van/front <- car/front;",
    ),
    (("[mast/street]", "[previous, previous]"), "13:57: streams.car/front.side_information.1: duplicate: previous"),
    (
        ("codec: jpeg", "codec: jpeg, rate: {adaptive: {min_quality: 0.9, max_quality: 0.1}}"),
        "13:45: streams.car/front.rate.adaptive: min_quality 0.9 is above max_quality 0.1; expected",
    ),
    (
        ("codec: jpeg", "codec: jpeg, rate: {scream: {min: 1 Mbit/s}}"),
        "13:43: streams.car/front.rate.scream: min 1 Mbit/s, start 300 kbit/s, max 20 Mbit/s; expected min <= start <= max",
    ),
    (
        ("codec: jpeg", "codec: jpeg, rate: scream, transport: retransmission"),
        "13:53: streams.car/front.transport: retransmission given with rate: scream, which sends each packet once;",
    ),
    # Fusion
    (("{at: mast}", "mast"), "14:9: fusion: 'mast' is no mapping; expected keys at, wait, max_age"),
    (("at: mast", "at: most"), "14:14: fusion.at: no node 'most' (did you mean 'mast'?); expected one of"),
    (("at: mast", "at: mast, pictures: 1.5"), "14:30: fusion.pictures: 1.5 does not fit; expected"),
    # World
    (
        (WORLD, f"{WORLD}\nworld: {{kind: rendred}}"),
        "4:15: world.kind: 'rendred' is unknown (did you mean 'rendered'?)",
    ),
    ((WORLD, f"{WORLD}\nworld: {{path: here}}"), "4:15: world.path: a rendered world has no folder; expected kind"),
    (
        (WORLD, f"{WORLD}\nworld: {{kind: pairs}}"),
        "4:1: world.path: required key is missing for a world of pairs; expected",
    ),
    ((WORLD, f"{WORLD}\nworld: {{kind: pairs, path: nowhere}}"), "4:28: world.path: no folder 'nowhere'; expected"),
    (
        (WORLD, f"{WORLD}\nworld: {{kind: pairs, path: .}}"),
        "6:61: nodes.car.cameras.front.source: no source in a world",
    ),
    ((WORLD, f"{WORLD}\nworld: {{kind: pictures, path: .}}"), "6:61: nodes.car.cameras.front.source: no source in a"),
]


@pytest.mark.parametrize(("change", "expected"), BAD, ids=[expected.split(";")[0] for _, expected in BAD])
def test_bad_input_is_one_line_that_says_where(
    refusal: Callable[..., str], change: tuple[str, str], expected: str
) -> None:
    assert refusal(change).startswith(f"small.yaml:{expected}")


def test_stream_needs_a_route_to_fusion(refusal: Callable[..., str]) -> None:
    message = refusal(("from: van, to: mast", "from: mast, to: van"), (LOSS, "return: none"))
    assert message.startswith("small.yaml:12:3: streams.van/front: no way from 'van' to fusion at 'mast'; expected")


@pytest.mark.parametrize("rate", ["adaptive", "scream"])
def test_rate_with_feedback_needs_a_return_route(refusal: Callable[..., str], rate: str) -> None:
    message = refusal((LOSS, "return: none"), ("codec: atn", f"codec: atn, rate: {rate}"))
    assert message.startswith("small.yaml:12:33: streams.van/front.rate: no way back from fusion at 'mast' to 'van';")


def test_first_fault_counts_the_others(refusal: Callable[..., str]) -> None:
    message = refusal(("400 kbit/s", "4"), ("seed: 7", "seed: x"), ("speed: 36", "sped: 36"))
    assert message.startswith("small.yaml:2:7: seed: 'x' does not fit")
    assert message.endswith("(and 2 more)")


@pytest.mark.parametrize("text", ["", "- 1\n", "streets\n", "\x00", "nodes: " + "[" * 5000])
def test_non_scenario_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "none.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        scenario.load(str(file))
    assert str(caught.value).startswith(f"{file}:1:")
    assert str(caught.value).isprintable()


def test_binary_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(ScenarioError, match=r"picture.png:1:1: no text .* expected a scenario, YAML text"):
        scenario.load(str(file))


@pytest.mark.parametrize("merge", ["<<: *a", "<<: [*a, *a]", "<<: {<<: *a}"])
def test_recursive_merge_is_refused(refusal: Callable[..., str], merge: str) -> None:
    assert "too large or too deep" in refusal(("fusion: {at: mast}", f"fusion: &a {{at: mast, {merge}}}"))


def test_nested_aliases_do_not_exhaust_memory(refusal: Callable[..., str]) -> None:
    merges = "seed: &a0 {}\n" + "".join(
        f"x{k}: &a{k} {{<<: [{', '.join([f'*a{k - 1}'] * 9)}]}}\n" for k in range(1, 12)
    )
    assert "too large" in refusal(("seed: 7\n", merges))
    bomb = "seed: &a0 [1, 1]\n" + "".join(
        f"x{k}: &a{k} [*a{k - 1}, *a{k - 1}, *a{k - 1}, *a{k - 1}]\n" for k in range(1, 12)
    )
    assert "too large" in refusal(("seed: 7\n", bomb))
