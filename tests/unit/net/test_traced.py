"""Recorded bandwidth: Mahimahi's opportunities exactly, rates integrated exactly, faults with file and line."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import traces
from simnet.errors import InputError
from simnet.net import Link
from simnet.net.links.trace_transmitter import OpportunityTransmitter, RateTransmitter
from simnet.records import LinkConfig, TraceConfig
from support.places import SHARED

MS = 1_000_000
SECOND = 1000 * MS
RECORDED = SHARED / "data" / "traces"


def link(path: Path, kind: str, **changes: object) -> Link:
    trace = TraceConfig(str(path), kind, "", **changes)
    return Link(LinkConfig("a", "A", "B", 1.0, queue_bytes=10**9, trace=trace), 1, lambda *_: 0.0)


def arrivals_ns(one: Link, now_ns: int, sizes: list[int]) -> list[int]:
    return [known_ns for known_ns, arrived, _ in one.offer(now_ns, sizes) if arrived]


def test_saturated_mahimahi_link_uses_every_opportunity(tmp_path):
    (tmp_path / "trace").write_text("0\n3\n3\n10\n", encoding="utf-8")
    found = arrivals_ns(link(tmp_path / "trace", "mahimahi"), 0, [1500] * 10)
    assert found == [t * MS for t in (0, 3, 3, 10, 10, 13, 13, 20, 20, 23)]


@pytest.mark.parametrize("name", ["Verizon-LTE-short.up", "TMobile-UMTS-driving.up"])
def test_recorded_trace_delivers_exactly_its_opportunities(name):
    file = RECORDED / "mahimahi" / name
    if not file.exists():
        pytest.skip(f"{file} is not here")
    times_ns = [int(line) * MS for line in file.read_text(encoding="utf-8").split()]
    assert arrivals_ns(link(file, "mahimahi"), 0, [1500] * len(times_ns)) == times_ns


def test_packets_share_or_span_mahimahi_opportunities(tmp_path):
    (tmp_path / "trace").write_text("".join(f"{t}\n" for t in range(1, 101)), encoding="utf-8")
    one = link(tmp_path / "trace", "mahimahi")
    assert arrivals_ns(one, 0, [700, 2300, 400, 400, 1500]) == [t * MS for t in (1, 2, 3, 3, 4)]
    # 800 bytes of the fourth are left over; nothing waits at the fifth to the ninth.
    assert arrivals_ns(one, 8 * MS + 1, [1500, 1]) == [9 * MS, 10 * MS]
    # What comes at the very instant of an opportunity goes with it.
    assert arrivals_ns(one, 20 * MS, [1500]) == [20 * MS]


def mahimahi(times_ms: list[int], offers: list[tuple[int, int]]) -> list[int]:
    """LinkQueue::rationalize, an opportunity at a time; what is offered at an opportunity's instant goes with it."""
    waiting, done, number = [], [], 0
    while len(done) < len(offers):
        rounds, place = divmod(number, len(times_ms))
        now = rounds * times_ms[-1] + times_ms[place]
        number += 1
        waiting += [[t, size] for t, size in offers[len(done) + len(waiting) :] if t <= now * MS]
        left = 1500
        while left and waiting:
            sent = min(left, waiting[0][1])
            left -= sent
            waiting[0][1] -= sent
            if not waiting[0][1]:
                waiting.pop(0)
                done.append(now * MS)
    return done


@settings(deadline=None)
@given(
    steps=st.lists(st.integers(0, 4), min_size=1, max_size=8).filter(any),
    offers=st.lists(st.tuples(st.integers(0, 3 * MS), st.integers(1, 4000)), min_size=1, max_size=20),
)
def test_mahimahi_service_matches_its_step_simulation(steps, offers):
    times_ms = list(accumulate(steps))
    offers = list(zip(accumulate(t for t, _ in offers), [size for _, size in offers], strict=True))
    server = OpportunityTransmitter(traces.OpportunityTrace([t * MS for t in times_ms]), 0)
    free_ns, found = 0, []
    for t_ns, size in offers:
        free_ns, _ = server.serve(max(t_ns, free_ns), size)
        found.append(free_ns)
    assert found == mahimahi(times_ms, offers)


def test_packet_across_rate_changes_takes_their_integral(tmp_path):
    (tmp_path / "rates.csv").write_text("t,kbps\n5,8\n5.5,0\n7,4\n8,2.4\n", encoding="utf-8")
    # 8 kbit/s for 0.5 s, nothing for 1.5 s, 4 kbit/s for 1 s, 2.4 kbit/s for 1 s, again: 500, 0, 500, 300 bytes.
    columns = {"column": "kbps", "unit": "kbit/s", "time_column": "t"}
    found = arrivals_ns(link(tmp_path / "rates.csv", "csv", **columns), 0, [500, 100, 700, 100])
    assert found == [SECOND // 2, 2200 * MS, 4 * SECOND, 4100 * MS]
    later = link(tmp_path / "rates.csv", "csv", start_ns=2 * SECOND, **columns)
    assert arrivals_ns(later, 0, [500]) == [SECOND]
    rows = link(tmp_path / "rates.csv", "csv", column="kbps", unit="kbit/s", period_ns=2 * SECOND)
    assert arrivals_ns(rows, SECOND, [1500]) == [5 * SECOND]


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10**7)), min_size=1, max_size=8).filter(
        lambda rows: any(rate for _, rate in rows)
    ),
    sizes=st.lists(st.integers(1, 10**5), min_size=1, max_size=20),
    start_ns=st.integers(0, 10**10),
)
def test_back_to_back_packets_never_drift_from_the_integral(rows, sizes, start_ns):
    lengths, rates = zip(*rows, strict=True)
    length = sum(lengths)
    edges = [0, *accumulate(lengths)]

    def carried(t_ns: int) -> Fraction:
        """Bytes from the trace's start to `t_ns`."""
        rounds, t_ns = divmod(t_ns, length)
        parts = (rate * max(0, min(t_ns, b) - a) for a, b, rate in zip(edges, edges[1:], rates, strict=False))
        whole = sum(rate * span for rate, span in zip(rates, lengths, strict=True))
        return Fraction(rounds * whole + sum(parts), 8 * SECOND)

    server = RateTransmitter(traces.RateTrace(edges[:-1], list(rates), length), start_ns)
    free_ns = 0
    for size, total in zip(sizes, accumulate(sizes), strict=True):
        free_ns, _ = server.serve(free_ns, size)
        begun = carried(start_ns)
        assert carried(start_ns + free_ns - 1) - begun < total <= carried(start_ns + free_ns) - begun


