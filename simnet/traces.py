"""Bandwidth traces: recorded rates of a link over time, stored as exact integers.

Two formats. **Mahimahi** (Netravali et al., USENIX ATC 2015): one integer per line, the millisecond of one opportunity to deliver
1500 bytes, never descending; the last line is the trace's length, after which it repeats. **CSV**: a column of rates.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from simnet import input_files, units
from simnet.clock_times import Clock, merged
from simnet.errors import InputError
from simnet.logged_tables import LoggedTable, decoded
from simnet.notices import count, tell
from simnet.printable import of_file
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from simnet.records import TraceConfig

OPPORTUNITY_BYTES = 1500
MS_NS = 1_000_000
HIGHEST_BPS = 10**12
EXPECTED = "a bandwidth trace"


@dataclass(frozen=True, slots=True)
class OpportunityTrace:
    """Times at which 1500 bytes may be delivered, ascending, in ns; the last one is the length after which it repeats."""

    times_ns: list[int]

    @property
    def length_ns(self) -> int:
        """Time after which the trace repeats."""
        return self.times_ns[-1]

    @property
    def mean_bps(self) -> float:
        """Long-term mean of the trace."""
        return len(self.times_ns) * OPPORTUNITY_BYTES * 8 * SECOND_NS / self.length_ns


@dataclass(frozen=True, slots=True)
class RateTrace:
    """Rates in whole bit/s, each from its start (ns, the first is 0) to the next start; the last one until `length_ns`."""

    starts_ns: list[int]
    rates_bps: list[int]
    length_ns: int

    @property
    def mean_bps(self) -> float:
        """Long-term mean of the trace."""
        ends_ns = [*self.starts_ns[1:], self.length_ns]
        spans = zip(self.rates_bps, self.starts_ns, ends_ns, strict=True)
        return sum(rate_bps * (end_ns - start_ns) for rate_bps, start_ns, end_ns in spans) / self.length_ns


Trace = OpportunityTrace | RateTrace


def digest(path: Path) -> str:
    """Return the SHA-256 of a trace file, hexadecimal.

    Raises:
        InputError: The file cannot be read.
    """
    return hashlib.sha256(input_files.read_bytes(path, input_files.TRACE_BYTES, EXPECTED)).hexdigest()


def read(config: TraceConfig) -> Trace:
    """Return the trace that `config` names.

    Raises:
        InputError: The file cannot be read, differs from `config.digest`, or is no such trace; the message has the line.
    """
    path = Path(config.path)
    data = input_files.read_bytes(path, input_files.TRACE_BYTES, EXPECTED)
    found = hashlib.sha256(data).hexdigest()
    if config.digest and config.digest != found:
        raise InputError(f"{path}: the file's SHA-256 is {found}; expected {config.digest}")
    return _opportunities(path, decoded(path, data)) if config.kind == "mahimahi" else _rates(path, data, config)


def _opportunities(path: Path, text: str) -> OpportunityTrace:
    times_ms: list[int] = []
    before = 0
    for number, line in enumerate(text.splitlines(), 1):
        word = line.strip()
        if not (word.isascii() and word.isdigit() and len(word) < 13):
            shown = of_file(word)
            raise InputError(f"{path}:{number}: {shown} is no opportunity; expected its millisecond, a whole number")
        time_ms = int(word)
        if time_ms < before:
            raise InputError(f"{path}:{number}: {time_ms} comes after {before}; expected ascending milliseconds")
        times_ms.append(time_ms)
        before = time_ms
    if not before:
        raise InputError(f"{path}:1: a trace of no length; expected opportunities up to a millisecond above 0")
    return OpportunityTrace([time_ms * MS_NS for time_ms in times_ms])


def _rates(path: Path, data: bytes, config: TraceConfig) -> RateTrace:
    table = LoggedTable(path, data, [name for name in (config.column, config.time_column) if name])
    bps = units.parse(f"1 {config.unit}", "bit/s")
    clock = Clock(config.time_column, config.time_format or None)
    starts_ns: list[int] = []
    rates_bps: list[int] = []
    for where, fields in table:
        rates_bps.append(_rate_bps(where, config.column, fields[0], bps))
        row_ns = len(starts_ns) * config.period_ns
        starts_ns.append(clock.read_ns(where, fields[1]) if config.time_column else row_ns)
    if not any(rates_bps):
        raise InputError(f"{table.where}: {config.column} is never above 0; expected a row with bandwidth")
    starts_ns, rates_bps, repeated = merged(starts_ns, rates_bps, lambda rates: round(fmean(rates)))
    if repeated:
        tell(f"{path}: {count(repeated, 'row')} with the time of another; the mean of each time is kept")
    return RateTrace(
        [start_ns - starts_ns[0] for start_ns in starts_ns], rates_bps, _length_ns(starts_ns, config.period_ns)
    )


def _length_ns(starts_ns: list[int], period_ns: int) -> int:
    """Return the trace's length; the last row lasts as long as the one before it."""
    last_ns = starts_ns[-1] - starts_ns[-2] if len(starts_ns) > 1 else period_ns
    return starts_ns[-1] - starts_ns[0] + last_ns


def _rate_bps(where: str, column: str, text: str, bps: float) -> int:
    try:
        rate_bps = float(text) * bps
        if 0 <= rate_bps <= HIGHEST_BPS:
            return round(rate_bps)
    except ValueError:
        pass
    raise InputError(f"{where}: {column} is {of_file(text)}; expected a rate of 0 or more")
