"""Which way a frame takes."""

from __future__ import annotations

import itertools

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import InputError
from simnet.net import Network
from simnet.net.route import cheapest_route
from simnet.records import LinkConfig

MS = 1_000_000


def network(links, distance_m=lambda *_: 1.0, env=None) -> Network:
    return Network(env or simpy.Environment(), links, 1, distance_m)


def test_path_cost_is_delay_plus_full_packet_service(config):
    #      a (20 ms)
    #  A ------------> C        b + c: 2 ms of delay and 2 x 1.5 ms of service
    #   \--b--> B --c--/
    links = [
        config("a", "A", "C", delay_ns=20 * MS),
        config("b", "A", "B", delay_ns=MS),
        config("c", "B", "C", delay_ns=MS),
    ]
    assert network(links).route("A", "C") == ("b", "c")
    links[0] = config("a", "A", "C", delay_ns=3 * MS)
    assert network(links).route("A", "C") == ("a",)


def test_ties_prefer_fewer_hops_then_first_name(config):
    links = [config("y", "A", "B"), config("x", "A", "B"), config("long", "A", "C", bandwidth_bps=1e15)]
    links.append(config("end", "C", "B", delay_ns=1_500_000, bandwidth_bps=1e15))
    assert network(links).route("A", "B") == ("x",)
    assert network(links[::-1]).route("A", "B") == ("x",)


def test_missing_route_names_both_nodes(config):
    one_way = network([config()])
    for source, target in (("B", "A"), ("A", "Z"), ("Z", "A")):
        with pytest.raises(InputError, match=f"no route from '{source}' to '{target}'"):
            one_way.send(source, target, 10, lambda _: None)


def test_routes_avoid_moving_nodes_out_of_reach(config):
    # A --near--> B, or A --relay--> C --last--> B; B leaves A's range at 1 s and C's at 2 s.
    def distance_m(source: str, target: str, t_ns: int) -> float:
        return {("A", "B"): t_ns / 1e7, ("C", "B"): t_ns / 2e7}.get((source, target), 10.0)

    ladder = ((100.0, 8e6),)
    links = [config("near", ladder=ladder), config("relay", "A", "C"), config("last", "C", "B", ladder=ladder)]
    env = simpy.Environment()
    moving = network(links, distance_m, env)
    routes = []
    for t_s in (0.5, 1.5, 2.5):
        env.run(until=int(t_s * 1e9))
        routes.append(moving.route("A", "B"))
    assert routes == [("near",), ("relay", "last"), ("near",)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bandwidth_bps": 0.0}, "bandwidth is 0.0 bit/s"),
        ({"bandwidth_bps": float("nan")}, "bandwidth is nan"),
        ({"ladder": ((100.0, 1e6), (50.0, 1e5))}, "ascending"),
        ({"ladder": ((100.0, -1e6),)}, "bandwidth is -1000000.0"),
        ({"mtu_bytes": 40}, "mtu is 40 bytes"),
        ({"delay_ns": -1}, "delay_ns is -1"),
        ({"queue_bytes": -1}, "queue_bytes is -1"),
        ({"target": "A"}, "source and target are both 'A'"),
    ],
)
def test_impossible_link_numbers_are_refused(config, changes, message):
    with pytest.raises(InputError, match=r"^link 'a': ") as caught:
        network([config(**changes)])
    assert message in str(caught.value)


def test_duplicate_link_names_are_refused(config):
    with pytest.raises(InputError, match="link 'a': named twice"):
        network([config(), config(target="C")])


def test_float_clock_is_refused(config):
    with pytest.raises(TypeError, match="integer"):
        network([config()], env=simpy.Environment(0.0)).send("A", "B", 1, lambda _: None)


@given(st.lists(st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE"), st.integers(0, 3)), max_size=14))
def test_pruned_search_finds_the_same_route(edges):
    links = [LinkConfig(f"{n}", a, b, 1e6, delay_ns=delay) for n, (a, b, delay) in enumerate(edges) if a != b]
    every = network(links)
    costs = {link.config.name: link.channel.cost_ns(0) for link in every._links}
    for source, target in itertools.product("ABCDE", repeat=2):
        expected = cheapest_route(every._links, costs, source, target)
        try:
            found = every.route(source, target)
        except InputError:
            assert expected is None
        else:
            assert found == tuple(link.config.name for link in expected)
