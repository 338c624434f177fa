"""DualPI2 (RFC 9332, appendix A): who is marked, who is dropped, and how the two queues share a link."""

from __future__ import annotations

import pytest

from simnet.net.ecn import CE, ECT_0, ECT_1, NOT_ECT, EcnField
from simnet.net.links.scheduled_link import open_queue
from simnet.net.queues.discipline import QueuedPacket
from simnet.net.queues.dualpi2 import DualPi2Queue
from simnet.records import LinkConfig

MS = 1_000_000
PACKET = 1000
SERVICE_NS = 1 * MS  # 8 Mbit/s


def packet(now_ns: int, codepoint: int | None) -> QueuedPacket:
    return QueuedPacket(now_ns, PACKET, 0, lambda _: None, None if codepoint is None else EcnField(codepoint))


def drive(load: dict[int | None, float], seconds: float = 4.0) -> dict[int | None, list[float]]:
    """Offer packets of each codepoint at shares of the link's rate; return the sent, marked and dropped, and the delay in ms.

    Of the second half, when the control law has settled.
    """
    queue = DualPi2Queue(10**7, 15 * MS, 100 * MS)
    counts = {codepoint: [0, 0, 0, 0.0] for codepoint in load}
    due = dict.fromkeys(load, 0.0)
    for slot in range(int(seconds * 1000)):
        now_ns = slot * SERVICE_NS
        for codepoint, share in load.items():
            due[codepoint] += share
            while due[codepoint] >= 1:
                due[codepoint] -= 1
                assert queue.offer(packet(now_ns, codepoint)) == []
        sent, dropped = queue.pop(now_ns)
        if slot < seconds * 500:
            continue
        for each in dropped:
            counts[_kind(each, load)][2] += 1
        if sent is not None:
            own = counts[_kind(sent, load)]
            own[0] += 1
            own[1] += sent.ecn is not None and sent.ecn.codepoint == CE
            own[3] += (now_ns - sent.entered_ns) / MS
    return {kind: [*own[:3], own[3] / max(own[0], 1)] for kind, own in counts.items()}


def _kind(each: QueuedPacket, load: dict[int | None, float]) -> int | None:
    if each.ecn is None:
        return None
    return each.ecn.codepoint if each.ecn.codepoint in load else next(kind for kind in load if kind)


def test_idle_queues_mark_and_drop_nothing() -> None:
    found = drive({ECT_1: 0.3, None: 0.3})
    assert found[ECT_1][1:3] == [0, 0]
    assert found[None][1:3] == [0, 0]


def test_overloaded_classic_queue_drops_by_the_square() -> None:
    """5 % too much is dropped in the long run; the square root of that, doubled, is what scalable senders would see."""
    sent, _, dropped, delay_ms = drive({None: 1.05}, 20)[None]
    assert dropped / (sent + dropped) == pytest.approx(0.05 / 1.05, rel=0.3)
    assert 5 < delay_ms < 40


def test_capable_classic_packets_are_marked_and_not_dropped() -> None:
    sent, marked, dropped, _ = drive({ECT_0: 1.04}, 1)[ECT_0]
    assert sent > 0
    assert marked > 0
    assert dropped == 0


def test_scalable_packets_wait_little_beside_a_full_classic_queue() -> None:
    found = drive({ECT_1: 0.4, None: 0.65}, 20)
    assert found[ECT_1][3] < 3 < found[None][3]
    assert found[ECT_1][2] == 0
    # Coupled: k times the root of the classic share.
    share = found[None][2] / (found[None][0] + found[None][2])
    assert found[ECT_1][1] / found[ECT_1][0] > share**0.5


def test_classic_queue_keeps_its_share_while_scalable_packets_flood() -> None:
    queue = DualPi2Queue(10**7, 15 * MS, 100 * MS)
    for codepoint in (ECT_1, None):
        for _ in range(200):
            queue.push(packet(0, codepoint))
    sent = [queue.pop(0)[0] for _ in range(160)]
    assert sum(each.ecn is None for each in sent) == 10


def test_ramp_marks_what_waits_unless_alone() -> None:
    queue = DualPi2Queue(10**7, 15 * MS, 100 * MS)
    queue.push(packet(0, ECT_1))
    assert queue.pop(5 * MS)[0].ecn.codepoint == ECT_1
    for _ in range(4):
        queue.push(packet(10 * MS, ECT_1))
    marks = [queue.pop(12 * MS)[0].ecn.codepoint for _ in range(4)]
    assert marks == [ECT_1, CE, CE, ECT_1]  # the first adds up to 1, which must be passed; the last is alone


def test_overload_drops_scalable_packets_too() -> None:
    sent, marked, dropped, _ = drive({ECT_1: 1.6}, 10)[ECT_1]
    assert marked / sent > 0.95
    assert dropped > 0


def test_full_queue_refuses_packets() -> None:
    queue = open_queue(LinkConfig("a", "A", "B", 1e6, queue="dualpi2", queue_bytes=2500))
    refused = [queue.offer(packet(0, codepoint)) for codepoint in (ECT_1, NOT_ECT, ECT_0)]
    assert [len(each) for each in refused] == [0, 0, 1]
    assert (queue.packets, queue.size_bytes) == (2, 2000)
