"""Runs of recorded sizes have no pixels, and the outcomes of the full engine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simnet.codec import recorded_sizes
from simnet.engine.results.event_digest import CHUNK, EventDigest
from simnet.errors import InputError
from simnet.records import LossConfig, RateConfig, Scenario, TransportConfig
from support.killing import Victims
from support.tiny_runs import MS, change_links


@pytest.fixture
def rows(run, tiny) -> str:
    """The rows of a real run of `tiny`, in which frames differ in quality."""
    streams = (replace(tiny.streams[0], rate=RateConfig("target", target_bps=150e3)), tiny.streams[1])
    return run(replace(tiny, streams=streams, duration_ns=2_000 * MS)).result.summary["rows"]


def drawn(scenario: Scenario, rows: str) -> Scenario:
    """The same scenario with each stream's sizes drawn from its own rows."""
    streams = [replace(each, codec="recorded", model=f"{rows}#{each.name}") for each in scenario.streams]
    # Nobody recorded car/a at the quality of `tiny`.
    return replace(scenario, streams=(replace(streams[0], rate=RateConfig(quality=0.7)), streams[1]))


def test_recorded_run_uses_row_sizes_and_no_pictures(run, tiny, rows):
    ran = run(drawn(tiny, rows))
    for stream in ("car/a", "van/b"):
        sizes = set(recorded_sizes.opened(f"{rows}#{stream}").key.sizes_bytes)
        for row in ran.rows(stream):
            assert row.codec == "recorded"
            assert row.outcome.value.startswith("decoded")
            assert (row.psnr_db, row.ms_ssim, row.picture_digest) == (None, None, "")
        if stream == "van/b":
            assert {row.size_bytes for row in ran.rows(stream)} <= sizes
    assert not (ran.read.path / "pictures").exists()
    assert ran.result.summary["streams"]["car/a"]["psnr_db"] is None
    again = run(drawn(tiny, rows)).result.summary["fingerprint"]
    other = run(replace(drawn(tiny, rows), seed=2)).result.summary["fingerprint"]
    assert ran.result.summary["fingerprint"] == again != other


def busy(scenario: Scenario, rows: str) -> Scenario:
    lossy = change_links(scenario, loss=LossConfig("independent", 0.2), mtu_bytes=300, bandwidth_bps=2e5)
    first, second = drawn(lossy, rows).streams
    first = replace(first, rate=RateConfig("adaptive"), transport=TransportConfig("fec", repair=0.3))
    second = replace(second, transport=TransportConfig("retransmission"))
    return replace(lossy, streams=(first, second))


def test_hosts_and_pace_change_nothing(run, tiny, rows, monkeypatch):
    victims = Victims(monkeypatch)
    scenario = busy(replace(tiny, duration_ns=2_000 * MS), rows)
    alone = run(scenario)
    kinds = {row.outcome.value for row in alone.read.rows}
    assert len(kinds) > 2, kinds
    assert any(row.retransmissions for row in alone.read.rows)
    for options in (
        {"hosts": 3, "answer_delay_s": 0.005},
        {"hosts": 2, "progress": victims.when(1_000 * MS, "host-2")},
        {"realtime": 0.2},
    ):
        other = run(scenario, **options)
        assert other.result.summary["fingerprint"] == alone.result.summary["fingerprint"]
        assert [replace(row, run="") for row in other.read.rows] == [replace(row, run="") for row in alone.read.rows]
        assert other.read.bins == alone.read.bins
        assert not (other.read.path / "pictures").exists()
        assert other.result.summary["restarts"] == ("progress" in options)
    assert other.result.summary["realtime"]["deadlines"] > 40
    assert other.result.summary["wall_s"] > 0.4


def test_recorded_and_pixel_streams_do_not_mix(run, tiny, rows):
    second = drawn(tiny, rows).streams[1]
    with pytest.raises(InputError, match="expected all streams recorded or none"):
        run(replace(tiny, streams=(tiny.streams[0], second)))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"model": "nowhere.parquet"}, "nowhere.parquet: cannot be read"),
        ({"model": "{rows}#bus/*"}, "no rows of stream 'bus/\\*'; expected one of: car/a, van/b"),
        ({"rate": RateConfig(quality=1.0)}, "stream van/b: quality 1; expected 0.4 to 0.4, as recorded in"),
    ],
)
def test_undrawable_stream_is_refused(run, tiny, rows, change, fault):
    first, second = drawn(tiny, rows).streams
    if "model" in change:
        change = {"model": change["model"].format(rows=rows)}
    with pytest.raises(InputError, match=fault):
        run(replace(tiny, streams=(first, replace(second, **change))))


def test_pictures_of_another_size_are_refused(tiny, rows):
    with pytest.raises(InputError, match="pictures of 64 x 64 have 4096 pixels; expected 3072"):
        recorded_sizes.check("car/a", f"{rows}#car/a", 64, 64, None)


def test_file_without_rows_is_refused(tmp_path):
    file = tmp_path / "rows.parquet"
    file.write_text("nothing")
    with pytest.raises(InputError, match="not a run's rows"):
        recorded_sizes.opened(str(file))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("size_bytes", value) for value in (-5, 10**12, "x", None)),
        *(("bpp", value) for value in (0.0, None)),
        ("quality", float("nan")),
        ("link_bytes", None),
    ],
)
def test_impossible_rows_are_refused(tmp_path, column, value):
    file = tmp_path / "rows.parquet"
    row = {
        "stream": "car/a",
        "codec": "jpeg",
        "size_bytes": 700,
        "quality": 0.5,
        "key": True,
        "link_bytes": 740,
        "bpp": 2.0,
    }
    pq.write_table(pa.Table.from_pylist([row | {column: value}]), file)
    with pytest.raises(InputError, match=f"a row of car/a has {column} {value!r}; expected a number from"):
        recorded_sizes.opened(str(file))


def test_uncoded_frames_are_not_drawn(tmp_path):
    file = tmp_path / "rows.parquet"
    columns = {"stream": ["car/a"] * 2, "codec": ["jpeg"] * 2, "size_bytes": [0, 700], "quality": [0.0, 0.5]}
    columns |= {"key": [False, True], "link_bytes": [0, 740], "bpp": [0.0, 2.0]}
    pq.write_table(pa.table(columns), file)
    found = recorded_sizes.opened(str(file))
    assert (found.key.sizes_bytes, found.other.sizes_bytes, found.pixels) == ([700], [], 2960)
    pq.write_table(pa.table(columns).slice(0, 1), tmp_path / "none.parquet")
    with pytest.raises(InputError, match="no frame was coded"):
        recorded_sizes.opened(str(tmp_path / "none.parquet"))


def test_draws_follow_quality_and_key_frames():
    sizes = recorded_sizes.Sizes([index / 999 for index in range(1000)], list(range(1000)))
    low, high = sizes.nearest(0.5)
    assert high - low >= recorded_sizes.NEAREST
    assert max(abs(sizes.qualities[low] - 0.5), abs(sizes.qualities[high - 1] - 0.5)) < 0.04
    assert recorded_sizes.Sizes([0.1, 0.9], [1, 2]).nearest(0.2) == (0, 2)
    assert recorded_sizes.Sizes([0.1] * 100 + [0.9] * 200, [1] * 300).nearest(0.9) == (100, 300)


def test_events_are_digested_as_json_lines():
    events = [("arrival", n, "a/b", n / 7, None, True, [["x", n]]) for n in range(3 * CHUNK + 5)]
    digest = EventDigest()
    for event in events:
        digest.append(event)
    lines = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
    assert digest.copy().hexdigest() == hashlib.sha256(lines.encode()).hexdigest()
