"""Packet capture of a run as pcapng: each link has two interfaces, for offered packets and for passed packets.

    camera ──offered──▶ link ──passed──▶ next link ...      a lost or dropped packet is only on the first interface

Times are virtual and start at 1970-01-01. A frame's RTP timestamp is its capture time; the marker bit is set on its last packet.
The payload type distinguishes media, retransmissions, repair packets, acknowledgements and feedback; each type has its own
sequence numbers (`PAYLOAD_TYPES`). Feedback has a payload of zeros, because the run transmits only its size.
"""

from __future__ import annotations

import heapq
from typing import IO, TYPE_CHECKING
from weakref import WeakKeyDictionary

from simnet.errors import InputError
from simnet.exports import pcapng, rtp
from simnet.exports.export import Export
from simnet.output_files import PartialFile
from simnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.exports.export import FinishedRun
    from simnet.net.passage import Passage
    from simnet.net.transfer import OpenTransfer
    from simnet.records import Scenario

FILE = "packets.pcapng"
PAYLOAD_TYPES = {"media": 96, "again": 97, "repair": 98, "acknowledgement": 102, "feedback": 103}
"""Dynamic RTP payload types (RFC 3551); Wireshark uses 99 to 101 for other protocols. Each type has its own SSRC, as RFC 4588
requires for retransmissions."""
REVERSE_KINDS = {"acknowledgement", "feedback"}
PORT = 5004
"""UDP port of the first stream. A stream has two ports: an even one forward, an odd one in reverse."""
STREAMS = (0x10000 - PORT) // 2


