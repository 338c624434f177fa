"""A cell's slots: by hand, against a plain slot-by-slot simulation, and the shares that its schedulers give."""

from __future__ import annotations

import contextlib

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.errors import InputError
from simnet.net import Network
from simnet.records import LinkConfig, MediumConfig, TraceConfig, TrafficConfig

MS, SECOND = 1_000_000, 1_000_000_000
CELL = MediumConfig("cell", "cell", slot_ns=MS, at="mast")
"""At 8 Mbit/s a slot carries 1000 bytes."""


def link(number: int, *, down: bool = False, **changes) -> LinkConfig:
    numbers = {"bandwidth_bps": 8e6, "queue_bytes": 10**6, "overhead_bytes": 0, "mtu_bytes": 1500, "medium": "cell"}
    ends = ("mast", f"car{number}") if down else (f"car{number}", "mast")
    return LinkConfig(f"{'down' if down else 'up'}{number}", *ends, **(numbers | changes))


def run(links, sends, cell=CELL, until_ns: int = 0):
    env = simpy.Environment()
    network = Network(env, links, 1, lambda *_: 1.0, (cell,), until_ns)
    ended = []
    for at_ns, source, target, size in sends:
        env.timeout(at_ns, (source, target, size)).callbacks.append(
            lambda event: network.send(*event.value, lambda transfer: ended.append((env.now, transfer)))
        )
    env.run()
    return ended, network


def up(at_ns: int, number: int, size: int) -> tuple[int, str, str, int]:
    return at_ns, f"car{number}", "mast", size


def arrivals_ms(ended) -> list[tuple[str, float]]:
    return [(transfer.source, at_ns / MS) for at_ns, transfer in ended]


def test_packets_leave_at_the_end_of_their_slot():
    # Packets are cut: 2500 bytes take two slots and a half, and what is left of the third goes to the other.
    ended, _ = run([link(0), link(1)], [up(0, 0, 2500), up(2 * MS + 1, 1, 400)])
    assert arrivals_ms(ended) == [("car0", 3), ("car1", 4)]
    ended, _ = run([link(0), link(1)], [up(0, 0, 500), up(0, 1, 400)])
    assert arrivals_ms(ended) == [("car0", 1), ("car1", 1)]


def test_round_robin_begins_with_the_next_link():
    ended, _ = run([link(0), link(1), link(2)], [up(0, 0, 2000), up(0, 1, 2000), up(0, 2, 1000)])
    assert arrivals_ms(ended) == [("car2", 3), ("car0", 4), ("car1", 5)]


def test_ways_of_a_cell_do_not_share():
    links = [link(0), link(0, down=True)]
    ended, _ = run(links, [up(0, 0, 3000), (0, "mast", "car0", 3000)])
    assert [at_ns for at_ns, _ in ended] == [3 * MS, 3 * MS]


