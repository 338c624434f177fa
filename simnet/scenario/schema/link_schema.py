"""Schema of links."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from simnet import records, units
from simnet.scenario.schema import fields as f
from simnet.scenario.schema import media_schema
from simnet.scenario.schema.fields import Spec
from simnet.scenario.schema.traffic_schema import Traffic

_LINK = records.LinkConfig(name="", source="", target="", bandwidth_bps=1.0)


class LossSpec(Spec):
    """Packet loss on the air."""

    model: Literal["none", "independent", "gilbert-elliott"] = Field(
        default="independent", examples=["gilbert-elliott"]
    )
    """independent: each packet is lost independently; gilbert-elliott: packets are lost in bursts."""
    mean: f.Share = 0.0
    """Share of packets lost in the long run."""
    burst: Annotated[float, Field(ge=1, le=1e6, strict=True)] = Field(default=1.0, examples=[4])
    """gilbert-elliott: mean number of packets lost in a row."""

    @model_validator(mode="after")
    def _feasible(self) -> LossSpec:
        if self.model == "none" and self.mean > 0:
            raise ValueError("mean given with model none; expected model: independent or gilbert-elliott")
        if self.model != "gilbert-elliott":
            if "burst" in self.model_fields_set and self.burst != 1:
                raise ValueError(f"burst given with model {self.model}; expected model: gilbert-elliott")
            return self
        # p(good -> bad) = mean / (burst (1 - mean)) must be a probability.
        most = self.burst / (1 + self.burst)
        if self.mean > most:
            mean, limit = units.text(self.mean, ""), units.text(float(f"{most:.4g}"), "")
            raise ValueError(f"no bursts of {self.burst:g} packets have a mean of {mean}; expected up to {limit}")
        return self


def _expand_loss(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    return {"model": "none"} if value == "none" else {"mean": value}


class TraceSpec(Spec):
    """A recorded bandwidth; the trace repeats after its end."""

    trace: f.Given = Field(examples=["traces/drive.csv"])
    """The file, relative to the scenario file's folder or to the current folder."""
    format: Literal["mahimahi", "csv"] | None = Field(default=None, examples=["mahimahi"])
    """mahimahi: one integer per line, the millisecond at which 1500 bytes can pass; csv if left out and the name ends in .csv."""
    column: f.Given | None = Field(default=None, examples=["DL_bitrate"])
    """csv: the column of rates, by its name in the first line or its number, from 1."""
    unit: Literal["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "B/s", "kB/s", "MB/s"] | None = Field(
        default=None, examples=["kbit/s"]
    )
    """csv: the unit of the rates."""
    time: f.Given | None = Field(default=None, examples=["seconds"])
    """csv: the column of the rows' start times, in seconds or as ISO 8601 dates and times; or its number, from 1."""
    time_format: f.Given | None = Field(default=None, examples=["%d/%m/%Y %H:%M:%S"])
    """csv: the form of other times: unix_ms, unix_us, unix_ns, or as Python's strptime has it."""
    period: f.SomeTime | None = Field(default=None, examples=["1 s"])
    """csv without a time column: duration of a row; 1 s if left out."""
    start: f.Time = 0
    """Time in the trace at which the run begins."""
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(default=None, examples=["e3b0c442" * 8])
    """SHA-256 of the file, hexadecimal: a file with another digest is refused; any file is accepted if left out."""

    @property
    def kind(self) -> Literal["mahimahi", "csv"]:
        """Format of the trace, derived from the file's name if it is left out."""
        return self.format or ("csv" if self.trace.lower().endswith(".csv") else "mahimahi")

    @model_validator(mode="after")
    def _of_one_format(self) -> TraceSpec:
        if self.kind == "mahimahi":
            given = [
                key for key in ("column", "unit", "time", "time_format", "period") if getattr(self, key) is not None
            ]
            if given:
                raise ValueError(f"{given[0]} given with a mahimahi trace; expected format: csv")
            return self
        for key, example in (("column", "DL_bitrate"), ("unit", "kbit/s")):
            if getattr(self, key) is None:
                raise ValueError(f"a csv trace without {key}; expected {key}: {example}")
        if self.time_format is not None and self.time is None:
            raise ValueError("time_format given without time; expected time: COLUMN")
        if self.time is not None and self.period is not None:
            raise ValueError("both time and period given; expected one of them to say when rows begin")
        return self


