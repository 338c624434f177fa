"""The schema of links."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from simnet import records, units
from simnet.scenario.schema import fields as f
from simnet.scenario.schema import media_schema
from simnet.scenario.schema.fields import Spec

_LINK = records.LinkConfig(name="", source="", target="", bandwidth_bps=1.0)


class LossSpec(Spec):
    """Packet loss on the air."""

    model: Literal["none", "independent", "gilbert-elliott"] = Field(
        default="independent", examples=["gilbert-elliott"]
    )
    """independent: each packet by itself; gilbert-elliott: in bursts."""
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
    """A bandwidth that was recorded; the trace starts again at its end."""

    trace: f.Given = Field(examples=["traces/drive.csv"])
    """The file: from the scenario file's folder, or from the current folder."""
    format: Literal["mahimahi", "csv"] | None = Field(default=None, examples=["mahimahi"])
    """mahimahi: one integer a line, the millisecond at which 1500 bytes may pass; csv if left out and the name ends so."""
    column: f.Given | None = Field(default=None, examples=["DL_bitrate"])
    """csv: the column of rates."""
    unit: Literal["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "B/s", "kB/s", "MB/s"] | None = Field(
        default=None, examples=["kbit/s"]
    )
    """csv: what the rates are measured in."""
    time: f.Given | None = Field(default=None, examples=["seconds"])
    """csv: the column that says when each row begins, in seconds or as dates and times of ISO 8601."""
    period: f.SomeTime | None = Field(default=None, examples=["1 s"])
    """csv without a time column: how long a row lasts; 1 s if left out."""
    start: f.Time = 0
    """Where in the trace the run begins."""
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(default=None, examples=["e3b0c442" * 8])
    """SHA-256 of the file, hexadecimal: another file is refused; any is taken if left out."""

    @property
    def kind(self) -> Literal["mahimahi", "csv"]:
        """The format, from the file's name where it is left out."""
        return self.format or ("csv" if self.trace.lower().endswith(".csv") else "mahimahi")

    @model_validator(mode="after")
    def _of_one_format(self) -> TraceSpec:
        if self.kind == "mahimahi":
            given = [key for key in ("column", "unit", "time", "period") if getattr(self, key) is not None]
            if given:
                raise ValueError(f"{given[0]} given with a mahimahi trace; expected format: csv")
            return self
        for key, example in (("column", "DL_bitrate"), ("unit", "kbit/s")):
            if getattr(self, key) is None:
                raise ValueError(f"a csv trace without {key}; expected {key}: {example}")
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
    """A time in which nothing that is sent or on the air is received; the transmitter goes on."""

    begin: f.Time = Field(alias="from", examples=["3 s"])
    """When it begins."""
    end: f.SomeTime = Field(alias="until", examples=["5 s"])
    """When it is over."""

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
    """What waits in front of a link, and what goes next."""

    kind: Literal["fifo", "priority", "codel"] = Field(default="fifo", examples=["codel"])
    """fifo: first in, first out; priority: strictly by the streams' priority, feedback before all; codel: RFC 8289."""
    size: f.SomeSize = _LINK.queue_bytes
    """What may wait; what comes on top is dropped, under priority the newest of the lowest."""
    target: f.SomeTime = _LINK.codel_target_ns
    """codel: the wait that may stand."""
    interval: f.SomeTime = _LINK.codel_interval_ns
    """codel: how long waits may be longer before it drops."""

    @model_validator(mode="after")
    def _of_codel(self) -> QueueSpec:
        given = [key for key in ("target", "interval") if key in self.model_fields_set]
        if given and self.kind != "codel":
            raise ValueError(f"{given[0]} given with a {self.kind} queue; expected kind: codel")
        if self.target > self.interval:
            target, interval = units.text(self.target, "ns"), units.text(self.interval, "ns")
            raise ValueError(f"target {target} is above interval {interval}; expected a small part of it, such as 5 %")
        return self


def _expand_queue(value: Any) -> Any:
    return value if isinstance(value, dict) else {"size": value}


