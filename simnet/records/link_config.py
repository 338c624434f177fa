"""What a scenario declares of its links, in base units (ns, bytes, bit/s, metres)."""

from __future__ import annotations

from dataclasses import dataclass, field

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Packet loss. `model`: none, independent, gilbert-elliott; `mean` in [0, 1]; `burst` is the mean burst in packets."""

    model: str = "none"
    mean: float = 0.0
    burst: float = 1.0


@dataclass(frozen=True, slots=True)
class TraceConfig:
    """A file that says how fast a link is at every moment; it starts again at its end.

    `kind`: mahimahi (one integer a line, the millisecond of an opportunity to deliver 1500 bytes) or csv (a rate in `column`).
    """

    path: str
    kind: str
    digest: str
    """SHA-256 of the file, hexadecimal."""
    column: str = ""
    unit: str = ""
    """Of the column's numbers, e.g. kbit/s."""
    time_column: str = ""
    """Seconds; empty: the rows are `period_ns` apart."""
    period_ns: int = SECOND_NS
    start_ns: int = 0
    """Where in the trace a run begins."""


@dataclass(frozen=True, slots=True)
class HandoverConfig:
    """A node's choice among links of one `group`, each to another access point: the nearest, once it is nearer by a margin.

    `node` chooses; each node has a choice of its own among its links of the group, those to it and those from it alike.
    """

    group: str
    node: str
    hysteresis_m: float = 0.0
    gap_ns: int = 0
    """Nothing passes for so long after a change."""
    period_ns: int = 100_000_000
    """How often distances are compared."""


@dataclass(frozen=True, slots=True)
class MediumConfig:
    """Air that several links share: one transmission at a time.

    `kind`: tdma (every link has a slot of `slot_ns` in turn, with `guard_ns` of silence) or csma (IEEE 802.11's distributed
    coordination function: contention in slots of `slot_ns`, `sifs_ns`, `difs_ns`, an acknowledgement, windows from `window` to
    `window_max`).
    """

    name: str
    kind: str
    slot_ns: int = 20_000
    guard_ns: int = 0
    sifs_ns: int = 10_000
    difs_ns: int = 50_000
    preamble_ns: int = 192_000
    """What a transmission takes beside its bytes, and an acknowledgement too."""
    header_bytes: int = 34
    ack_bytes: int = 14
    basic_rate_bps: float = 1e6
    """Of acknowledgements."""
    window: int = 32
    window_max: int = 1024
    retries: int = 7


@dataclass(frozen=True, slots=True)
class TransportConfig:
    """How a stream's packets are protected. `kind`: none, retransmission (until the deadline) or fec (an erasure code)."""

    kind: str = "none"
    repair: float = 0.0
    """fec: repair packets for each packet of data, rounded up to whole packets a frame."""
    timeout_ns: int | None = None
    """retransmission: how long after a packet should have been confirmed it is sent again; None: measured round trips decide."""
    retries: int = 16


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """One direction of a link between two nodes.

    `bandwidth_bps` is a constant, or `ladder` gives it by distance: (up to metres, bit/s), ascending; beyond the last step
    nothing passes.
    """

    name: str
    source: str
    target: str
    bandwidth_bps: float
    delay_ns: int = 0
    jitter_ns: int = 0
    """Standard deviation of the extra delay (a half-normal draw, never negative)."""
    reorder: bool = False
    """Whether jitter may let a packet overtake an earlier one."""
    loss: LossConfig = field(default_factory=LossConfig)
    queue_bytes: int = 65_536
    mtu_bytes: int = 1_500
    """Largest packet on the link, overhead included."""
    overhead_bytes: int = 40
    """IP, UDP and RTP headers of one packet."""
    ladder: tuple[tuple[float, float], ...] = ()
    trace: TraceConfig | None = None
    """Gives the bandwidth instead of `bandwidth_bps` (then its mean) and `ladder`."""
    outages: tuple[tuple[int, int], ...] = ()
    """[from, until) in ns of virtual time, ascending: nothing that is sent or on the air then is received."""
    propagation_mps: float | None = None
    """Speed at which a signal crosses the distance of both ends, beside `delay_ns`; None: no such delay."""
    handover: HandoverConfig | None = None
    medium: str | None = None
    """The shared medium that it transmits on."""
    queue: str = "fifo"
    """fifo, priority (strict, by the stream's priority) or codel (RFC 8289)."""
    codel_target_ns: int = 5_000_000
    codel_interval_ns: int = 100_000_000
