"""Exported tables of a run: CSV and Prometheus metrics; bad exports are refused before the run."""

from __future__ import annotations

import csv
import sys
from contextlib import closing
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pyarrow import parquet

from simnet import cli, engine, exports
from simnet.dashboard.run_metrics import exposition
from simnet.dashboard.state import State
from simnet.engine.recovery.journal import Journal
from simnet.engine.run_options import RunOptions
from simnet.errors import InputError, WireError
from simnet.records import LossConfig
from simnet.records.telemetry import EventKind, LiveEvent, LiveFrame, LiveRun
from simnet.wire.telemetry.telemetry_messages import Published
from support.tiny_runs import MS, change_links


@pytest.fixture
def lossy(tiny):
    return change_links(
        replace(tiny, duration_ns=500 * MS), loss=LossConfig("independent", 0.3), outages=((0, 50 * MS),)
    )


def test_csv_matches_parquet(run, lossy):
    ran = run(lossy, exports=["csv", "parquet"], report=False)
    for name in ("rows", "links"):
        table = parquet.read_table(ran.read.path / f"{name}.parquet").to_pylist()
        with (ran.read.path / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
        assert len(found) == len(table)
        assert len(table) > 5
        for line, row in zip(found, table, strict=True):
            assert list(line) == list(row)
            for key, value in row.items():
                if value is None:
                    assert line[key] == ""
                elif isinstance(value, list):
                    assert line[key].split() == value
                else:
                    assert type(value)(line[key] == "True" if isinstance(value, bool) else line[key]) == value
    assert ran.result.summary["exports"] == [str(ran.read.path / f"{name}.csv") for name in ("rows", "links")]


def read_metrics(text: str) -> dict[tuple[str, ...], Sample]:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_match_rows(run, lossy):
    ran = run(lossy, exports=["prometheus"], report=False)
    samples = read_metrics((ran.read.path / "metrics.prom").read_text())
    assert all(sample.timestamp is None for sample in samples.values()), "node_exporter refuses them"
    rows = ran.rows("car/a")
    decoded = [row for row in rows if row.psnr_db is not None]
    lost = [row for row in rows if row.outcome.value == "lost"]
    assert samples["simnet_frames_total", "lost", "car/a"].value == len(lost) > 0
    assert samples["simnet_stream_bytes_total", "car/a"].value == sum(row.link_bytes for row in rows)
    assert samples["simnet_stream_packets_lost_total", "car/a"].value == sum(row.packets_lost for row in rows)
    mean = sum(row.psnr_db for row in decoded) / len(decoded)
    assert samples["simnet_stream_psnr_mean_decibels", "car/a"].value == pytest.approx(mean)
    assert samples["simnet_frame_latency_seconds_count", "car/a"].value == len(decoded)
    soon = sum(row.decode_ns - row.capture_ns <= 100 * MS for row in decoded)
    assert samples["simnet_frame_latency_seconds_bucket", "0.1", "car/a"].value == soon
    sent = sum(each.sent_packets for each in ran.read.bins if each.link == "car-hub")
    assert samples["simnet_link_packets_total", "sent", "car-hub"].value == sent
    assert samples["simnet_events_total", "outage begins"].value == 2
    about = next(sample for (name, *_), sample in samples.items() if name == "simnet_run_info")
    assert about.labels["fingerprint"] == ran.result.summary["fingerprint"]


def test_exported_and_live_metrics_share_names_and_values(run, lossy):
    ran = run(replace(lossy, duration_ns=1_000 * MS), exports=["prometheus"], report=False)
    live = State()
    live.take(Published(LiveRun("session", "run", lossy, ())))
    for row in ran.read.rows:
        live.take(Published(LiveFrame(row)))
    for event in ran.read.manifest.events:
        live.take(Published(LiveEvent(event.time_ns, EventKind(event.kind), event.where, event.detail)))
    told = read_metrics(exposition(live).decode())
    left = read_metrics((ran.read.path / "metrics.prom").read_text())
    for name in ("events_total", "frames_total", "stream_bytes_total", "stream_psnr_decibels", "stream_bits_per_pixel"):
        both = [{key: each.value for key, each in of.items() if key[0] == f"simnet_{name}"} for of in (told, left)]
        assert both[0] == both[1] != {}
    assert left["simnet_events_total", "lost"].value > 0


@pytest.mark.parametrize("text", ["mcap,gif", "pcap,", "MP4", ""])
def test_unknown_export_lists_the_known_ones(text, tmp_path, capsys):
    assert cli.main(["run", "stereo_pair", "--export", text, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "expected a list of mcap, mp4, pcap, csv, parquet, prometheus" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("kind", "library"), [("mcap", "mcap"), ("prometheus", "prometheus_client")])
def test_missing_library_names_the_extra_to_install(run, tiny, tmp_path, monkeypatch, kind, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        InputError, match=rf"--export {kind}: the package {library} is missing; pip install 'simnet\[export\]'"
    ):
        run(tiny, exports=[kind])
    assert not list(tmp_path.iterdir())


def test_recorded_stream_exports_packets_but_no_pictures(run, tiny):
    rows = run(tiny, report=False).result.summary["rows"]
    streams = tuple(replace(each, codec="recorded", model=f"{rows}#{each.name}") for each in tiny.streams)
    drawn = replace(tiny, streams=streams)
    for kind in ("mcap", "mp4"):
        with pytest.raises(
            InputError, match=f"--export {kind}: recorded sizes have no pictures; expected any of pcap, csv"
        ):
            run(drawn, exports=["csv", kind])
    ran, without = run(drawn, exports=["pcap", "csv", "prometheus"], report=False), run(drawn, report=False)
    assert ran.result.summary["fingerprint"] == without.result.summary["fingerprint"]
    assert {path.name for path in ran.read.path.iterdir()} >= {
        "packets.pcapng",
        "rows.csv",
        "links.csv",
        "metrics.prom",
    }


def test_resumed_run_exports_packets_but_not_all_pictures(run, lossy, tmp_path):
    def fail(now_ns: int) -> None:
        if now_ns >= 300 * MS:
            raise WireError("the cable was cut")

    out = tmp_path / "cut"
    with pytest.raises(WireError):
        engine.run(lossy, out, RunOptions(progress=fail, exports=["pcap"]))
    for kind in ("mcap", "mp4"):
        gone = pytest.raises(InputError, match=f"--export {kind}: pictures from before the interruption are gone")
        with closing(Journal.resume(out)[0]) as journal, gone:
            engine.run(lossy, out, RunOptions(journal=journal, exports=[kind]))
    (out / "video").mkdir()
    for left in ("run.mcap.part", "video/car~a.mp4.part"):  # as by a kill
        (out / left).write_bytes(b"half")
    engine.run(lossy, out, RunOptions(journal=Journal.resume(out)[0], exports=["pcap", "csv"], report=False))
    assert not list(out.rglob("*.part"))
    assert not (out / "video").exists()
    whole = run(lossy, exports=["pcap", "csv"], report=False).read.path
    assert (out / "packets.pcapng").read_bytes() == (whole / "packets.pcapng").read_bytes()
    assert len((out / "rows.csv").read_text().splitlines()) == len((whole / "rows.csv").read_text().splitlines())


def test_api_refuses_unknown_exports(run, tiny):
    with pytest.raises(InputError, match="--export: 'gif'; expected a list of mcap"):
        run(tiny, exports=["gif"])


def test_every_export_is_listed_once():
    assert exports.parse("csv, pcap,csv") == ("csv", "pcap")