@pytest.mark.parametrize(
    ("name", "column", "unit"),
    [("raca_5g/B_2019.12.16_07.22.43.csv", "UL_bitrate", "kbit/s"), ("starlink/throughput.csv", "upload", "Mbit/s")],
)
def test_recorded_rates_carry_their_integral(name, column, unit):
    file = RECORDED / name
    if not file.exists():
        pytest.skip(f"{file} is not here")
    config = TraceConfig(str(file), "csv", traces.digest(file), column, unit)
    rates = traces.read(config)
    one = link(file, "csv", column=column, unit=unit)
    total = sum(rates.rates_bps)
    bits = total // 8 * 8
    last_ns = one.offer(0, [bits // 8 - 1500, 1500])[-1][0]
    rows = len(rates.rates_bps)
    while not rates.rates_bps[rows - 1]:
        rows -= 1
    assert (rows - 1) * SECOND < last_ns <= rows * SECOND
    assert last_ns == pytest.approx(rows * SECOND - (total - bits) / rates.rates_bps[rows - 1] * SECOND, abs=1)


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("1\nx\n", {}, ":2: text of 1 characters is no opportunity"),
        ("1\n\n3\n", {}, ":2: '' is no opportunity"),
        ("5\n3\n", {}, ":2: 3 comes after 5"),
        ("-1\n", {}, ":1: '-1' is no opportunity"),
        ("", {}, ":1: a trace of no length"),
        ("0\n0\n", {}, ":1: a trace of no length"),
        ("a,b\n1,2\n", {"column": "c"}, ":1: no column 'c'; expected one of: a, b"),
        ("a,a\n1,2\n", {"column": "a"}, ":1: two columns 'a'"),
        ("a,b\n1,2\n1\n", {"column": "b"}, ":3: 1 fields; expected 2"),
        ("a,b\n1,nan\n", {"column": "b"}, ":2: b is 'nan'; expected a rate of 0 or more"),
        ("a,b\n1,-2\n", {"column": "b"}, ":2: b is '-2'"),
        ("a,b\n2,2\n1,2\n", {"column": "b", "time_column": "a"}, ":3: a '1' is 1 s before '2', the latest so far"),
        ("a,b\nsoon,2\n", {"column": "b", "time_column": "a"}, ":2: a is text of 4 characters; expected seconds"),
        ("a\n0\n0\n", {"column": "a"}, ":3: a is never above 0"),
        ("", {"column": "a"}, ":1: no column 'a'"),
    ],
)
def test_faulty_trace_is_refused_with_file_and_line(tmp_path, text, changes, message):
    file = tmp_path / "trace"
    file.write_text(text, encoding="utf-8")
    kind = "csv" if changes else "mahimahi"
    with pytest.raises(InputError) as caught:
        traces.read(TraceConfig(str(file), kind, "", **({"unit": "bit/s"} | changes)))
    assert str(caught.value).startswith(f"{file}{message}")
    assert "\n" not in str(caught.value)


def test_changed_trace_file_is_refused(tmp_path):
    file = tmp_path / "trace"
    file.write_text("1\n", encoding="utf-8")
    config = TraceConfig(str(file), "mahimahi", traces.digest(file))
    file.write_text("2\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"SHA-256 is {traces.digest(file)}; expected {config.digest}"):
        traces.read(config)


def test_trace_times_may_be_dates(tmp_path):
    file = tmp_path / "trace.csv"
    file.write_text("t,r\n2024-04-19 23:59:59.500000001,1\n2024-04-20T00:00:01Z,2\n", encoding="utf-8")
    rates = traces.read(TraceConfig(str(file), "csv", "", "r", "Mbit/s", "t"))
    assert rates == traces.RateTrace([0, 1500 * MS], [10**6, 2 * 10**6], 3 * SECOND)


def test_statistics_report_the_recorded_capacity(tmp_path):
    (tmp_path / "rates.csv").write_text("kbps\n8\n80\n", encoding="utf-8")
    (tmp_path / "cell").write_text("0\n50\n100\n250\n", encoding="utf-8")
    columns = {"column": "kbps", "unit": "kbit/s", "period_ns": 150 * MS}
    bins = link(tmp_path / "rates.csv", "csv", **columns).statistics(400 * MS).bins
    assert [part.capacity_bytes for part in bins] == [100, 50 + 500, 1000, 100]
    bins = link(tmp_path / "cell", "mahimahi", start_ns=50 * MS).statistics(300 * MS).bins
    # At 50 and 100, none, at 250 twice (the next round's 0) and at 300 ms of the trace.
    assert [part.capacity_bytes for part in bins] == [3000, 0, 4500]
    plain = Link(LinkConfig("a", "A", "B", 1e6), 1, lambda *_: 0.0)
    assert {part.capacity_bytes for part in plain.statistics(300 * MS).bins} == {None}
