"""Runs without pixels: sizes come from real rows, and what becomes of frames is what the whole engine makes of it."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simnet import seeds
from simnet.codec import recorded_sizes, registry
from simnet.engine.local import local_nodes
from simnet.engine.results.event_digest import CHUNK, EventDigest
from simnet.errors import InputError
from simnet.records import Announcement, Decoded, LossConfig, RateConfig, Scenario, TransportConfig
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


def stub_family(scenario: Scenario) -> SimpleNamespace:
    """The recorded codec as one with grey pictures, so that broker and hosts can run it."""
    stream_of = {stream.model: stream.name for stream in scenario.streams}

    def open_encoder(_name: str, width: int, height: int, model: str) -> SimpleNamespace:
        draw = seeds.generator(scenario.seed, "recorded", stream_of[model])
        own = recorded_sizes.RecordedEncoder(model, width, height, draw)
        encode = lambda _image, quality, *, key=False: own.encode(quality, key=key)[0]  # noqa: E731
        return SimpleNamespace(announcement=own.announcement, encode=encode)

    def open_decoder(announcement: Announcement) -> SimpleNamespace:
        grey = np.zeros((announcement.height, announcement.width, 3), np.uint8)
        return SimpleNamespace(decode=lambda _data, _side: Decoded(grey, grey))

    return SimpleNamespace(open_encoder=open_encoder, open_decoder=open_decoder, declared_times=lambda *_: (1, 1))


def test_recorded_run_matches_the_full_run(run, tiny, rows, monkeypatch):
    scenario = busy(replace(tiny, duration_ns=2_000 * MS), rows)
    alone = run(scenario)
    monkeypatch.setitem(sys.modules, "stub_of_recorded", stub_family(scenario))
    monkeypatch.setitem(registry.FAMILIES, "stub_of_recorded", ("recorded",))
    monkeypatch.setattr(local_nodes, "is_recorded", lambda _: False)
    whole = run(scenario)
    pictureless = {"psnr_db": None, "ms_ssim": None, "alone_psnr_db": None, "alone_ms_ssim": None, "picture_digest": ""}
    assert [replace(row, run="", **pictureless) for row in whole.read.rows] == [
        replace(row, run="") for row in alone.read.rows
    ]
    assert whole.read.bins == alone.read.bins
    kinds = {row.outcome.value for row in alone.read.rows}
    assert len(kinds) > 2, kinds
    assert any(row.retransmissions for row in alone.read.rows)


def test_recorded_and_pixel_streams_do_not_mix(run, tiny, rows):
    first, second = drawn(tiny, rows).streams
    with pytest.raises(InputError, match="expected all streams recorded or none"):
        run(replace(tiny, streams=(tiny.streams[0], second)))
    with pytest.raises(InputError, match="recorded sizes need no hosts and show no pictures"):
        run(replace(tiny, streams=(first, second)), hosts=2)


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
