"""Opens a medium that links share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.media.csma import Csma
from simnet.net.media.tdma import Tdma

if TYPE_CHECKING:
    import simpy

    from simnet.net.media.shared_link import Medium
    from simnet.records import MediumConfig


def open_medium(env: simpy.Environment, config: MediumConfig, seed: int) -> Medium:
    """Return the medium that `config` describes, without links yet.

    Raises:
        InputError: An unknown kind, or numbers that no such medium can have.
    """
    if config.kind == "tdma":
        return Tdma(env, config)
    if config.kind == "csma":
        return Csma(env, config, seed)
    raise InputError(f"medium {config.name!r}: kind is {config.kind!r}; expected tdma or csma")
