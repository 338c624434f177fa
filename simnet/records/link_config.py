"""Link declarations of a scenario, in base units (ns, bytes, bit/s, metres)."""

from __future__ import annotations

from dataclasses import dataclass, field

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Packet loss. `model`: none, independent, gilbert-elliott; `mean` in [0, 1]; `burst` is the mean burst in packets."""

    model: str = "none"
    mean: float = 0.0
    burst: float = 1.0

    @property
    def is_lossless(self) -> bool:
        """Whether nothing is ever lost."""
        return self.model == "none" or self.mean == 0


@dataclass(frozen=True, slots=True)
class TraceConfig:
    """A file with a link's bandwidth over time; the trace repeats after its end.

    `kind`: mahimahi (one integer per line, the millisecond of an opportunity to deliver 1500 bytes) or csv (a rate in `column`).
    """

    path: str
    kind: str
    digest: str
    """SHA-256 of the file, hexadecimal."""
    column: str = ""
    unit: str = ""
    """Unit of the column, e.g. kbit/s."""
    time_column: str = ""
    """Column of times; empty: the rows are `period_ns` apart."""
    time_format: str = ""
    """Form of the times (see `clock_times`); empty: seconds or a date and time."""
    period_ns: int = SECOND_NS
    start_ns: int = 0
    """Position in the trace at which a run begins."""


@dataclass(frozen=True, slots=True)
class HandoverConfig:
    """Handover of a node between links of one `group`, each to another access point.

    `node` switches to the nearest access point once it is nearer by a margin. Each node chooses independently among its links of
    the group, in both directions.
    """

    group: str
    node: str
    hysteresis_m: float = 0.0
    gap_ns: int = 0
    """Interruption after a handover, in which nothing passes."""
    period_ns: int = 100_000_000
    """Period of the distance comparison."""


@dataclass(frozen=True, slots=True)
class TrafficConfig:
    """Background traffic of one direction of a link. `kind`: poisson, on-off or greedy (a flow like TCP's).

    `rate_bps` is the mean rate (poisson), or the rate while the source is on (on-off); it counts whole packets.
    """

    kind: str
    packet_bytes: int
    """Size of a packet, overhead included."""
    rate_bps: float = 0.0
    busy_ns: int = 0
    """on-off: mean time in which the source is on."""
    idle_ns: int = 0
    """on-off: mean time in which the source is off."""
    rtt_ns: int = 0
    """greedy: time from a packet's end on the link until its sender knows of it."""
    window_bytes: int = 0
    """greedy: most bytes in flight."""
    flows: int = 1
    """Number of independent sources of this kind."""
    priority: int = 0
    bandwidth_bps: float = 0.0
    """On a medium: bit rate of each flow's own station."""
    begin_ns: int = 0
    end_ns: int | None = None
    """Time from which nothing is sent; None: the end of the run."""


@dataclass(frozen=True, slots=True)
class MediumConfig:
    """Shared medium of several links: one transmission at a time.

    `kind`: tdma (every link has a slot of `slot_ns` in turn, with a guard time of `guard_ns`), csma (IEEE 802.11's distributed
    coordination function: contention in slots of `slot_ns`, `sifs_ns`, `difs_ns`, an acknowledgement, windows from `window` to
    `window_max`) or cell (the node `at` shares slots of `slot_ns` among its links, each way by itself, as `scheduler` says).
    """

    name: str
    kind: str
    slot_ns: int = 20_000
    guard_ns: int = 0
    sifs_ns: int = 10_000
    difs_ns: int = 50_000
    preamble_ns: int = 192_000
    """Preamble time of each transmission and of each acknowledgement, in addition to its bytes."""
    header_bytes: int = 34
    ack_bytes: int = 14
    basic_rate_bps: float = 1e6
    """Rate of acknowledgements."""
    window: int = 32
    window_max: int = 1024
    retries: int = 7
    at: str = ""
    """cell: the node at which all its links begin or end."""
    scheduler: str = "round-robin"
    """cell: round-robin or proportional-fair."""
    average_ns: int = 100_000_000
    """cell, proportional-fair: time over which a link's throughput is averaged."""
    traffic: tuple[TrafficConfig, ...] = ()
    """Other users of the medium: each flow is a station of its own, which sends at its `bandwidth_bps`."""


@dataclass(frozen=True, slots=True)
class TransportConfig:
    """Loss protection of a stream's packets. `kind`: none, retransmission (until the deadline) or fec (an erasure code)."""

    kind: str = "none"
    repair: float = 0.0
    """fec: repair packets per data packet, rounded up to whole packets per frame."""
    timeout_ns: int | None = None
    """retransmission: delay after the expected acknowledgement until a packet is resent; None: from measured round trips."""
    retries: int = 16


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """One direction of a link between two nodes.

    `bandwidth_bps` is a constant, or `ladder` gives it by distance: (up to metres, bit/s), ascending; nothing passes beyond the
    last step.
    """

    name: str
    source: str
    target: str
    bandwidth_bps: float
    delay_ns: int = 0
    jitter_ns: int = 0
    """Standard deviation of the random extra delay (half-normal, never negative)."""
    reorder: bool = False
    """Whether jitter may let a packet overtake an earlier one."""
    loss: LossConfig = field(default_factory=LossConfig)
    queue_bytes: int = 65_536
    mtu_bytes: int = 1_500
    """Largest packet on the link, including overhead."""
    overhead_bytes: int = 40
    """IP, UDP and RTP headers of one packet."""
    ladder: tuple[tuple[float, float], ...] = ()
    trace: TraceConfig | None = None
    """Bandwidth trace that replaces `bandwidth_bps` (which then holds its mean) and `ladder`."""
    outages: tuple[tuple[int, int], ...] = ()
    """Outages as [from, until) in ns of virtual time, ascending: packets sent or in flight during an outage are lost."""
    propagation_mps: float | None = None
    """Propagation speed over the distance between the ends, in addition to `delay_ns`; None: no such delay."""
    handover: HandoverConfig | None = None
    medium: str | None = None
    """Name of the shared medium that the link transmits on."""
    queue: str = "fifo"
    """Queue discipline: fifo, priority (strict, by the stream's priority), codel (RFC 8289) or dualpi2 (RFC 9332)."""
    codel_target_ns: int = 5_000_000
    codel_interval_ns: int = 100_000_000
    dualpi2_target_ns: int = 15_000_000
    """Aim of the delay of the queue for classic senders."""
    dualpi2_round_trip_ns: int = 100_000_000
    """The largest round trip that the control of that delay is to be stable for."""
    traffic: tuple[TrafficConfig, ...] = ()
    """Background traffic, whose packets share the queue with those of the streams."""
