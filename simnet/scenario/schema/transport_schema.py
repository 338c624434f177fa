"""Schema of a stream's transport."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simnet import records, units
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

_TRANSPORT = records.TransportConfig()
KINDS = ("none", "retransmission", "fec")
_EXPECTED = "none, retransmission or {kind: fec, repair: 25 %}"


class TransportSpec(Spec):
    """Protection of a stream's packets from loss."""

    kind: Literal["none", "retransmission", "fec"] = Field(default="none", examples=["retransmission"])
    """retransmission: unacknowledged packets are sent again until fusion's deadline; fec: Reed-Solomon repair packets."""
    repair: Annotated[float, f.Quantity("", 0.0, 4.0)] | None = None
    """fec: repair packets for each data packet, rounded up to whole packets for each frame."""
    timeout: f.SomeTime | None = Field(default=None, examples=["40 ms"])
    """retransmission: timeout for an acknowledgement; if left out, it is derived from measured round-trip times."""
    retries: Annotated[f.Count, Field(ge=0, le=100)] | None = Field(default=None, examples=[16])
    """retransmission: maximum retransmissions of a packet; 16 if left out."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> TransportSpec:
        owners = {"repair": "fec", "timeout": "retransmission", "retries": "retransmission"}
        for key, owner in owners.items():
            if getattr(self, key) is not None and self.kind != owner:
                raise ValueError(f"{key} given with kind {self.kind}; expected kind: {owner}")
        if self.kind == "fec" and not self.repair:
            raise ValueError("fec without repair packets; expected repair: 25 %, or more or less of it")
        return self

    @property
    def record(self) -> records.TransportConfig:
        """Transport as a configuration record."""
        retries = _TRANSPORT.retries if self.retries is None else self.retries
        return records.TransportConfig(self.kind, self.repair or 0.0, self.timeout, retries)


def expand(value: Any) -> Any:
    """Return the mapping that a kind's name alone expands to."""
    if isinstance(value, dict):
        return value
    if value not in KINDS or value == "fec":
        raise ValueError(f"{units.shorten(value)} is no transport; expected {_EXPECTED}")
    return {"kind": value}
