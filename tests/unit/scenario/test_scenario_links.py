"""What a scenario may say of links beside bandwidth: outages, propagation, queues, hand-over."""

from __future__ import annotations

import pytest

from simnet import scenario
from simnet.records import HandoverConfig

MS = 1_000_000
SECOND = 1000 * MS
UP = "bandwidth: 400 kbit/s"
CELL = "handover: {group: cell, hysteresis: 20 m, gap: 50 ms}"


def and_another(handover: str) -> tuple[str, str]:
    """A second link of the car's, to another access point."""
    return "streams:\n", f"  up_2: {{from: car, to: van, bandwidth: 1 Mbit/s, {handover}}}\nstreams:\n"


def links(file: str, *overrides: str) -> dict:
    return {link.name: link for link in scenario.load(file, overrides).links}


def test_reverse_link_inherits_unless_it_overrides(write):
    said = "outages: [{from: 3 s, until: 5 s}, [1 s, 2 s]], propagation: 3e8 m/s, queue: {kind: codel, target: 10 ms}"
    found = links(write((UP, f"{UP}, {said}, return: {{outages: [], queue: 9 kB}}")))
    up, back = found["up"], found["up.return"]
    assert up.outages == ((1 * SECOND, 2 * SECOND), (3 * SECOND, 5 * SECOND))
    assert (up.queue, up.queue_bytes, up.codel_target_ns, up.codel_interval_ns) == ("codel", 65_536, 10 * MS, 100 * MS)
    assert up.propagation_mps == back.propagation_mps == 3e8
    assert (back.outages, back.queue, back.queue_bytes) == ((), "fifo", 9000)
    assert found["up_van"].propagation_mps is None


def test_link_source_chooses_its_access_point(write):
    found = links(write((UP, f"{UP}, handover: cell"), and_another("handover: cell")))
    assert found["up"].handover == found["up.return"].handover == HandoverConfig("cell", "car")
    said = "handover: {group: cell, node: mast}"
    found = links(write((UP, f"{UP}, {said}"), ("loss: 1 %", said)))
    assert found["up_van"].handover == found["up_van.return"].handover == HandoverConfig("cell", "mast")


def test_stream_has_a_priority(write):
    streams = scenario.load(write(("{codec: jpeg,", "{codec: jpeg, priority: 3,"))).streams
    assert {stream.name: stream.priority for stream in streams} == {"car/front": 3, "van/front": 0}


@pytest.mark.parametrize(
    "said",
    [
        "outages: [[1 s, 2 s], [3 s, 4 s]]",
        "propagation: 2e8 m/s",
        "queue: {kind: priority, size: 9 kB}",
        "queue: {kind: codel, interval: 50 ms}",
        "queue: {kind: dualpi2, target: 20 ms, round_trip: 80 ms}",
        CELL,
        "handover: {group: cell, period: 1 s}, return: none",
    ],
)
def test_printed_links_load_back_equally(write, tmp_path, said):
    another = [and_another(said)] if "handover" in said else []
    loaded = scenario.load(write((UP, f"{UP}, {said}"), *another))
    (tmp_path / "printed.yaml").write_text(scenario.dump(loaded), encoding="utf-8")
    again = scenario.load(str(tmp_path / "printed.yaml"))
    assert again.links == loaded.links
    assert again.streams == loaded.streams


def test_overriding_one_key_keeps_the_shorthand(write):
    found = links(
        write((UP, f"{UP}, queue: 9 kB")), "links.*.queue.kind=codel", "links.up_van.loss.model=gilbert-elliott"
    )
    assert {(link.queue, link.queue_bytes) for link in found.values()} == {("codel", 9000), ("codel", 65_536)}
    assert (found["up_van"].loss.model, found["up_van"].loss.mean) == ("gilbert-elliott", 0.01)
    outages = links(write(), "links.*.outages=[[1 s, 2 s]]")
    assert {link.outages for link in outages.values()} == {((1 * SECOND, 2 * SECOND),)}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "outages: [[2 s, 1 s]]",
            "links.up.outages.0: an outage from 2 s until 1 s; expected it to end after it begins",
        ),
        ("outages: [{from: 1 s}]", "links.up.outages.0.until: required key is missing"),
        ("outages: [1 s]", "links.up.outages.0: '1 s' is no outage; expected {from: 3 s, until: 5 s}"),
        ("outages: [[1 s, 3 s], [2 s, 4 s]]", "links.up.outages: an outage begins before the one before it is over"),
        ("propagation: 4e8 m/s", "links.up.propagation: '4e8 m/s' is out of range"),
        ("queue: {kind: red}", "links.up.queue.kind: 'red' is unknown"),
        ("queue: {target: 5 ms}", "links.up.queue: target given with a fifo queue; expected kind: codel"),
        (
            "queue: {kind: codel, target: 0.2 s}",
            "links.up.queue: target 200 ms is above interval 100 ms; expected a small part of it",
        ),
        (
            "handover: cell",
            "links.up.handover: group 'cell' of 'car' has this link alone; expected two or more, one to each access point",
        ),
        ("queue: {size: 100 B}", "links.up.queue: queue is 100 B and mtu 1500 B; expected room for a whole packet"),
        ("handover: {hysteresis: 3 m}", "links.up.handover.group: required key is missing"),
        ("handover: {group: cell, node: van}", "links.up.handover.node: 'van' is at neither end; expected car or mast"),
        ("handover: {group: cell, hysteresis: -3 m}", "links.up.handover.hysteresis: '-3 m' is out of range"),
    ],
)
def test_link_faults_name_their_place(refusal, said, message):
    found = refusal((UP, f"{UP}, {said}"))
    assert found.startswith("small.yaml:9:")
    assert message in found


def test_links_of_a_group_must_agree(refusal):
    said = refusal((UP, f"{UP}, {CELL}"), and_another("handover: {group: cell, gap: 1 s}"))
    assert "links.up_2.handover: group 'cell' is not as link 'up' has it" in said
