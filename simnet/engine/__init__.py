"""The engine room: one scenario becomes one run folder.

Here live the broker (SimPy's clock and the grants), the hosts that carry nodes, the score, the fingerprint and the run folder.
It is the only room that knows every other. What a node decides, what a link does and what a message looks like do not belong
here: they are `nodes`, `net` and `wire`.

    runner ─┬─ launch ── host ── camera_actor, fusion_actor      (threads over inproc, or processes over ipc)
            ├─ gathering ~~ carrying ── host                     (hosts that come by themselves, over tcp)
            ├─ broker ── net.Network                             (the clock; blocks in wall time only where a result is due)
            ├─ scorer                                            (has the world; apart from the decoder)
            └─ ledger ── folder ── report                        (rows, fingerprint)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simnet.engine.runner import RunResult, run

__all__ = ["RunResult", "run"]


def __getattr__(name: str) -> Any:
    """Import the runner when it is asked for: a sweep's cell uses other modules of this room without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simnet.engine import runner

    return getattr(runner, name)
