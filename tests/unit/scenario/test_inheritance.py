"""Scenarios that extend another one: what is merged, what is replaced, and where a fault comes from."""

from __future__ import annotations

import pytest

from simnet import scenario
from simnet.errors import ScenarioError

BASE = """\
# The base.
name: base
duration: 10 s
expect: {shows: Nothing., checks: ["lost(*) < 3"]}
nodes:
  car: {path: [[0, 0], [110, 0]], speed: 10 m/s, start: 3 m, cameras: {front: {size: [64, 32]}, rear: {}}}
  mast: {position: [60, 8, 5]}
links:
  up: {from: car, to: mast, bandwidth: {100 m: 4 Mbit/s, 200 m: 1 Mbit/s}, queue: {kind: codel}, return: {delay: 3 ms}}
media: {}
streams:
  car/front: {codec: jpeg, priority: 2}
fusion: {at: mast, wait: 50 ms}
"""


@pytest.fixture
def files(tmp_path):
    """Write files of scenarios by name, the base among them; return the folder."""

    def write(**texts: str):
        for name, text in {"base": BASE, **texts}.items():
            file = tmp_path / f"{name}.yaml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def extended(files, text: str, overrides: tuple[str, ...] = ()):
    return scenario.load(str(files(own=f"extends: base.yaml\n{text}") / "own.yaml"), overrides)


def refusal(files, text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        extended(files, text)
    message = str(caught.value)
    assert message.isprintable()
    return message


def test_named_things_and_settings_merge_key_by_key(files):
    loaded = extended(
        files,
        "nodes: {car: {speed: 5 m/s, cameras: {rear: ~, front: {rate: 5 Hz}}}}\n"
        "links: {up: {delay: 7 ms, return: {jitter: 1 ms}}}\n"
        "streams: {car/front: {priority: 3}}\nfusion: {deadline: 1 s}\n",
    )
    car = loaded.nodes[0]
    assert (car.trajectory.speed_mps, car.trajectory.offset_m) == (5, 3)
    assert [(camera.name, camera.width, camera.period_ns) for camera in car.cameras] == [("car/front", 64, 200_000_000)]
    up, back = loaded.links
    assert (up.delay_ns, back.delay_ns, back.jitter_ns, up.queue) == (7_000_000, 3_000_000, 1_000_000, "codel")
    assert (loaded.streams[0].codec, loaded.streams[0].priority) == ("jpeg", 3)
    assert (loaded.fusion.wait_ns, loaded.fusion.deadline_ns) == (50_000_000, 1_000_000_000)
    assert (loaded.name, loaded.purpose) == ("own", "The base.")


def test_other_values_are_replaced_as_a_whole(files):
    loaded = extended(files, "links: {up: {bandwidth: {50 m: 2 Mbit/s}, queue: 9 kB}}\n")
    assert loaded.links[0].ladder == ((50.0, 2e6),)
    assert (loaded.links[0].queue, loaded.links[0].queue_bytes) == ("fifo", 9000)


def test_another_place_replaces_the_one_before(files):
    loaded = extended(files, "nodes: {car: {position: [1, 2]}}\n")
    assert loaded.nodes[0].trajectory.waypoints_m == ((1, 2, 0),)
    assert len(loaded.nodes[0].cameras) == 2


def test_key_without_a_value_is_removed(files):
    loaded = extended(files, "nodes: {car: {start: ~}}\nlinks: {up: {queue: ~, return: ~}}\n")
    assert loaded.nodes[0].trajectory.offset_m == 0
    assert loaded.links[0].queue == "fifo"
    assert loaded.links[1].delay_ns == 0


def test_worlds_and_media_of_another_kind_are_replaced(files):
    base = BASE.replace("media: {}", "media: {air: {kind: tdma, slot: 20 ms}}\nworld: {kind: rendered, scene: field}")
    base = base.replace("from: car", "medium: air, from: car")
    folder = files(base=base, own="extends: base.yaml\nmedia: {air: {kind: csma}}\nworld: {scene: street}\n")
    loaded = scenario.load(str(folder / "own.yaml"))
    assert (loaded.media[0].kind, loaded.world.kind, loaded.world.scene) == ("csma", "rendered", "street")


def test_chains_shipped_bases_overrides_and_fleets(files):
    folder = files(
        middle="extends: base.yaml\nnodes: {car: {count: 2}}\nstreams: {car/front: ~, car_*/front: {codec: jpeg}}\n",
        own="# Mine.\nextends: middle.yaml\nnodes: {car: {count: 3}, car_2: {speed: 1 m/s}}\n",
        shipped="extends: urban_5g\nseed: 77\n",
    )
    loaded = scenario.load(str(folder / "own.yaml"), ["nodes.car.start=9 m"])
    assert [(node.name, node.trajectory.speed_mps) for node in loaded.nodes[:3]] == [
        ("car_1", 10),
        ("car_2", 1),
        ("car_3", 10),
    ]
    assert loaded.purpose == "Mine."
    assert {node.trajectory.offset_m for node in loaded.nodes[:3]} == {9}
    shipped = scenario.load(str(folder / "shipped.yaml"))
    # The trace is found beside the shipped file that names it.
    assert (shipped.seed, shipped.links) == (77, scenario.load("urban_5g").links)


def test_expectations_and_hosts_of_an_extending_file(files):
    folder = files(own="extends: base.yaml\nnodes: {box: {position: [1, 1]}}\n")
    assert scenario.expectation(str(folder / "own.yaml")) is None
    scenario.check_nodes(folder / "own.yaml", ["car", "box"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("links: {up: {delay: 2}}", "own.yaml:2:21: links.up.delay: 2 has no unit"),
        ("nodes: {car: ~}", "base.yaml:9:14: links.up.from: no node 'car'; expected one of: mast"),
        ("nodes: {mast: {position: [1]}}", "own.yaml:2:26: nodes.mast.position"),
        ("duration: ~", "own.yaml:1:1: duration: required key is missing"),
        ("nodes: {cra: {gap: 1 m}}", "own.yaml:2:14: nodes.cra: no place given"),
    ],
)
def test_faults_name_the_file_that_a_value_comes_from(files, text, fault):
    assert fault in refusal(files, text)


def test_bases_that_do_not_end_or_do_not_exist_are_refused(files):
    folder = files(
        a="extends: b.yaml\n", b="# B.\nextends: a.yaml\n", c="extends: bas.yaml\n", d="extends: [base.yaml]\n"
    )
    for name, fault in {
        "a": "b.yaml:2:10: extends: scenarios extend each other: a.yaml -> b.yaml -> a.yaml; expected one that ends",
        "c": "c.yaml:1:10: extends: no scenario 'bas.yaml'",
        "d": "d.yaml:1:10: extends: no name of a scenario; expected a file, or a shipped scenario's name",
    }.items():
        with pytest.raises(ScenarioError) as caught:
            scenario.load(str(folder / f"{name}.yaml"))
        assert fault in str(caught.value)


def test_fault_in_a_base_names_the_base(files):
    folder = files(base=BASE.replace("10 m/s", "10 mps"), own="extends: base.yaml\n")
    with pytest.raises(ScenarioError, match=r"base\.yaml:6:42: nodes\.car\.speed: '10 mps' has an unknown unit"):
        scenario.load(str(folder / "own.yaml"))
