"""The schema of links."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simnet import records, units
from simnet.scenario import fields as f
from simnet.scenario.fields import Strict

_LINK = records.LinkConfig(name="", source="", target="", bandwidth_bps=1.0)


class Loss(Strict):
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
    def _feasible(self) -> Loss:
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


class Transport(Strict):
    """What a link does to what is sent over it."""

    delay: f.Time = _LINK.delay_ns
    """Propagation delay."""
    jitter: f.Time = _LINK.jitter_ns
    """Standard deviation of the extra delay, which is never negative."""
    reorder: bool = Field(default=_LINK.reorder, examples=[True], strict=True)
    """Whether jitter may let a packet overtake an earlier one."""
    loss: Annotated[Loss, f.Shorthand(_expand_loss, {"type": "string"})] = Field(
        default=Loss(model="none"), examples=["1 %", {"model": "gilbert-elliott", "mean": "1 %", "burst": 4}]
    )
    """A share alone means independent loss."""
    queue: f.SomeSize = _LINK.queue_bytes
    """What may wait in front of the link; what comes on top is dropped."""
    mtu: f.SomeSize = _LINK.mtu_bytes
    """Largest packet, overhead included."""
    overhead: f.Size = _LINK.overhead_bytes
    """Headers of every packet (IP, UDP and RTP: 40 B)."""


class Return(Transport):
    """What the way back does otherwise than the way there."""

    bandwidth: f.Ladder | None = None
    """As for the link."""


def _expand_return(value: Any) -> Any:
    if value is not None and value != "none" and not isinstance(value, dict):
        raise ValueError(
            f"{units.shorten(value)} says nothing; expected a mapping such as {{bandwidth: 50 kbit/s}}, or none"
        )
    return None if value == "none" else value


class Link(Transport):
    """A link between two nodes; the way back is called `<name>.return` and is the same unless `return` says otherwise."""

    source: f.Name = Field(alias="from", examples=["follower_1"])
    """The sending node."""
    target: f.Name = Field(alias="to", examples=["roadside"])
    """The receiving node."""
    bandwidth: f.Ladder
    """A bit rate, or a ladder by distance beyond whose last step nothing arrives."""
    way_back: Annotated[Return | None, f.Shorthand(_expand_return, {"const": "none"})] = Field(
        default=Return(), alias="return", examples=["none", {"bandwidth": "50 kbit/s"}]
    )
    """What the way back does otherwise, or the word none for a link of one direction."""
