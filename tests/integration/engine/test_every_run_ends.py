"""Whatever codec, loss, queue, transport, bandwidth and duration meet: the run ends, and every frame has its row.

car/a ──▶ hub ◀── van/b     frames one way, feedback and requests for key frames the other
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnet import engine
from simnet.engine.run_options import RunOptions
from simnet.nodes.schedule import Schedule
from simnet.records import (
    LossConfig,
    Outcome,
    RateConfig,
    Scenario,
    StreamConfig,
    TraceConfig,
    TransportConfig,
)
from simnet.runfolder import run_reader
from support.tiny_runs import MS, change_links, change_streams

CODECS = ("jpeg", "h264", "hevc", "av1")
BUSY_MS = [*range(0, 400, 20), *range(700, 720)]
"""When a traced link may deliver: next to nothing for a third of a second in every 0.72."""
TIMES_NS = st.sampled_from([1, 5 * MS, 40 * MS, 150 * MS])

losses = st.one_of(
    st.just(LossConfig()),
    st.builds(LossConfig, st.just("independent"), st.sampled_from([0.01, 0.2, 0.6])),
    st.builds(LossConfig, st.just("gilbert-elliott"), st.sampled_from([0.02, 0.4]), st.sampled_from([2, 8])),
)
transports = st.one_of(
    st.just(TransportConfig()),
    st.builds(TransportConfig, st.just("retransmission"), timeout_ns=st.sampled_from([None, 20 * MS])),
    st.builds(TransportConfig, st.just("fec"), st.floats(0.1, 1)),
)
rates = st.sampled_from(
    [RateConfig(quality=0.2), RateConfig(quality=0.8), RateConfig("adaptive"), RateConfig("target", target_bps=60e3)]
)


@pytest.fixture(scope="module")
def sizes(tiny: Scenario, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The rows of a run of H.264, to draw sizes of key frames and of others from, of a low and a high quality."""
    video = change_streams(tiny, codec="h264", side_information=(), key_interval_ns=500 * MS)
    car, van = video.streams
    streams = replace(car, rate=RateConfig(quality=0.2)), replace(van, rate=RateConfig(quality=0.8))
    out = tmp_path_factory.mktemp("sizes")
    return engine.run(replace(video, streams=streams), out, RunOptions(report=False)).summary["rows"]


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> TraceConfig:
    """A link that is busy with others for much of the time."""
    file = tmp_path_factory.mktemp("trace") / "busy.mahimahi"
    file.write_text("\n".join(map(str, BUSY_MS)), encoding="utf-8")
    return TraceConfig(str(file), "mahimahi", hashlib.sha256(file.read_bytes()).hexdigest())


@st.composite
def runs(draw: st.DrawFn, tiny: Scenario, sizes: str, trace: TraceConfig) -> Scenario:
    """A scenario of two streams, of recorded sizes or of real codecs, over two links of one kind."""

    def streams(each: StreamConfig) -> StreamConfig:
        codec = "recorded" if is_recorded else draw(st.sampled_from(CODECS))
        return replace(
            each,
            codec=codec,
            model=sizes if is_recorded else None,
            rate=draw(rates),
            encode_ns=draw(TIMES_NS),
            decode_ns=draw(TIMES_NS),
            key_interval_ns=draw(st.sampled_from([None, None, 300 * MS])),
            transport=draw(transports),
        )

    is_recorded = draw(st.booleans())
    traced = draw(st.sampled_from([None, trace]))
    lossy = change_links(
        tiny,
        bandwidth_bps=len(BUSY_MS) * 1500 * 8 / 0.72 if traced else draw(st.sampled_from([20e3, 60e3, 2e6])),
        trace=traced,
        loss=draw(losses),
        delay_ns=draw(st.sampled_from([5 * MS, 300 * MS])),
        jitter_ns=draw(st.sampled_from([0, 30 * MS])),
        reorder=draw(st.booleans()),
        queue_bytes=draw(st.sampled_from([400, 3000, 65_536, 10_000_000])),
        mtu_bytes=draw(st.sampled_from([300, 1500])),
    )
    fusion = replace(
        lossy.fusion, wait_ns=draw(TIMES_NS), deadline_ns=draw(st.sampled_from([100 * MS, 900 * MS])), pictures=2
    )
    return replace(
        lossy,
        seed=draw(st.integers(0, 2**31)),
        duration_ns=draw(st.integers(300, 1500)) * MS,
        fusion=fusion,
        streams=tuple(streams(each) for each in lossy.streams),
    )


def _check(scenario: Scenario) -> None:
    """Run it: a row for every capture, and no frame without an end."""
    with tempfile.TemporaryDirectory() as parent:
        out = Path(parent) / "run"
        engine.run(scenario, out, RunOptions(report=False))
        rows = run_reader.read(out).rows
    for stream in scenario.streams:
        own = [row for row in rows if row.stream == stream.name]
        count = Schedule.of(scenario.cameras[stream.name], scenario.duration_ns).count
        assert [row.sequence for row in own] == list(range(count))
        for row in own:
            shown = row.outcome in {Outcome.DECODED, Outcome.ALONE, Outcome.LATE}
            assert (row.decode_ns is not None) == shown
            assert (row.psnr_db is not None) == (shown and stream.codec != "recorded")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_run_ends_with_one_row_per_frame(
    data: st.DataObject, tiny: Scenario, sizes: str, trace: TraceConfig
) -> None:
    _check(data.draw(runs(tiny, sizes, trace)))


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
def test_first_frame_lost_near_the_end_gets_its_row(tiny: Scenario, codec: str) -> None:
    """That a stream misses its first frame shows once a later one has arrived: here, when no request is made any more."""
    video = change_streams(tiny, codec=codec, side_information=())
    late = change_links(video, delay_ns=250 * MS, outages=((0, 50 * MS),))
    _check(replace(late, duration_ns=300 * MS))
