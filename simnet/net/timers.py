"""Timers on the simulation clock, with the types that SimPy leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import simpy


def call_after(env: simpy.Environment, delay_ns: int, callback: Callable[[simpy.Event], None]) -> None:
    """Call `callback` with its event when `delay_ns` have passed on the clock `env`."""
    timeout = cast("Any", env.timeout(delay_ns))
    timeout.callbacks.append(callback)
