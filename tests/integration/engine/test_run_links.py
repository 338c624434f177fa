"""Outages and hand-overs in whole runs reach rows, run.json, the report and subscribers."""

from __future__ import annotations

from dataclasses import replace

import zmq

from simnet.records import HandoverConfig, NodeConfig, Trajectory
from simnet.records.telemetry import LiveEvent
from simnet.wire.telemetry.telemetry_sockets import LiveSubscriber
from support.tiny_runs import change_links

MS = 1_000_000
OUTAGE = ((300 * MS, 600 * MS),)


def test_outage_loses_frames_and_is_reported(run, tiny):
    with zmq.Context() as context, context.socket(zmq.REP) as probe:
        endpoint = f"tcp://127.0.0.1:{probe.bind_to_random_port('tcp://127.0.0.1')}"
    heard = []
    subscriber = LiveSubscriber(endpoint, heard.append)
    try:
        ran = run(change_links(tiny, outages=OUTAGE), live=endpoint, answer_delay_s=0.05, report=True)
    finally:
        subscriber.close()
    lost = [row.capture_ns // MS for row in ran.rows("car/a") if row.outcome.value == "lost"]
    assert lost == [300, 400, 500]
    found = [(event.time_ns, event.where, event.kind) for event in ran.read.manifest.events]
    links = ["car-hub", "van-hub"]
    assert found == [
        (t_ns, name, kind)
        for t_ns, kind in zip(OUTAGE[0], ("outage begins", "outage ends"), strict=True)
        for name in links
    ]
    page = (ran.result.folder / "report.html").read_text(encoding="utf-8")
    assert "Outages and hand-overs" in page
    assert "0.600 s" in page
    told = [each.record for each in heard if isinstance(each.record, LiveEvent)]
    assert {(event.time_ns, event.where, event.kind) for event in told} >= set(found[len(links) :])


def test_car_passing_two_masts_is_handed_over_once(run, tiny):
    # The car drives 100 m in the run's second; hub is where it starts, a second mast 60 m on; both are wired.
    car, van, hub = tiny.nodes
    away = Trajectory(((0.0, 0.0, 0.0), (200.0, 0.0, 0.0)), speed_mps=100.0)
    car = replace(car, trajectory=away, cameras=tuple(replace(each, trajectory=away) for each in car.cameras))
    mast = NodeConfig("mast", Trajectory(((60.0, 0.0, 0.0),)))
    choice = HandoverConfig("cell", "car", gap_ns=100 * MS)
    to_hub = next(link for link in tiny.links if link.name == "car-hub")
    links = [replace(link, handover=choice) if "car" in link.name else link for link in tiny.links]
    for source, target, chosen in (
        ("car", "mast", choice),
        ("mast", "car", choice),
        ("mast", "hub", None),
        ("hub", "mast", None),
    ):
        links.append(replace(to_hub, name=f"{source}-{target}", source=source, target=target, handover=chosen))
    ran = run(replace(tiny, nodes=(car, van, hub, mast), links=tuple(links)))
    events = [(event.time_ns // MS, event.where, event.detail) for event in ran.read.manifest.events]
    assert events == [(400, "car", "from hub to mast")]
    # Captured at 400 ms, coded at 410 ms: in the gap.
    assert [row.capture_ns // MS for row in ran.rows("car/a") if row.outcome.value == "lost"] == [400]
    assert ran.sent_bytes("car-hub") > 0 < ran.sent_bytes("mast-hub")