class HandoverSpec(Spec):
    """A moving node's choice among links to access points: the nearest, once it is nearer by a margin."""

    group: f.Name = Field(examples=["cell"])
    """The links among which a node chooses say the same of it, group by group."""
    node: f.Name | None = Field(default=None, examples=["car"])
    """The end that moves and chooses; where the link comes from if left out. The other end is the access point."""
    hysteresis: f.Margin = Field(default=0.0, examples=["20 m"])
    """By how much another access point must be nearer."""
    gap: f.Time = Field(default=0, examples=["50 ms"])
    """How long after a change nothing passes."""
    period: f.SomeTime = Field(default=100_000_000, examples=["100 ms"])
    """How often distances are compared."""


def _expand_handover(value: Any) -> Any:
    return {"group": value} if isinstance(value, str) else value


class ChannelSpec(Spec):
    """What a link does to what is sent over it."""

    delay: f.Time = _LINK.delay_ns
    """Constant delay on the way."""
    propagation: f.SignalSpeed | None = Field(default=None, examples=["3e8 m/s"])
    """How fast the signal crosses the nodes' distance, which takes its time beside `delay`; at once if left out."""
    jitter: f.Time = _LINK.jitter_ns
    """Standard deviation of the extra delay, which is never negative."""
    reorder: bool = Field(default=_LINK.reorder, examples=[True], strict=True)
    """Whether jitter may let a packet overtake an earlier one."""
    loss: Annotated[LossSpec, f.Shorthand(_expand_loss, {"type": "string"})] = Field(
        default=LossSpec(model="none"), examples=["1 %", {"model": "gilbert-elliott", "mean": "1 %", "burst": 4}]
    )
    """A share alone means independent loss."""
    outages: list[
        Annotated[OutageSpec, f.Shorthand(_expand_outage, {"type": "array", "minItems": 2, "maxItems": 2})]
    ] = Field(default=[], examples=[[{"from": "3 s", "until": "5 s"}]])
    """Times in which nothing passes; none within another."""
    queue: Annotated[QueueSpec, f.Shorthand(_expand_queue, {"type": "string", "pattern": f.QUANTITY_PATTERN})] = Field(
        default=QueueSpec(), examples=["16 kB", {"kind": "codel", "size": "64 kB"}]
    )
    """What may wait in front of the link, and what goes next; a size alone is first in, first out."""
    mtu: f.SomeSize = _LINK.mtu_bytes
    """Largest packet, overhead included."""
    overhead: f.Size = _LINK.overhead_bytes
    """Headers of every packet (IP, UDP and RTP: 40 B)."""
    medium: Annotated[f.Name | None, f.Shorthand(media_schema.none, {"const": "none"})] = Field(
        default=None, examples=["air"]
    )
    """The medium that it shares with other links; none: it has its own."""


class ReturnSpec(ChannelSpec):
    """What the way back does otherwise than the way there."""

    bandwidth: Bandwidth | None = Field(default=None, examples=["50 kbit/s"])
    """As for the link."""


def _expand_return(value: Any) -> Any:
    if value is not None and value != "none" and not isinstance(value, dict):
        raise ValueError(
            f"{units.shorten(value)} says nothing; expected a mapping such as {{bandwidth: 50 kbit/s}}, or none"
        )
    return None if value == "none" else value


class LinkSpec(ChannelSpec):
    """A link between two nodes; the way back is called `<name>.return` and is the same unless `return` says otherwise."""

    source: f.Name = Field(alias="from", examples=["follower_1"])
    """The sending node."""
    target: f.Name = Field(alias="to", examples=["roadside"])
    """The receiving node."""
    bandwidth: Bandwidth = Field(
        examples=["400 kbit/s", {"100 m": "4 Mbit/s", "250 m": "1 Mbit/s"}, {"trace": "traces/drive.up"}]
    )
    """A bit rate, a ladder by distance beyond whose last step nothing arrives, or a recorded trace."""
    handover: Annotated[HandoverSpec | None, f.Shorthand(_expand_handover, {"type": "string"})] = Field(
        default=None, examples=[{"group": "cell", "hysteresis": "20 m", "gap": "50 ms"}]
    )
    """This link is one of several among which a node chooses by distance; both directions."""
    way_back: Annotated[ReturnSpec | None, f.Shorthand(_expand_return, {"const": "none"})] = Field(
        default=ReturnSpec(), alias="return", examples=["none", {"bandwidth": "50 kbit/s"}]
    )
    """What the way back does otherwise, or the word none for a link of one direction."""
