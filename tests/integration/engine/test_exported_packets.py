"""The packet capture of a run agrees with its links and bitstreams, and Wireshark reads it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simnet import codec
from simnet.errors import InputError
from simnet.exports import rtp
from simnet.records import LinkConfig, LossConfig, MediumConfig, TransportConfig
from support import packet_capture as captured
from support.tiny_runs import MS, change_links, change_streams

AGAIN, REPAIR, ACKNOWLEDGEMENT, FEEDBACK = 97, 98, 102, 103
LOSSY = LossConfig("independent", 0.25)
TRANSPORTS = {
    "none": TransportConfig(),
    "retransmission": TransportConfig("retransmission"),
    "fec": TransportConfig("fec", repair=0.6),
}
TSHARK = shutil.which("tshark")
RTP = ("rtp.p_type", "rtp.seq", "rtp.marker")


def capture(ran) -> list[captured.Packet]:
    return captured.read(ran.read.path / "packets.pcapng")


def relayed(scenario):
    """The same scenario, but what the car sends goes through the van."""
    links = [link for link in scenario.links if {link.source, link.target} != {"car", "hub"}]
    there, back = (
        LinkConfig(f"{a}-{b}", a, b, 1e6, loss=LossConfig("independent", 0.1))
        for a, b in (("car", "van"), ("van", "car"))
    )
    return replace(scenario, links=(*links, there, back))


WAYS = {
    "fifo": lambda tiny: change_links(tiny, loss=LOSSY, mtu_bytes=300),
    "full queue": lambda tiny: change_links(tiny, bandwidth_bps=60e3, queue_bytes=900, mtu_bytes=300),
    "priority": lambda tiny: change_links(tiny, queue="priority", bandwidth_bps=100e3, queue_bytes=2000, mtu_bytes=300),
    "jitter": lambda tiny: change_links(tiny, jitter_ns=20 * MS, reorder=True, mtu_bytes=200),
    "relay": lambda tiny: change_links(relayed(tiny), mtu_bytes=300, loss=LOSSY),
    "shared air": lambda tiny: replace(
        change_links(tiny, medium="air", bandwidth_bps=1e6), media=(MediumConfig("air", "csma"),)
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_capture_agrees_with_link_counters(run, tiny, way):
    scenario = replace(WAYS[way](tiny), duration_ns=500 * MS)
    ran, without = run(scenario, exports=["pcap"], report=False), run(scenario, report=False)
    assert ran.result.summary["fingerprint"] == without.result.summary["fingerprint"]
    packets = capture(ran)
    assert [packet.t_ns for packet in packets] == sorted(packet.t_ns for packet in packets)
    counts = Counter(packet.interface for packet in packets)
    sizes = Counter()
    for packet in packets:
        sizes[packet.interface] += len(packet.data)
    for link in scenario.links:
        bins = [each for each in ran.read.bins if each.link == link.name]
        lost = sum(each.lost_packets + each.dropped_packets for each in bins)
        assert counts[f"{link.name} offered"] == sum(each.sent_packets for each in bins)
        assert sizes[f"{link.name} offered"] == sum(each.sent_bytes for each in bins)
        assert counts[f"{link.name} came out"] == counts[f"{link.name} offered"] - lost
        assert sizes[f"{link.name} came out"] == sum(each.delivered_bytes for each in bins)
    assert way != "full queue" or sum(each.dropped_packets for each in ran.read.bins) > 5


def test_captured_payloads_are_the_bitstream(run, tiny):
    ran = run(change_links(tiny, loss=LossConfig("independent", 0.1), mtu_bytes=300), exports=["pcap"], report=False)
    announcement = ran.read.manifest.announcements["car/a"]
    frames: dict[int, list[captured.Packet]] = {}
    for packet in capture(ran):
        if packet.interface == "car-hub came out":
            frames.setdefault(packet.stamp, []).append(packet)
    decoded = [row for row in ran.rows("car/a") if row.decode_ns is not None]
    assert 3 < len(decoded) < len(ran.rows("car/a"))
    for row in decoded:
        packets = frames[rtp.timestamp(row.capture_ns)]
        assert [packet.marker for packet in packets] == [False] * (len(packets) - 1) + [True]
        data = b"".join(packet.payload for packet in packets)
        assert len(data) == row.size_bytes
        picture = codec.open_decoder(announcement).decode(data, ()).picture
        assert hashlib.sha256(picture.tobytes()).hexdigest()[:32] == row.picture_digest


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_retransmissions_and_repair_packets_are_marked(run, tiny, kind):
    lossy = change_links(tiny, loss=LOSSY, mtu_bytes=300)
    ran = run(change_streams(lossy, transport=TRANSPORTS[kind]), exports=["pcap"], report=False)
    packets, rows = capture(ran), ran.rows("car/a")
    offered = Counter(packet.payload_type for packet in packets if packet.interface == "car-hub offered")
    assert offered.total() == sum(row.packets_sent for row in rows)
    assert offered[AGAIN] == sum(row.retransmissions for row in rows)
    assert (offered[AGAIN] > 0) == (kind == "retransmission")
    assert (offered[REPAIR] > 0) == (kind == "fec")
    back = {packet.payload_type for packet in packets if packet.interface == "hub-car offered"}
    assert back == ({ACKNOWLEDGEMENT} if kind == "retransmission" else set())
    for payload_type in offered:
        own = [
            packet
            for packet in packets
            if packet.interface == "car-hub offered" and packet.payload_type == payload_type
        ]
        assert [packet.number for packet in own] == list(range(len(own)))
        assert len({packet.ssrc for packet in own}) == 1


def test_acknowledgements_name_the_confirmed_packet(run, tiny):
    lossy = change_links(tiny, loss=LOSSY, mtu_bytes=300)
    packets = capture(
        run(change_streams(lossy, transport=TRANSPORTS["retransmission"]), exports=["pcap"], report=False)
    )
    confirmed = {packet.payload for packet in packets if packet.interface == "hub-car offered"}
    arrived = {
        packet.stamp.to_bytes(4, "big") + packet.payload[:4]
        for packet in packets
        if packet.interface == "car-hub came out"
    }
    assert confirmed == arrived


def test_packet_is_identical_on_every_hop(run, tiny):
    packets = capture(run(change_links(relayed(tiny), mtu_bytes=300), exports=["pcap"], report=False))
    ends = next(packet.ends for packet in packets if packet.interface == "car-van offered")
    first = [packet for packet in packets if packet.interface == "car-van came out"]
    second = [packet for packet in packets if packet.interface == "van-hub offered" and packet.ends == ends]
    assert [packet.data[20:] for packet in first] == [packet.data[20:] for packet in second]
    assert {packet.ttl for packet in first} == {64}
    assert {packet.ttl for packet in second} == {63}
    assert [packet.t_ns for packet in first] == [packet.t_ns for packet in second]


def test_feedback_is_captured_with_its_size(run, tiny):
    adaptive = change_streams(tiny, rate=replace(tiny.streams[0].rate, kind="adaptive"))
    ran = run(adaptive, exports=["pcap"], report=False)
    back = [packet for packet in capture(ran) if packet.interface == "hub-car offered"]
    assert len(back) > 5
    assert {packet.payload_type for packet in back} == {FEEDBACK}
    assert {len(packet.data) for packet in back} == {tiny.fusion.feedback_bytes + 40}


def test_packets_beyond_the_ip_limit_are_refused(run, tiny):
    with pytest.raises(InputError, match=r"link 'car-hub' carries packets of 70000 bytes.*expected at most 65535"):
        run(change_links(tiny, mtu_bytes=70_000), exports=["pcap"])


@given(st.binary(max_size=300))
@example(b"\0\0")
@example(b"\xff\xff")
def test_checksum_is_the_ones_complement_sum(data):
    total = sum(int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert rtp.checksum(data) == 0xFFFF - total


@pytest.mark.skipif(TSHARK is None, reason="no tshark here")
def test_tshark_reads_the_capture(run, tiny):
    lossy = change_streams(change_links(tiny, loss=LOSSY, mtu_bytes=300), transport=TRANSPORTS["retransmission"])
    path = run(lossy, exports=["pcap"], report=False).read.path / "packets.pcapng"
    names = ["frame.interface_name", "ip.src_host", "ip.len", "ip.checksum.status", "udp.checksum.status"]
    wanted = [word for name in ("frame.time_epoch", *names, *RTP) for word in ("-e", name)]
    command = [str(TSHARK), "-N", "n", "-r", str(path), "-d", "udp.port==5004-5007,rtp", "-o", "ip.check_checksum:TRUE"]
    command += ["-o", "udp.check_checksum:TRUE", "-T", "fields", *wanted, "-e", "_ws.malformed"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    packets = captured.read(path)
    lines = [line.split("\t") for line in told.splitlines()]
    assert len(lines) == len(packets)
    for line, packet in zip(lines, packets, strict=True):
        seconds, interface, node, length, *checked, payload_type, number, marker, malformed = line
        assert round(float(seconds) * 1e9) == packet.t_ns
        assert (interface, node) == (packet.interface, packet.interface[:3])
        assert int(length) == len(packet.data)
        assert checked == ["1", "1"], "both checksums are good"
        assert (int(payload_type), int(number)) == (packet.payload_type, packet.number)
        assert marker in {str(packet.marker), str(int(packet.marker))}
        assert not malformed
