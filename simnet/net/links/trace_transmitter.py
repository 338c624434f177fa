"""Transmitters with a recorded bandwidth, in exact integers even if the rate changes during a packet."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from simnet.records import SECOND_NS
from simnet.traces import OPPORTUNITY_BYTES

if TYPE_CHECKING:
    from simnet.traces import OpportunityTrace, RateTrace

BITS_NS = 8 * SECOND_NS
"""Work of one byte, in bit/s x ns."""


class RateTransmitter:
    """Serves at the rate of the moment: a packet is done when the integral of the rate since its start reaches its size.

    The integral is a whole number of bit/s x ns, and a packet that follows another without a pause starts at the exact end of
    that one: only the reported end is rounded, up to a nanosecond. At rate 0 the packet waits.
    """

    ns_per_byte = None

    def __init__(self, trace: RateTrace, start_ns: int) -> None:
        """Enter the trace `start_ns` after its start."""
        self._offset_ns = start_ns
        self._length_ns = trace.length_ns
        self._starts_ns, self._rates_bps = trace.starts_ns, trace.rates_bps
        ends_ns = [*trace.starts_ns[1:], trace.length_ns]
        spans = zip(trace.rates_bps, trace.starts_ns, ends_ns, strict=True)
        self._work = [0, *accumulate(rate_bps * (end_ns - begin_ns) for rate_bps, begin_ns, end_ns in spans)]
        self._mean_bps = trace.mean_bps
        self._free_ns, self._done = -1, 0

    def serve(self, start_ns: int, size_bytes: int) -> tuple[int, bool]:
        """See `Transmitter`; the target is always in range."""
        begin = self._done if start_ns <= self._free_ns else self._work_at(start_ns + self._offset_ns)
        self._done = begin + size_bytes * BITS_NS
        self._free_ns = max(start_ns, self._time_of(self._done) - self._offset_ns)
        return self._free_ns, True

    def cost_ns(self, now_ns: int, size_bytes: int) -> tuple[int, bool]:
        """Return the service time at the mean of the trace, so that routes stay stable."""
        return round(size_bytes * BITS_NS / self._mean_bps), True

    def work(self, begin_ns: int, end_ns: int) -> tuple[int, bool]:
        """See `Transmitter`; the target is always in range."""
        return self._work_at(end_ns + self._offset_ns) - self._work_at(begin_ns + self._offset_ns), True

    def capacity_bytes(self, begin_ns: int, end_ns: int) -> int:
        """See `Transmitter`."""
        return self.work(begin_ns, end_ns)[0] // BITS_NS

    def _work_at(self, t_ns: int) -> int:
        repeats, t_ns = divmod(t_ns, self._length_ns)
        row = bisect_right(self._starts_ns, t_ns) - 1
        return repeats * self._work[-1] + self._work[row] + self._rates_bps[row] * (t_ns - self._starts_ns[row])

    def _time_of(self, work: int) -> int:
        """Return the first whole nanosecond at which `work` (above 0) is done."""
        repeats, rest = divmod(work - 1, self._work[-1])
        row = bisect_left(self._work, rest + 1) - 1
        last_ns = -((self._work[row] - rest - 1) // self._rates_bps[row])
        return repeats * self._length_ns + self._starts_ns[row] + last_ns


class OpportunityTransmitter:
    """Serves as Mahimahi's link does (LinkQueue, `link_queue.cc`): byte by byte, at the opportunities of the trace only.

        opportunities    |1500  |1500          |1500  |1500
        packets          [ 700][ 2300         ][ 400]  ^ nothing waits: lost

    Each opportunity carries up to 1500 bytes of what waits at its instant, including what is offered at that instant. A packet is
    delivered by the opportunity that carries its last byte: small packets share an opportunity, a large one spans several. Unused
    bytes of an opportunity are lost.
    """

    ns_per_byte = None

    def __init__(self, trace: OpportunityTrace, start_ns: int) -> None:
        """Enter the trace `start_ns` after its start."""
        self._offset_ns = start_ns
        self._times_ns, self._length_ns = trace.times_ns, trace.length_ns
        self._mean_bps = trace.mean_bps
        self._used_bytes = 0
        """Bytes of all opportunities since the start of the trace that are used or lost."""

    def serve(self, start_ns: int, size_bytes: int) -> tuple[int, bool]:
        """See `Transmitter`; the target is always in range."""
        first = self._first_from(start_ns + self._offset_ns)
        self._used_bytes = max(self._used_bytes, first * OPPORTUNITY_BYTES) + size_bytes
        last = (self._used_bytes - 1) // OPPORTUNITY_BYTES
        repeats, index = divmod(last, len(self._times_ns))
        return max(start_ns, repeats * self._length_ns + self._times_ns[index] - self._offset_ns), True

    def cost_ns(self, now_ns: int, size_bytes: int) -> tuple[int, bool]:
        """Return the service time at the mean of the trace, so that routes stay stable."""
        return round(size_bytes * BITS_NS / self._mean_bps), True

    def work(self, begin_ns: int, end_ns: int) -> tuple[int, bool]:
        """See `Transmitter`; the target is always in range."""
        return self.capacity_bytes(begin_ns, end_ns) * BITS_NS, True

    def capacity_bytes(self, begin_ns: int, end_ns: int) -> int:
        """See `Transmitter`."""
        first, last = (max(0, self._first_from(t_ns + self._offset_ns)) for t_ns in (begin_ns, end_ns))
        return (last - first) * OPPORTUNITY_BYTES

    def _first_from(self, t_ns: int) -> int:
        """Return the number of the first opportunity at `t_ns` or later."""
        # The last opportunity of a repeat and time 0 of the next repeat are the same instant.
        repeats, t_ns = divmod(t_ns - 1, self._length_ns)
        return repeats * len(self._times_ns) + bisect_left(self._times_ns, t_ns + 1)
