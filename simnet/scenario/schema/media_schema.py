"""Schema of media that links share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simnet import records, units
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec
from simnet.scenario.schema.traffic_schema import Users

_MEDIUM = records.MediumConfig(name="", kind="")
_CELL = {"slot", "at", "scheduler", "average"}
_SHARED = {"kind", "traffic"}
_CELL_SLOT_NS = 1_000_000
USER_MTU_BYTES = 1500
"""Size of the packets of a medium's other users, unless they say otherwise."""


class MediumSpec(Spec):
    """A medium that several links share: one transmission at a time."""

    kind: Literal["tdma", "csma", "cell"] = Field(examples=["csma"])
    """tdma: each link has a slot in turn; csma: contention as in IEEE 802.11 (DCF, basic access); cell: one node shares its slots
    among its links, each at its own bandwidth."""
    slot: f.SomeTime | None = Field(default=None, examples=["5 ms", "20 us"])
    """tdma: slot length of a link, required; csma: backoff slot, 20 us if left out; cell: 1 ms if left out."""
    at: f.Name | None = Field(default=None, examples=["mast"])
    """cell: the node at which all its links begin or end; derived from the links if left out."""
    scheduler: Literal["round-robin", "proportional-fair"] | None = Field(default=None, examples=["proportional-fair"])
    """cell: round-robin, equal shares of the time (if left out), or proportional-fair, first the link whose rate is highest
    relative to its average throughput."""
    average: f.SomeTime | None = Field(default=None, examples=["100 ms"])
    """cell, proportional-fair: time over which throughput is averaged, 100 ms if left out."""
    traffic: Users = Field(
        default=[],
        examples=[{"kind": "greedy", "bandwidth": "20 Mbit/s"}, {"rate": "1 Mbit/s", "bandwidth": "5 Mbit/s"}],
    )
    """Other users of the medium, which send background traffic at a bandwidth of their own."""
    guard: f.Time = Field(default=_MEDIUM.guard_ns, examples=["100 us"])
    """tdma: silence at the end of each slot."""
    sifs: f.Time = Field(default=_MEDIUM.sifs_ns, examples=["10 us"])
    """csma: time between a frame and its acknowledgement."""
    difs: f.Time = Field(default=_MEDIUM.difs_ns, examples=["50 us"])
    """csma: time for which the medium must be idle before a transmission."""
    preamble: f.Time = Field(default=_MEDIUM.preamble_ns, examples=["192 us"])
    """csma: duration of the preamble of every frame and acknowledgement, in addition to their bytes."""
    header: f.Size = Field(default=_MEDIUM.header_bytes, examples=["34 B"])
    """csma: size of the MAC header and checksum of every frame, sent at the link's bit rate."""
    acknowledgement: f.Size = Field(default=_MEDIUM.ack_bytes, examples=["14 B"])
    """csma: size of an acknowledgement, sent at the basic rate."""
    basic_rate: f.BitRate = Field(default=_MEDIUM.basic_rate_bps, examples=["1 Mbit/s"])
    """csma: bit rate of acknowledgements."""
    window: Annotated[f.Count, Field(ge=1, le=65_536)] = Field(default=_MEDIUM.window, examples=[32])
    """csma: initial contention window, in slots, from which the first backoff is drawn."""
    max_window: Annotated[f.Count, Field(ge=1, le=65_536)] = Field(default=_MEDIUM.window_max, examples=[1024])
    """csma: maximum contention window, in slots; the window doubles with every failed attempt."""
    retries: Annotated[f.Count, Field(ge=0, le=255)] = Field(default=_MEDIUM.retries, examples=[7])
    """csma: maximum retransmissions of an unacknowledged frame before it is lost."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> MediumSpec:
        own = {
            "tdma": {"slot", "guard"},
            "csma": set(MediumSpec.model_fields) - (_CELL - {"slot"}) - _SHARED - {"guard"},
            "cell": _CELL,
        }[self.kind]
        if strange := sorted(self.model_fields_set - own - _SHARED):
            raise ValueError(f"{strange[0]} given with kind {self.kind}; expected {', '.join(sorted(own))}")
        if self.kind == "tdma" and self.slot is None:
            raise ValueError("tdma without the length of a slot; expected slot: 5 ms")
        if self.slot is not None and self.guard >= self.slot:
            shown = units.text(self.guard, "ns"), units.text(self.slot, "ns")
            raise ValueError(f"guard {shown[0]} leaves nothing of slot {shown[1]}; expected a shorter guard")
        if self.kind == "cell":
            self._check_cell()
        if self.window > self.max_window:
            raise ValueError(
                f"window {self.window} is above max_window {self.max_window}; expected it the other way round"
            )
        return self

    def _check_cell(self) -> None:
        average_ns, slot_ns = self.average or _MEDIUM.average_ns, self.slot or _CELL_SLOT_NS
        if self.average is not None and self.scheduler != "proportional-fair":
            raise ValueError("average given without proportional fairness; expected scheduler: proportional-fair")
        if average_ns < slot_ns:
            shown = units.text(average_ns, "ns"), units.text(slot_ns, "ns")
            raise ValueError(f"average {shown[0]} is below slot {shown[1]}; expected many slots")

    def record(self, name: str) -> records.MediumConfig:
        """Return the medium as a configuration record."""
        slot_ns = _CELL_SLOT_NS if self.kind == "cell" else _MEDIUM.slot_ns
        return records.MediumConfig(
            name=name,
            kind=self.kind,
            slot_ns=slot_ns if self.slot is None else self.slot,
            guard_ns=self.guard,
            sifs_ns=self.sifs,
            difs_ns=self.difs,
            preamble_ns=self.preamble,
            header_bytes=self.header,
            ack_bytes=self.acknowledgement,
            basic_rate_bps=self.basic_rate,
            window=self.window,
            window_max=self.max_window,
            retries=self.retries,
            at=self.at or "",
            scheduler=self.scheduler or _MEDIUM.scheduler,
            average_ns=self.average or _MEDIUM.average_ns,
            traffic=tuple(each.record(USER_MTU_BYTES) for each in self.traffic),
        )


def expand(value: Any) -> Any:
    """Return the mapping that a kind's name alone expands to."""
    return value if isinstance(value, dict) else {"kind": value}


def none(value: Any) -> Any:
    """Return None for the word none."""
    return None if value == "none" else value
