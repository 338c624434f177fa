"""Timers on the simulation clock, with the types that SimPy leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import simpy


class _Timer:
    """What SimPy asks of an event that has succeeded, and no more: a run makes three for every frame."""

    __slots__ = ("callbacks",)
    _ok = True

    def __init__(self, callback: Callable[[simpy.Event], None]) -> None:
        self.callbacks = [callback]


def call_after(env: simpy.Environment, delay_ns: int, callback: Callable[[simpy.Event], None]) -> None:
    """Call `callback`, which is handed an event of no use, when `delay_ns` have passed on the clock `env`.

    Callbacks of one instant are called in the order in which they were asked for, among those of SimPy's own timeouts.
    """
    if delay_ns < 0:
        raise ValueError(f"delay of {delay_ns} ns; expected 0 or more")
    env.schedule(_Timer(callback), delay=delay_ns)  # pyright: ignore[reportArgumentType]
