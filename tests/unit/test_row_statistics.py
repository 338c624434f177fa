"""The numbers of a run are what the issue defines, whatever is missing."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.records import Outcome, Row
from simnet.records.plain_data import to_plain
from simnet.row_statistics import summarise

ROW = Row(
    run="r", stream="car/front", codec="atn", sequence=0, capture_ns=0, encode_ns=15_000_000, arrive_ns=50_000_000,
    decode_ns=90_000_000, size_bytes=1000, link_bytes=1040, bpp=0.25, quality=0.5, packets_sent=1, packets_lost=0,
    retransmissions=0, outcome=Outcome.DECODED, side_sources=("lead/front",), side_age_ns=0, psnr_db=32.0, ms_ssim=0.96,
    alone_psnr_db=30.0, alone_ms_ssim=0.94, queue_ns=0, picture_digest="ab",
)  # fmt: skip
LOST = dataclasses.replace(
    ROW, outcome=Outcome.LOST, arrive_ns=None, decode_ns=None, side_sources=(), side_age_ns=None,
    psnr_db=None, ms_ssim=None, alone_psnr_db=None, alone_ms_ssim=None, picture_digest="",
)  # fmt: skip
ALONE = dataclasses.replace(ROW, outcome=Outcome.ALONE, side_sources=(), psnr_db=30.0)
LATE = dataclasses.replace(ROW, outcome=Outcome.LATE, decode_ns=300_000_000, psnr_db=34.0)


def test_outcomes_are_counted_apart() -> None:
    corrupt = dataclasses.replace(LOST, outcome=Outcome.CORRUPT)
    stream = summarise([ROW, ROW, ALONE, LATE, LOST, corrupt], 1.0)["car/front"]
    assert (stream.frames, stream.decoded, stream.late, stream.lost, stream.corrupt) == (6, 3, 1, 1, 1)


def test_rate_counts_overhead_and_what_was_lost() -> None:
    assert summarise([ROW, LOST], 2.0)["car/front"].kbit_s == pytest.approx(8 * 2080 / 2.0 / 1000)


def test_quality_is_over_decoded_and_late_pictures() -> None:
    assert summarise([ROW, LATE, LOST], 1.0)["car/front"].psnr_db == pytest.approx(33.0)


def test_gain_counts_only_frames_with_side_information() -> None:
    assert summarise([ROW, ALONE, LOST], 1.0)["car/front"].side_gain_db == pytest.approx(2.0)
    assert summarise([ALONE, LOST], 1.0)["car/front"].side_gain_db is None


def test_stream_without_arrivals_has_no_quality_or_latency() -> None:
    stream = summarise([LOST, LOST], 1.0)["car/front"]
    absent = {name for name, value in dataclasses.asdict(stream).items() if value is None}
    assert absent == {
        *("psnr_db", "ms_ssim", "side_used", "side_gain_db", "latency_ms_p50", "latency_ms_p95", "latency_ms_p99"),
        *("age_ms_mean", "age_ms_p95"),
    }
    assert stream.lost == 2


def test_streams_keep_the_order_in_which_they_appear() -> None:
    rows = [dataclasses.replace(ROW, stream=name) for name in ("z/a", "a/z", "z/a")]
    assert list(summarise(rows, 1.0)) == ["z/a", "a/z"]


def test_empty_run_has_a_summary() -> None:
    assert summarise([], 0.0) == {}
    assert summarise([ROW], 0.0)["car/front"].kbit_s is None


@given(st.lists(st.integers(min_value=1, max_value=10**10), min_size=1, max_size=40))
def test_latency_percentiles_match_numpy(times_ns: list[int]) -> None:
    rows = [dataclasses.replace(ROW, decode_ns=time) for time in times_ns]
    stream = summarise(rows, 1.0)["car/front"]
    assert stream.latency_ms_p50 == pytest.approx(np.percentile(times_ns, 50) / 1e6, abs=1e-6)
    assert stream.latency_ms_p95 == pytest.approx(np.percentile(times_ns, 95) / 1e6, abs=1e-6)


def test_summary_is_json() -> None:
    assert json.loads(json.dumps(to_plain(summarise([ROW, LOST], 1.0)), allow_nan=False))