def test_waiting_and_delay_count():
    ended, _ = run([link(0, delay_ns=5 * MS), link(1)], [up(MS // 2, 0, 500), up(MS // 2, 1, 1000)])
    assert [(transfer.source, at_ns, transfer.queue_ns) for at_ns, transfer in ended] == [
        ("car1", 3 * MS, MS // 2),
        ("car0", 7 * MS, MS // 2),
    ]


def plain_round_robin(rates: list[int], packets: list[tuple[int, int, int]]) -> dict[int, int]:
    """Return when each packet (ms, user, bytes) ends: whole slots, bits as fractions of a slot's ns."""
    ends: dict[int, int] = {}
    queues: list[list[list[int]]] = [[] for _ in rates]
    turn, slot = 0, 0
    while len(ends) < len(packets):
        for index, (at_ms, user, size) in enumerate(packets):
            if at_ms == slot:
                queues[user].append([index, size * 8 * SECOND])
        left, first = MS, None
        for step in range(len(rates)):
            user = (turn + step) % len(rates)
            allowed = rates[user] * MS * left // MS
            used = 0
            while queues[user] and used < allowed:
                part = min(queues[user][0][1], allowed - used)
                queues[user][0][1] -= part
                used += part
                if not queues[user][0][1]:
                    ends[queues[user].pop(0)[0]] = slot + 1
            if used and first is None:
                first = user
            left -= -(-used // rates[user])
            if left <= 0:
                break
        turn = turn if first is None else (first + 1) % len(rates)
        slot += 1
    return ends


@settings(deadline=None, max_examples=40)
@given(
    rates=st.lists(st.integers(500_000, 20_000_000), min_size=1, max_size=4),
    packets=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(1, 1500)), min_size=1, max_size=25),
)
def test_round_robin_matches_plain_slots(rates, packets):
    packets = sorted((at_ms, user % len(rates), size) for at_ms, user, size in packets)
    links = [link(number, bandwidth_bps=float(rate)) for number, rate in enumerate(rates)]
    env = simpy.Environment()
    network = Network(env, links, 1, lambda *_: 1.0, (CELL,))
    ended: dict[int, int] = {}
    for index, (at_ms, user, size) in enumerate(packets):

        def go(_event, index=index, user=user, size=size):
            network.send(f"car{user}", "mast", size, lambda _: ended.__setitem__(index, env.now // MS))

        env.timeout(at_ms * MS).callbacks.append(go)
    env.run()
    assert ended == plain_round_robin(rates, packets)
    for each in network.statistics():
        assert each.sent_packets == each.delivered_packets


FULL = (TrafficConfig("poisson", 1500, 40e6, end_ns=2 * SECOND),)


@pytest.mark.parametrize("scheduler", ["round-robin", "proportional-fair"])
def test_full_links_of_fixed_rates_get_equal_time(scheduler):
    rates = (16e6, 8e6, 2e6)
    links = [link(number, bandwidth_bps=rate, queue_bytes=6_000, traffic=FULL) for number, rate in enumerate(rates)]
    _, network = run(links, [], MediumConfig("cell", "cell", slot_ns=MS, at="mast", scheduler=scheduler), 2 * SECOND)
    for each, rate in zip(network.statistics(), rates, strict=True):
        assert each.traffic_delivered_bytes * 8 / 2 == pytest.approx(rate / 3, rel=0.04)


def test_proportional_fairness_uses_good_moments(tmp_path):
    # Two users whose rates swing in opposite phase: served at their best, they get far more than half the mean.
    rows = ["16000"] * 5 + ["1000"] * 5
    (tmp_path / "trace.csv").write_text("\n".join(["rate", *rows]) + "\n", encoding="utf-8")
    carried = {}
    with contextlib.chdir(tmp_path):
        for scheduler in ("round-robin", "proportional-fair"):
            links = [
                link(
                    number,
                    queue_bytes=60_000,
                    traffic=FULL,
                    trace=TraceConfig("trace.csv", "csv", "", "rate", "kbit/s", period_ns=5 * MS, start_ns=start),
                )
                for number, start in enumerate((0, 25 * MS))
            ]
            cell = MediumConfig("cell", "cell", slot_ns=MS, at="mast", scheduler=scheduler)
            _, network = run(links, [], cell, 2 * SECOND)
            carried[scheduler] = [each.delivered_bytes for each in network.statistics()]
    assert sum(carried["proportional-fair"]) > 1.6 * sum(carried["round-robin"])
    first, second = carried["proportional-fair"]
    assert first == pytest.approx(second, rel=0.05)


@pytest.mark.parametrize("kind", ["cell", "csma", "tdma"])
def test_other_users_take_their_part_of_a_medium(kind):
    users = (TrafficConfig("greedy", 1500, rtt_ns=20 * MS, window_bytes=60_000, flows=2, bandwidth_bps=8e6),)
    slot_ns = 20_000 if kind == "csma" else 5 * MS
    medium = MediumConfig("cell", kind, slot_ns=slot_ns, at="mast" if kind == "cell" else "")
    sends = [up(index * 20 * MS, 0, 8000) for index in range(20)]
    alone, _ = run([link(0)], sends, medium, SECOND)
    shared, network = run([link(0)], sends, MediumConfig(**{**fields(medium), "traffic": users}), SECOND)
    assert [each.link for each in network.statistics()] == ["up0", "cell.user_1", "cell.user_2"]
    assert min(each.traffic_delivered_bytes for each in network.statistics()[1:]) > 50_000
    assert all(each.complete for _, each in shared)
    if kind == "tdma":
        return  # a slot of its own is only further away
    assert sum(at_ns for at_ns, _ in shared) > sum(at_ns for at_ns, _ in alone) + 20 * MS


def fields(config: MediumConfig) -> dict:
    return {name: getattr(config, name) for name in MediumConfig.__slots__}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"scheduler": "fair"}, "scheduler is 'fair'; expected round-robin or proportional-fair"),
        ({"average_ns": 1}, "slots of 1000000 ns and an average over 1 ns; expected more than 0"),
        ({"at": "tower"}, "link 'up0' on medium 'cell': from 'car0' to 'mast'; expected one end at 'tower'"),
    ],
)
def test_impossible_cells_are_refused(changes, fault):
    with pytest.raises(InputError, match=fault):
        run([link(0)], [], MediumConfig(**{**fields(CELL), **changes}))