def _kind_of_bandwidth(value: Any) -> str:
    traced = isinstance(value, TraceSpec) or (
        isinstance(value, dict) and not TraceSpec.model_fields.keys().isdisjoint(value)
    )
    return "recorded bandwidth" if traced else "bandwidth by distance"


Bandwidth = Annotated[
    Annotated[TraceSpec, Tag("recorded bandwidth")] | Annotated[f.Ladder, Tag("bandwidth by distance")],
    Discriminator(_kind_of_bandwidth),
]


class OutageSpec(Spec):
    """An interval in which no packet that is sent or in transit is received; the transmitter continues to send."""

    begin: f.Time = Field(alias="from", examples=["3 s"])
    """Time at which the outage begins."""
    end: f.SomeTime = Field(alias="until", examples=["5 s"])
    """Time at which the outage ends."""

    @model_validator(mode="after")
    def _lasts(self) -> OutageSpec:
        if self.end <= self.begin:
            begin, end = units.text(self.begin, "ns"), units.text(self.end, "ns")
            raise ValueError(f"an outage from {begin} until {end}; expected it to end after it begins")
        return self


def _expand_outage(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 2:
        return {"from": value[0], "until": value[1]}
    if not isinstance(value, dict):
        raise ValueError(f"{units.shorten(value)} is no outage; expected {{from: 3 s, until: 5 s}}, or [3 s, 5 s]")  # noqa: TRY004
    return value


class QueueSpec(Spec):
    """Queue in front of a link: its size and its scheduling."""

    kind: Literal["fifo", "priority", "codel", "dualpi2"] = Field(default="fifo", examples=["codel"])
    """fifo: first in, first out; priority: strictly by stream priority, feedback first; codel: RFC 8289; dualpi2: RFC 9332."""
    size: f.SomeSize = _LINK.queue_bytes
    """Maximum size; excess packets are dropped, with kind priority the newest packet of the lowest priority."""
    target: f.SomeTime | None = Field(default=None, examples=["5 ms"])
    """codel: acceptable standing queue delay, 5 ms if left out; dualpi2: aim of the classic queue's delay, 15 ms if left out."""
    interval: f.SomeTime = _LINK.codel_interval_ns
    """codel: time for which the delay may exceed the target before packets are dropped."""
    round_trip: f.SomeTime = _LINK.dualpi2_round_trip_ns
    """dualpi2: the largest round trip for which its control is to be stable."""

    @model_validator(mode="after")
    def _of_its_kind(self) -> QueueSpec:
        owners = {"target": ("codel", "dualpi2"), "interval": ("codel",), "round_trip": ("dualpi2",)}
        for key, kinds in owners.items():
            if key in self.model_fields_set and self.kind not in kinds:
                raise ValueError(f"{key} given with a {self.kind} queue; expected kind: {' or '.join(kinds)}")
        key = "round_trip" if self.kind == "dualpi2" else "interval"
        longest = self.round_trip if self.kind == "dualpi2" else self.interval
        if self.target is not None and self.target > longest:
            target, most = units.text(self.target, "ns"), units.text(longest, "ns")
            raise ValueError(f"target {target} is above {key} {most}; expected a small part of it, such as 5 %")
        return self

    @property
    def codel_target(self) -> int:
        """Target of a queue of kind codel."""
        return self.target if self.kind == "codel" and self.target is not None else _LINK.codel_target_ns

    @property
    def dualpi2_target(self) -> int:
        """Target of a queue of kind dualpi2."""
        return self.target if self.kind == "dualpi2" and self.target is not None else _LINK.dualpi2_target_ns


def _expand_queue(value: Any) -> Any:
    return value if isinstance(value, dict) else {"size": value}


class HandoverSpec(Spec):
    """A moving node's choice among links to access points: the nearest, once it is nearer by a margin."""

    group: f.Name = Field(examples=["cell"])
    """Group of links among which the node chooses; links of one group have equal hand-over settings."""
    node: f.Name | None = Field(default=None, examples=["car"])
    """The end that moves and chooses; the link's sending node if left out. The other end is the access point."""
    hysteresis: f.Margin = Field(default=0.0, examples=["20 m"])
    """Distance by which another access point must be nearer."""
    gap: f.Time = Field(default=0, examples=["50 ms"])
    """Time after a change in which no packet passes."""
    period: f.SomeTime = Field(default=100_000_000, examples=["100 ms"])
    """Period at which distances are compared."""


def _expand_handover(value: Any) -> Any:
    return {"group": value} if isinstance(value, str) else value


class ChannelSpec(Spec):
    """Effects of a link on its packets: delay, loss, outages and queueing."""

    delay: f.Time = _LINK.delay_ns
    """Constant transmission delay."""
    propagation: f.SignalSpeed | None = Field(default=None, examples=["3e8 m/s"])
    """Signal speed over the nodes' distance, which adds to `delay`; no propagation delay if left out."""
    jitter: f.Time = _LINK.jitter_ns
    """Standard deviation of the additional delay, which is never negative."""
    reorder: bool = Field(default=_LINK.reorder, examples=[True], strict=True)
    """Whether jitter can let a packet overtake an earlier packet."""
    loss: Annotated[LossSpec, f.Shorthand(_expand_loss, {"type": "string"})] = Field(
        default=LossSpec(model="none"), examples=["1 %", {"model": "gilbert-elliott", "mean": "1 %", "burst": 4}]
    )
    """Packet loss; a share alone means independent loss."""
    outages: list[
        Annotated[OutageSpec, f.Shorthand(_expand_outage, {"type": "array", "minItems": 2, "maxItems": 2})]
    ] = Field(default=[], examples=[[{"from": "3 s", "until": "5 s"}]])
    """Intervals in which no packet passes; they cannot overlap."""
    queue: Annotated[QueueSpec, f.Shorthand(_expand_queue, {"type": "string", "pattern": f.QUANTITY_PATTERN})] = Field(
        default=QueueSpec(), examples=["16 kB", {"kind": "codel", "size": "64 kB"}]
    )
    """Queue in front of the link; a size alone means first in, first out."""
    mtu: f.SomeSize = _LINK.mtu_bytes
    """Largest packet, overhead included."""
    overhead: f.Size = _LINK.overhead_bytes
    """Headers of every packet (IP, UDP and RTP: 40 B)."""
    medium: Annotated[f.Name | None, f.Shorthand(media_schema.none, {"const": "none"})] = Field(
        default=None, examples=["air"]
    )
    """Medium that the link shares with other links; none: the link has its own."""


class ReturnSpec(ChannelSpec):
    """Settings of the reverse link that differ from the forward link."""

    bandwidth: Bandwidth | None = Field(default=None, examples=["50 kbit/s"])
    """Bandwidth of the reverse link, in the same forms as the link's."""
    traffic: Traffic = Field(default=[], examples=["1 Mbit/s"])
    """Background traffic on the reverse link; none if left out."""


def _expand_return(value: Any) -> Any:
    if value is not None and value != "none" and not isinstance(value, dict):
        raise ValueError(
            f"{units.shorten(value)} says nothing; expected a mapping such as {{bandwidth: 50 kbit/s}}, or none"
        )
    return None if value == "none" else value


class LinkSpec(ChannelSpec):
    """A link between two nodes; the reverse link is named `<name>.return` and has equal settings unless `return` changes them."""

    source: f.Name = Field(alias="from", examples=["follower_1"])
    """The sending node."""
    target: f.Name = Field(alias="to", examples=["roadside"])
    """The receiving node."""
    bandwidth: Bandwidth = Field(
        examples=["400 kbit/s", {"100 m": "4 Mbit/s", "250 m": "1 Mbit/s"}, {"trace": "traces/drive.up"}]
    )
    """A bit rate, a ladder by distance (beyond its last step nothing arrives), or a recorded trace."""
    traffic: Traffic = Field(
        default=[],
        examples=["2 Mbit/s", "greedy", [{"kind": "on-off", "rate": "4 Mbit/s", "busy": "200 ms", "idle": "800 ms"}]],
    )
    """Background traffic on the link, from its start to its end: a mean rate, greedy, settings, or a list of these."""
    handover: Annotated[HandoverSpec | None, f.Shorthand(_expand_handover, {"type": "string"})] = Field(
        default=None, examples=[{"group": "cell", "hysteresis": "20 m", "gap": "50 ms"}]
    )
    """Hand-over settings of a link among which a node chooses by distance, in both directions."""
    way_back: Annotated[ReturnSpec | None, f.Shorthand(_expand_return, {"const": "none"})] = Field(
        default=ReturnSpec(), alias="return", examples=["none", {"bandwidth": "50 kbit/s"}]
    )
    """Different settings of the reverse link, or the word none for a one-way link."""
