"""Slots in turn: who may send when, by hand."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.errors import InputError
from simnet.net import Network
from simnet.records import LinkConfig, LossConfig, MediumConfig, TraceConfig

MS = 1_000_000
AIR = MediumConfig("air", "tdma", slot_ns=5 * MS, guard_ns=MS)
"""4 ms to send in of every 5 ms; at 8 Mbit/s a packet of 1000 bytes takes 1 ms."""


def link(number: int, **changes) -> LinkConfig:
    numbers = {"bandwidth_bps": 8e6, "queue_bytes": 10**6, "overhead_bytes": 0, "mtu_bytes": 1000, "medium": "air"}
    return LinkConfig(f"up{number}", f"car{number}", "mast", **(numbers | changes))


def send(links, sends, media=(AIR,)):
    env = simpy.Environment()
    network = Network(env, links, 1, lambda *_: 1.0, media)
    ended = []
    for at_ns, source, size in sends:
        env.timeout(at_ns, (source, size)).callbacks.append(
            lambda event: network.send(
                event.value[0], "mast", event.value[1], lambda transfer: ended.append((env.now, transfer))
            )
        )
    env.run()
    return ended, network


def arrivals_ms(ended) -> list[tuple[str, float]]:
    return [(transfer.source, at_ns / MS) for at_ns, transfer in ended]


def test_each_link_sends_only_in_its_slot():
    # car0: [0, 4), [10, 14) ...   car1: [5, 9), [15, 19) ...
    sends = [(0, "car1", 1000), (0, "car0", 1000), (4 * MS, "car0", 1000), (6 * MS, "car1", 1000)]
    ended, _ = send([link(0), link(1)], sends)
    assert arrivals_ms(ended) == [("car0", 1), ("car1", 6), ("car1", 7), ("car0", 11)]
    assert [transfer.queue_ns / MS for _, transfer in ended] == [0, 5, 0, 6]


def test_packet_too_long_for_its_slot_waits():
    ended, _ = send([link(0), link(1)], [(0, "car0", 6000)])
    assert arrivals_ms(ended) == [("car0", 12)]  # four in the first slot, two in the second
    ended, _ = send([link(0), link(1)], [(int(3.5 * MS), "car0", 1000), (int(3.6 * MS), "car0", 300)])
    assert arrivals_ms(ended) == [("car0", 11), ("car0", 11.3)]


def test_full_tdma_queue_drops_excluding_packet_in_service():
    ended, network = send([link(0, queue_bytes=2000), link(1)], [(4 * MS, "car0", 4000)])
    assert [transfer.packets_lost for _, transfer in ended] == [1]
    assert network.statistics()[0].dropped_packets == 1


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60 * MS), st.sampled_from(["car0", "car1", "car2"]), st.integers(0, 5_000)),
        max_size=12,
    ),
    st.sampled_from(["tdma", "csma", "cell"]),
    st.floats(0, 1),
    st.sampled_from(["fifo", "priority", "codel"]),
    st.integers(1_000, 9_000),
)
def test_media_conserve_packets_and_never_overlap(sends, kind, loss, queue, queue_bytes):
    slots = {"tdma": {"slot_ns": 5 * MS, "guard_ns": MS}, "csma": {}, "cell": {"slot_ns": MS, "at": "mast"}}
    medium = MediumConfig("air", kind, **slots[kind])
    lossy = LossConfig("independent", loss)
    links = [link(number, loss=lossy, queue=queue, queue_bytes=queue_bytes) for number in range(3)]
    ended, network = send(links, sends, [medium])
    assert len(ended) == len(sends)
    lines = network.statistics()
    for line in lines:
        for what in ("packets", "bytes"):
            parts = [getattr(line, f"{way}_{what}") for way in ("delivered", "lost", "dropped", "in_flight")]
            assert getattr(line, f"sent_{what}") == sum(parts)
        assert line.in_flight_packets == 0
    assert sum(transfer.packets_lost for _, transfer in ended) == sum(
        line.lost_packets + line.dropped_packets for line in lines
    )
    assert sum(transfer.packets_sent for _, transfer in ended) == sum(line.sent_packets for line in lines)


def test_packet_longer_than_any_slot_is_refused():
    with pytest.raises(
        InputError, match="a packet of 1000 bytes takes 8 ms; expected at most a slot less its guard, 4 ms"
    ):
        send([link(0, bandwidth_bps=1e6)], [])
    with pytest.raises(InputError, match="a packet of 1000 bytes takes 80 ms"):
        send([link(0, ladder=((10.0, 8e6), (20.0, 1e5)))], [])
    with pytest.raises(InputError, match="a recorded bandwidth in slots"):
        network_of_trace()
    with pytest.raises(InputError, match="guard is 5000000 ns; expected less than the slot"):
        send([], [], [MediumConfig("air", "tdma", slot_ns=5 * MS, guard_ns=5 * MS)])


def network_of_trace() -> None:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace"
        file.write_text("1\n2\n")
        send([link(0, trace=TraceConfig(str(file), "mahimahi", ""))], [])