class PacketCapture(Export):
    """Packet observer (`net.PacketObserver`) that writes packets in order of time."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        """Create the file.

        Raises:
            InputError: A packet is larger than IPv4 allows, or there are more streams than ports.
            OutputError: The file cannot be written.
        """
        _check(scenario)
        self._deadline_ns = scenario.fusion.deadline_ns
        self._addresses = {node.name: _address(number) for number, node in enumerate(scenario.nodes)}
        self._streams = {stream.name: number for number, stream in enumerate(scenario.streams)}
        self._interfaces = {link.name: 2 * number for number, link in enumerate(scenario.links)}
        self._flows: dict[tuple[str, str], rtp.Flow] = {}
        self._sent: dict[rtp.Flow, int] = {}
        """Number of packets written so far, by flow."""
        self._first: WeakKeyDictionary[OpenTransfer, int] = WeakKeyDictionary()
        """Sequence number of the first packet of each open transfer."""
        self._on_the_way: list[tuple[int, int, bytes]] = []
        """Heap of packets that leave a link later: (time in ns, tie-breaking count, block)."""
        self._count = 0
        self._file = PartialFile(folder / FILE)
        with self._file.telling():
            self._out: IO[bytes] = self._file.partial.open("wb")
            self._out.write(self._front(scenario))

    def offered(self, transfer: OpenTransfer, hop: int, number: int, packets: int, now_ns: int) -> None:
        """See `net.PacketObserver`."""
        self._write_until(now_ns)
        interface = self._interfaces[transfer.route[hop].config.name]
        with self._file.telling():
            for each in range(number, number + packets):
                self._out.write(pcapng.packet(interface, now_ns, self._packet(transfer, hop, each)))

    def passed(self, transfer: OpenTransfer, hop: int, number: int, passages: Sequence[Passage]) -> None:
        """See `net.PacketObserver`."""
        interface = self._interfaces[transfer.route[hop].config.name] + 1
        for each, (known_ns, arrived, _) in enumerate(passages, number):
            if arrived:
                self._count += 1
                block = pcapng.packet(interface, known_ns, self._packet(transfer, hop, each))
                heapq.heappush(self._on_the_way, (known_ns, self._count, block))

    def finish(self, ended: FinishedRun) -> None:
        """Write the remaining packets and complete the file."""
        del ended
        self._write_until(None)
        with self._file.telling():
            self._out.close()
        self._file.keep()

    def abandon(self) -> None:
        """See `Export`."""
        self._file.drop(self._out)

    @property
    def packets(self) -> PacketCapture:
        """See `Export`."""
        return self

    @property
    def paths(self) -> tuple[Path, ...]:
        """See `Export`."""
        return (self._file.path,)

    def _write_until(self, now_ns: int | None) -> None:
        with self._file.telling():
            while self._on_the_way and (now_ns is None or self._on_the_way[0][0] <= now_ns):
                self._out.write(heapq.heappop(self._on_the_way)[2])

    def _packet(self, transfer: OpenTransfer, hop: int, number: int) -> bytes:
        content, size = transfer.content, transfer.payloads[number]
        assert content is not None, "a transfer has its content while an observer is set"
        flow = self._flow(content.flow, content.kind, transfer)
        first = self._first.get(transfer)
        if first is None:
            first = self._first[transfer] = self._sent.get(flow, 0)
            self._sent[flow] = first + len(transfer.payloads)
        stamp = rtp.timestamp(content.until_ns - (content.kind != "feedback") * self._deadline_ns)
        data = content.data
        if content.kind == "acknowledgement":
            data = stamp.to_bytes(4, "big") + data
        begin = number * transfer.payloads[0]
        payload = data[begin : begin + size].ljust(size, b"\0")
        marker = content.is_last and number == len(transfer.payloads) - 1
        return rtp.packet(flow, first + number, stamp, payload, marker=marker, hops=hop)

    def _flow(self, stream: str, kind: str, transfer: OpenTransfer) -> rtp.Flow:
        flow = self._flows.get((stream, kind))
        if flow is None:
            number, payload_type = self._streams[stream], PAYLOAD_TYPES[kind]
            source, target = self._addresses[transfer.source], self._addresses[transfer.target]
            port = PORT + 2 * number + (kind in REVERSE_KINDS)
            flow = rtp.Flow(source, target, port, payload_type, number << 8 | payload_type)
            self._flows[stream, kind] = flow
        return flow

    def _front(self, scenario: Scenario) -> bytes:
        ports = (f"{stream}: UDP {PORT + 2 * number}" for stream, number in self._streams.items())
        types = ", ".join(f"{number} {kind}" for kind, number in PAYLOAD_TYPES.items())
        comment = (
            f"Simulated packets of {scenario.name}, seed {scenario.seed}. Times are virtual, from 1970-01-01 on. RTP timestamps "
            f"are capture times. RTP payload types: {types}. {'; '.join(ports)}"
        )
        blocks = [pcapng.section(f"simnet {__version__}", comment[:60_000])]
        for link in scenario.links:
            counted = f"adds {link.overhead_bytes} bytes to a packet's payload; {rtp.HEADERS_BYTES} are shown"
            ends = f"{link.source} to {link.target}"
            blocks.append(
                pcapng.interface(f"{link.name} offered", f"{ends}: packets offered to the link, which {counted}")
            )
            blocks.append(
                pcapng.interface(f"{link.name} came out", f"{ends}: packets that came out of the link, which {counted}")
            )
        return b"".join([*blocks, pcapng.names((address, name) for name, address in self._addresses.items())])


def _address(number: int) -> bytes:
    """Return the IPv4 address of a node: 10.0.0.1, 10.0.0.2 and so on."""
    return (0x0A000001 + number).to_bytes(4, "big")


def _check(scenario: Scenario) -> None:
    for link in scenario.links:
        largest = link.mtu_bytes - link.overhead_bytes + rtp.HEADERS_BYTES
        if largest > rtp.LARGEST_BYTES:
            raise InputError(
                f"--export pcap: link {link.name!r} carries packets of {largest} bytes, headers included; expected at most "
                f"{rtp.LARGEST_BYTES}, IPv4's own limit (mtu)"
            )
    if len(scenario.streams) > STREAMS:
        raise InputError(
            f"--export pcap: {len(scenario.streams)} streams; expected at most {STREAMS}, two UDP ports each"
        )
