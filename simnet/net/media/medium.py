"""Constructor of media: TDMA, CSMA or a cell, as the scenario says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.media.cell_medium import Cell
from simnet.net.media.csma import Csma
from simnet.net.media.tdma import Tdma

if TYPE_CHECKING:
    import simpy

    from simnet.net.media.shared_link import Medium
    from simnet.records import MediumConfig


def open_medium(env: simpy.Environment, config: MediumConfig, seed: int) -> Medium:
    """Return a medium as `config` describes it, without links.

    Raises:
        InputError: The kind is unknown, or its numbers are out of range.
    """
    if config.kind == "tdma":
        return Tdma(env, config)
    if config.kind == "csma":
        return Csma(env, config, seed)
    if config.kind == "cell":
        return Cell(env, config)
    raise InputError(f"medium {config.name!r}: kind is {config.kind!r}; expected tdma, csma or cell")
