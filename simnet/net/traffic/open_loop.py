"""Sources that send at times of their own, whatever becomes of their packets: Poisson, and on-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from simnet.records import TrafficConfig

BLOCK = 256
"""Number of draws per call of the generator."""


class OpenLoop:
    """A source that sends a packet at each of a sequence of ascending times, before `end_ns`."""

    def __init__(self, times_ns: Iterator[int], end_ns: int) -> None:
        self._times_ns, self._end_ns = times_ns, end_ns
        self._next_ns = next(times_ns)

    def next_ns(self) -> int | None:
        """See `TrafficSource`."""
        return self._next_ns if self._next_ns < self._end_ns else None

    def act(self, _now_ns: int) -> int:
        """See `TrafficSource`."""
        self._next_ns = next(self._times_ns)
        return 1

    def ended(self, number: int, known_ns: int, *, arrived: bool) -> None:
        """See `TrafficSource`; changes nothing."""


def poisson_times(config: TrafficConfig, gap_ns: float, generator: np.random.Generator) -> Iterator[int]:
    """Return the times of a Poisson process: gaps are exponential, of mean `gap_ns`."""
    now_ns = config.begin_ns
    while True:
        for drawn_ns in (generator.standard_exponential(BLOCK) * gap_ns).round().astype("int64").tolist():
            now_ns += drawn_ns
            yield now_ns


def on_off_times(config: TrafficConfig, gap_ns: float, generator: np.random.Generator) -> Iterator[int]:
    """Return the times of a source that is on and off for exponential times, with a packet each `gap_ns` while it is on.

          on: |  |  |  |        off        |  |  |      the rest of a gap goes on when the source is on again, so that the
                                                        mean rate is exactly the share of the time in which it is on

    The first state is drawn, so that the mean holds from the start.
    """
    start_ns = float(config.begin_ns)
    if generator.random() >= config.busy_ns / (config.busy_ns + config.idle_ns):
        start_ns += float(generator.standard_exponential()) * config.idle_ns
    wait_ns = float(generator.random()) * gap_ns
    if not config.idle_ns:
        count = 0
        while True:
            yield round(start_ns + wait_ns + count * gap_ns)
            count += 1
    while True:
        on_ns = float(generator.standard_exponential()) * config.busy_ns
        while wait_ns < on_ns:
            yield round(start_ns + wait_ns)
            wait_ns += gap_ns
        wait_ns -= on_ns
        start_ns += on_ns + float(generator.standard_exponential()) * config.idle_ns
