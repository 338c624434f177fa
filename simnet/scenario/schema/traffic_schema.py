"""Schema of background traffic."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from simnet import records, units
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

_OWNERS = {
    "rate": ("poisson", "on-off"),
    "busy": ("on-off",),
    "idle": ("on-off",),
    "rtt": ("greedy",),
    "window": ("greedy",),
}
"""Keys of some kinds only."""
GREEDY = "greedy"
_RTT_NS = 50_000_000
_WINDOW_BYTES = 4_000_000


class TrafficSpec(Spec):
    """Background traffic on a link, which shares the queue with the streams; it runs one way."""

    kind: Literal["poisson", "on-off", "greedy"] = Field(default="poisson", examples=["greedy"])
    """poisson: packets at random; on-off: bursts at a constant rate; greedy: a flow like TCP's, whose window grows until a loss
    (additive increase, multiplicative decrease)."""
    rate: f.BitRate | None = Field(default=None, examples=["2 Mbit/s"])
    """poisson, required: the mean rate; on-off, required: the rate while packets are sent."""
    packet: f.SomeSize | None = Field(default=None, examples=["1200 B"])
    """Size of a packet, headers included; the link's mtu if left out."""
    busy: f.SomeTime | None = Field(default=None, examples=["200 ms"])
    """on-off, required: mean duration of a burst; durations are exponential."""
    idle: f.Time | None = Field(default=None, examples=["800 ms"])
    """on-off: mean pause between bursts; the same as busy if left out, and 0 s for a constant rate."""
    rtt: f.SomeTime | None = Field(default=None, examples=["50 ms"])
    """greedy: time from a packet's arrival or loss until its sender knows of it, 50 ms if left out."""
    window: f.SomeSize | None = Field(default=None, examples=["64 kB"])
    """greedy: maximum amount of data in flight, 4 MB if left out."""
    flows: Annotated[f.Count, Field(ge=1, le=100)] = Field(default=1, examples=[3])
    """Number of independent sources of this kind."""
    priority: Annotated[f.Count, Field(ge=0, le=1000)] = Field(default=0, examples=[1])
    """Priority in queues of kind priority."""
    begin: f.Time = Field(default=0, alias="from", examples=["3 s"])
    """Time at which the traffic begins; the start of the run if left out."""
    end: f.SomeTime | None = Field(default=None, alias="until", examples=["5 s"])
    """Time at which the traffic ends; the end of the run if left out."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> TrafficSpec:
        for key, owners in _OWNERS.items():
            if getattr(self, key) is not None and self.kind not in owners:
                raise ValueError(f"{key} given with kind {self.kind}; expected kind: {' or '.join(owners)}")
        if self.kind != GREEDY and self.rate is None:
            raise ValueError(f"{self.kind} traffic without rate; expected rate: 2 Mbit/s")
        if self.kind == "on-off" and self.busy is None:
            raise ValueError("on-off traffic without the duration of a burst; expected busy: 200 ms")
        if self.end is not None and self.end <= self.begin:
            shown = units.text(self.begin, "ns"), units.text(self.end, "ns")
            raise ValueError(f"traffic from {shown[0]} until {shown[1]}; expected it to end after it begins")
        return self

    def record(self, mtu_bytes: int) -> records.TrafficConfig:
        """Return the traffic on a link of this mtu as a configuration record."""
        is_greedy = self.kind == GREEDY
        busy_ns = self.busy or 0
        return records.TrafficConfig(
            kind=self.kind,
            packet_bytes=self.packet or mtu_bytes,
            rate_bps=self.rate or 0.0,
            busy_ns=busy_ns,
            idle_ns=busy_ns if self.idle is None else self.idle,
            rtt_ns=(self.rtt or _RTT_NS) if is_greedy else 0,
            window_bytes=(self.window or _WINDOW_BYTES) if is_greedy else 0,
            flows=self.flows,
            priority=self.priority,
            begin_ns=self.begin,
            end_ns=self.end,
        )


class UserSpec(TrafficSpec):
    """Other users of a medium: each flow is a station of its own that sends to the medium's other end."""

    bandwidth: f.BitRate = Field(examples=["20 Mbit/s"])
    """Bit rate at which such a user sends."""

    def record(self, mtu_bytes: int) -> records.TrafficConfig:
        """See `TrafficSpec`."""
        return replace(super().record(mtu_bytes), bandwidth_bps=self.bandwidth)


def expand(value: Any) -> Any:
    """Return the mapping that a rate or the word greedy expands to."""
    if isinstance(value, dict):
        return value
    return {"kind": GREEDY} if value == GREEDY else {"rate": value}


def expand_list(value: Any) -> Any:
    """Return the list of one source, or of none."""
    if value is None or value == "none":
        return []
    return value if isinstance(value, list) else [value]


class _OneOrMore(f.Shorthand):
    """Shorthand of a list: one of its items, or none."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe all forms."""
        many = handler(schema)
        return {"anyOf": [many["items"], self.short, many]}


_Source = Annotated[
    TrafficSpec,
    f.Shorthand(expand, {"anyOf": [{"const": GREEDY}, {"type": "string", "pattern": f.QUANTITY_PATTERN}]}),
]
Traffic = Annotated[list[_Source], _OneOrMore(expand_list, {"const": "none"})]
"""One source of background traffic, a list of sources, or none."""
Users = Annotated[list[UserSpec], _OneOrMore(expand_list, {"const": "none"})]
"""Other users of one kind, a list of kinds, or none."""


def tree(traffic: records.TrafficConfig) -> dict[str, Any]:
    """Return background traffic as a mapping of the file."""
    own: dict[str, Any] = {}
    if traffic.kind == GREEDY:
        own = {"rtt": units.text(traffic.rtt_ns, "ns"), "window": units.text(traffic.window_bytes, "B")}
    else:
        own["rate"] = units.text(traffic.rate_bps, "bit/s")
    if traffic.kind == "on-off":
        own |= {"busy": units.text(traffic.busy_ns, "ns"), "idle": units.text(traffic.idle_ns, "ns")}
    if traffic.bandwidth_bps:
        own["bandwidth"] = units.text(traffic.bandwidth_bps, "bit/s")
    end = {} if traffic.end_ns is None else {"until": units.text(traffic.end_ns, "ns")}
    return {
        "kind": traffic.kind,
        "packet": units.text(traffic.packet_bytes, "B"),
        **own,
        "flows": traffic.flows,
        "priority": traffic.priority,
        "from": units.text(traffic.begin_ns, "ns"),
        **end,
    }
