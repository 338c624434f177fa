"""Schema of media that links share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simnet import records, units
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

_MEDIUM = records.MediumConfig(name="", kind="")
_SLOTTED = {"slot", "guard"}


class MediumSpec(Spec):
    """A medium that several links share: one transmission at a time."""

    kind: Literal["tdma", "csma"] = Field(examples=["csma"])
    """tdma: each link has a slot in turn; csma: contention as in IEEE 802.11 (DCF, basic access)."""
    slot: f.SomeTime | None = Field(default=None, examples=["5 ms", "20 us"])
    """tdma: slot length of a link, required; csma: backoff slot, 20 us if left out."""
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
        own = _SLOTTED if self.kind == "tdma" else set(MediumSpec.model_fields) - {"guard"}
        if strange := sorted(self.model_fields_set - own - {"kind"}):
            raise ValueError(f"{strange[0]} given with kind {self.kind}; expected {', '.join(sorted(own - {'kind'}))}")
        if self.kind == "tdma" and self.slot is None:
            raise ValueError("tdma without the length of a slot; expected slot: 5 ms")
        if self.slot is not None and self.guard >= self.slot:
            shown = units.text(self.guard, "ns"), units.text(self.slot, "ns")
            raise ValueError(f"guard {shown[0]} leaves nothing of slot {shown[1]}; expected a shorter guard")
        if self.window > self.max_window:
            raise ValueError(
                f"window {self.window} is above max_window {self.max_window}; expected it the other way round"
            )
        return self

    def record(self, name: str) -> records.MediumConfig:
        """Return the medium as a configuration record."""
        return records.MediumConfig(
            name=name,
            kind=self.kind,
            slot_ns=_MEDIUM.slot_ns if self.slot is None else self.slot,
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
        )


def expand(value: Any) -> Any:
    """Return the mapping that a kind's name alone expands to."""
    return value if isinstance(value, dict) else {"kind": value}


def none(value: Any) -> Any:
    """Return None for the word none."""
    return None if value == "none" else value
