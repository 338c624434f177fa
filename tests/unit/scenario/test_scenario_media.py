"""What a scenario may say of media that links share."""

import pytest

from simnet import scenario
from simnet.records import MediumConfig, TrafficConfig

MS = 1_000_000
AIR = ("streams:", "media: {{air: {}}}\nstreams:")
ON_AIR = ("400 kbit/s}", "400 kbit/s, medium: air}")


def with_air(written: str) -> tuple[str, str]:
    return AIR[0], AIR[1].format(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("csma", MediumConfig("air", "csma")),
        ("{kind: csma, window: 16, retries: 4}", MediumConfig("air", "csma", window=16, retries=4)),
        ("cell", MediumConfig("air", "cell", slot_ns=MS, at="mast")),
        (
            "{kind: cell, slot: 2 ms, at: mast, scheduler: proportional-fair, average: 50 ms, "
            "traffic: {rate: 1 Mbit/s, bandwidth: 5 Mbit/s, flows: 3}}",
            MediumConfig(
                "air",
                "cell",
                slot_ns=2 * MS,
                at="mast",
                scheduler="proportional-fair",
                average_ns=50 * MS,
                traffic=(TrafficConfig("poisson", 1500, 1e6, flows=3, bandwidth_bps=5e6),),
            ),
        ),
        ("{kind: tdma, slot: 40 ms, guard: 1 ms}", MediumConfig("air", "tdma", slot_ns=40 * MS, guard_ns=MS)),
    ],
)
def test_media_read_back_from_their_output(write, tmp_path, written, meant):
    loaded = scenario.load(write(with_air(written), ON_AIR))
    assert loaded.media == (meant,)
    assert {link.name: link.medium for link in loaded.links}["up"] == "air"
    assert {link.name: link.medium for link in loaded.links}["up.return"] == "air"
    assert {link.name: link.medium for link in loaded.links}["up_van"] is None
    out = tmp_path / "out.yaml"
    out.write_text(scenario.dump(loaded), encoding="utf-8")
    again = scenario.load(str(out))
    assert (again.media, again.links) == (loaded.media, loaded.links)


def test_reverse_link_may_use_another_medium(write):
    on_one_way = ("400 kbit/s}", "400 kbit/s, medium: air, return: {medium: none}}")
    loaded = scenario.load(write(with_air("csma"), on_one_way))
    assert [link.medium for link in loaded.links if link.name.startswith("up")][:2] == ["air", None]


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("wifi", "11:14: media.air: 'wifi' is unknown; expected 'tdma', 'csma' or 'cell'"),
        ("{kind: tdma}", "11:14: media.air: tdma without the length of a slot; expected slot: 5 ms"),
        ("{kind: tdma, slot: 1 ms, guard: 1 ms}", "media.air: guard 1 ms leaves nothing of slot 1 ms"),
        ("{kind: tdma, slot: 1 ms, window: 8}", "media.air: window given with kind tdma; expected guard, slot"),
        ("{kind: csma, guard: 1 ms}", "media.air: guard given with kind csma; expected acknowledgement, basic_rate"),
        ("{kind: cell, guard: 1 ms}", "guard given with kind cell; expected at, average, scheduler, slot"),
        (
            "{kind: cell, average: 1 s}",
            "average given without proportional fairness; expected scheduler: proportional-fair",
        ),
        ("{kind: cell, scheduler: proportional-fair, average: 1 us}", "average 1 us is below slot 1 ms"),
        ("{kind: cell, at: mats}", "media.air.at: no node 'mats' (did you mean 'mast'?)"),
        (
            "{kind: cell, at: van}",
            "links.up.medium: from car to mast in a cell at van; expected links that begin or end at",
        ),
        ("{kind: csma, traffic: {rate: 1 Mbit/s}}", "media.air.traffic.bandwidth: required key is missing"),
        ("{kind: csma, window: 64, max_window: 32}", "media.air: window 64 is above max_window 32"),
    ],
)
def test_medium_faults_are_one_line(refusal, written, fault):
    assert fault in refusal(with_air(written), ON_AIR)


def test_faults_of_links_on_media_are_one_line(refusal):
    said = refusal(("400 kbit/s}", "400 kbit/s, medium: aie}"), with_air("csma"))
    assert "9:60: links.up.medium: no medium 'aie' (did you mean 'air'?); expected one of: air" in said
    assert "expected media: {air: csma}" in refusal(ON_AIR)
    assert refusal(with_air("csma")).startswith("small.yaml:11:9: media.air: no link uses it; expected medium: air in")
    slow = refusal(with_air("{kind: tdma, slot: 5 ms}"), ON_AIR)
    assert "links.up.medium: a packet of 1500 B takes 30 ms; expected at most a slot less its guard, 5 ms" in slow
