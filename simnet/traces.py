"""Bandwidth traces: recorded rates of a link over time, stored as exact integers.

Two formats. **Mahimahi** (Netravali et al., USENIX ATC 2015): one integer per line, the millisecond of one opportunity to deliver
1500 bytes, never descending; the last line is the trace's length, after which it repeats. **CSV**: a column of rates.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import input_files, units
from simnet.errors import InputError
from simnet.printable import names_of_file, of_file
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
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: no text ({error.reason} at byte {error.start}); expected a bandwidth trace"
        ) from None
    return _opportunities(path, text) if config.kind == "mahimahi" else _rates(path, text, config)


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


def _rates(path: Path, text: str, config: TraceConfig) -> RateTrace:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    starts_ns: list[int] = []
    rates_bps: list[int] = []
    try:
        header = [name.strip() for name in next(lines, [])]
        places = [_place(path, header, name) for name in (config.column, config.time_column) if name]
        bps = units.parse(f"1 {config.unit}", "bit/s")
        for line in lines:
            if not line:
                continue
            where = f"{path}:{lines.line_num}"
            if len(line) <= max(places):
                raise InputError(f"{where}: {len(line)} fields; expected {len(header)} as in the first line")
            rates_bps.append(_rate_bps(where, config.column, line[places[0]], bps))
            start_ns = _time_ns(where, config.time_column, line[places[1]]) if config.time_column else None
            starts_ns.append(len(starts_ns) * config.period_ns if start_ns is None else start_ns)
            if len(starts_ns) > 1 and starts_ns[-1] <= starts_ns[-2]:
                shown = of_file(line[places[1]])
                raise InputError(
                    f"{where}: {config.time_column} is {shown}, not after the row before; expected ascending times"
                )
    except csv.Error as error:
        raise InputError(f"{path}:{lines.line_num}: no valid CSV: {error}") from None
    if not any(rates_bps):
        raise InputError(f"{path}:{lines.line_num}: {config.column} is never above 0; expected a row with bandwidth")
    return RateTrace(
        [start_ns - starts_ns[0] for start_ns in starts_ns], rates_bps, _length_ns(starts_ns, config.period_ns)
    )


def _length_ns(starts_ns: list[int], period_ns: int) -> int:
    """Return the trace's length; the last row lasts as long as the one before it."""
    last_ns = starts_ns[-1] - starts_ns[-2] if len(starts_ns) > 1 else period_ns
    return starts_ns[-1] - starts_ns[0] + last_ns


def _place(path: Path, header: list[str], name: str) -> int:
    if header.count(name) != 1:
        found = "twice" if name in header else "no column"
        raise InputError(f"{path}:1: {found} {name!r}; expected one of: {names_of_file(header)}")
    return header.index(name)


def _rate_bps(where: str, column: str, text: str, bps: float) -> int:
    try:
        rate_bps = float(text) * bps
        if 0 <= rate_bps <= HIGHEST_BPS:
            return round(rate_bps)
    except ValueError:
        pass
    raise InputError(f"{where}: {column} is {of_file(text)}; expected a rate of 0 or more")


def _time_ns(where: str, column: str, text: str) -> int:
    """Return a time in ns, from seconds or an ISO 8601 date and time."""
    try:
        time_ns = round(float(text) * SECOND_NS)
    except (ValueError, OverflowError):
        try:
            since = datetime.fromisoformat(text.strip()).replace(tzinfo=None) - datetime(1970, 1, 1)
        except ValueError:
            shown = of_file(text)
            raise InputError(
                f"{where}: {column} is {shown}; expected seconds, or a date and time of ISO 8601"
            ) from None
        return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1000
    if abs(time_ns) > 10**19:
        raise InputError(f"{where}: {column} is {of_file(text)}; expected seconds")
    return time_ns
