"""How a run is run: options that change no row, and what the user typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simnet.engine.remote.supervisor import RESTARTS
from simnet.interrupts import CancelToken

if TYPE_CHECKING:
    from simnet.engine.recovery.journal import Journal
    from simnet.engine.remote.launcher import Launcher


@dataclass(frozen=True, slots=True)
class Invocation:
    """The user's command, its overrides and the scenario's text, which the report repeats, and the device that it asks for."""

    command: str = ""
    overrides: Sequence[str] = ()
    scenario_text: str = ""
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is run. Nothing of it changes a row or the fingerprint."""

    hosts: int = 0
    """0: threads of this process; N: so many processes carry the nodes; `COME_BY_THEMSELVES` with a `launcher`."""
    launcher: Launcher | None = None
    """Brings the hosts, if they are not `hosts` of this machine."""
    restarts: int = RESTARTS
    """How often each of the `hosts` processes is started again when it dies."""
    answer_delay_s: float = 0.0
    """The longest random pause before every answer of a host."""
    live: str | None = None
    """Where telemetry is published, e.g. `tcp://127.0.0.1:5570`."""
    report: bool = True
    """Whether to make the page; if not, `simnet.report.write` does it later."""
    realtime: float | None = None
    """Wall seconds a virtual second, to pace the clock; None: as fast as possible."""
    exports: Sequence[str] = ()
    """Further files to write into the folder, of `simnet.exports.KINDS`."""
    journal: Journal | None = None
    """That of the interrupted run in the folder, to go on with it."""
    invocation: Invocation = field(default_factory=Invocation)
    progress: Callable[[int], None] = lambda _: None
    """Called with the virtual time at every capture."""
    cancel: CancelToken = field(default_factory=CancelToken)
    """Ends the run early, by KeyboardInterrupt at the next capture."""
    began_s: float | None = None
    """The `time.perf_counter()` at which the command began, to count its start-up."""
