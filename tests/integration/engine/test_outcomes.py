"""What becomes of frames, as rows tell it.

car/a ──▶ hub ◀── van/b     hub/s is a sensor of the hub's; van/b is decoded with car/a, else hub/s, else its own last
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simnet.codec.still.pillow_codecs import ClassicalEncoder
from simnet.engine.timing import process_memory
from simnet.errors import InputError, ModelError, NodeError, PictureError
from simnet.records import FusionConfig, LossConfig, Outcome, RateConfig, Scenario
from support.tiny_runs import FRAMES, MS, Ran, change_links, change_streams

Run = Callable[..., Ran]


def test_lossless_run_decodes_everything_in_time(tiny: Scenario, run: Run) -> None:
    ran = run(tiny)
    assert {row.outcome for row in ran.read.rows} == {Outcome.DECODED}
    assert [row.sequence for row in ran.rows("car/a")] == list(range(10))
    first = ran.rows("car/a")[0]
    assert first.encode_ns == 10 * MS
    assert first.arrive_ns is not None
    assert first.decode_ns == first.arrive_ns + 10 * MS
    assert 20 < (first.psnr_db or 0) < 60
    assert 0.5 < (first.ms_ssim or 0) <= 1
    assert first.alone_psnr_db == first.psnr_db


def test_preferred_source_serves_and_its_age_is_recorded(tiny: Scenario, run: Run) -> None:
    rows = run(tiny).rows("van/b")
    assert {row.side_sources for row in rows} == {("car/a",)}
    assert {row.side_age_ns for row in rows} == {0}


def test_sensor_serves_when_the_other_stream_is_lost(tiny: Scenario, run: Run) -> None:
    links = tuple(
        replace(link, loss=LossConfig("independent", 1.0)) if link.source == "car" else link for link in tiny.links
    )
    ran = run(replace(tiny, links=links))
    assert {row.outcome for row in ran.rows("car/a")} == {Outcome.LOST}
    assert all(row.arrive_ns is None and row.psnr_db is None and row.packets_lost for row in ran.rows("car/a"))
    assert {row.side_sources for row in ran.rows("van/b")} == {("hub/s",)}


def test_missing_side_information_is_recorded(tiny: Scenario, run: Run) -> None:
    stream = replace(tiny.streams[1], side_information=("previous",))
    rows = run(replace(tiny, streams=(tiny.streams[0], stream))).rows("van/b")
    assert [row.outcome for row in rows[:2]] == [Outcome.ALONE, Outcome.DECODED]
    assert (rows[1].side_sources, rows[1].side_age_ns) == (("van/b",), 100 * MS)


def test_late_frames_are_decoded_and_counted_apart(tiny: Scenario, run: Run) -> None:
    fusion = FusionConfig("hub", deadline_ns=30 * MS)
    ran = run(replace(tiny, fusion=fusion))
    assert {row.outcome for row in ran.rows("van/b")} == {Outcome.LATE}
    counts = ran.result.summary["streams"]["van/b"]
    assert (counts["late"], counts["decoded"]) == (10, 0)
    assert counts["psnr_db"] > 20


def test_altered_frames_are_corrupt_and_serve_no_other(
    tiny: Scenario, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = ClassicalEncoder.encode

    def altered(self: ClassicalEncoder, image: object, quality: float, *, key: bool = False) -> bytes:
        data = bytearray(encode(self, image, quality, key=key))  # type: ignore[arg-type] # a picture
        data[-1] ^= self._sequence == 4
        return bytes(data)

    monkeypatch.setattr(ClassicalEncoder, "encode", altered)
    ran = run(tiny)
    assert [row.outcome for row in ran.rows("car/a")][3] is Outcome.CORRUPT
    assert ran.result.summary["streams"]["car/a"]["corrupt"] == 1
    assert [row.outcome for row in ran.rows("van/b")][3] is Outcome.CORRUPT


def test_growing_queue_lowers_quality_within_a_second(tiny: Scenario, run: Run) -> None:
    slow = change_links(replace(tiny, duration_ns=2500 * MS), bandwidth_bps=100e3)
    adaptive = RateConfig("adaptive", quality=0.9)
    fixed = run(change_streams(slow, rate=RateConfig(quality=0.9))).rows("car/a")
    adapted = run(change_streams(slow, rate=adaptive)).rows("car/a")
    assert adapted[0].quality == fixed[0].quality
    assert min(row.quality for row in adapted[:10]) < 0.75
    assert max(row.queue_ns for row in adapted[5:]) < fixed[-1].queue_ns / 3


def test_target_bit_rate_is_met_on_the_wire(tiny: Scenario, run: Run) -> None:
    target = change_streams(replace(tiny, duration_ns=3000 * MS), rate=RateConfig("target", target_bps=150e3))
    rows = run(target).rows("car/a")[10:]
    assert sum(row.link_bytes for row in rows) * 8 / 2 == pytest.approx(150e3, rel=0.05)


def test_rows_and_links_account_for_every_byte(tiny: Scenario, run: Run) -> None:
    scenario = change_streams(change_links(tiny, loss=LossConfig("independent", 0.2)), rate=RateConfig("adaptive"))
    ran = run(scenario)
    for stream, link in (("car/a", "car-hub"), ("van/b", "van-hub")):
        rows = ran.rows(stream)
        assert sum(row.link_bytes for row in rows) == ran.sent_bytes(link)
        assert all(row.link_bytes == row.size_bytes + 40 * row.packets_sent for row in rows)
        assert ran.result.summary["streams"][stream]["kbit_s"] == pytest.approx(ran.sent_bytes(link) * 8 / 1e3)
        assert ran.sent_bytes("-".join(reversed(link.split("-")))) == 9 * (40 + 40)


def test_recorded_world_ends_the_run(tiny: Scenario, run: Run) -> None:
    summary = run(replace(tiny, duration_ns=60_000 * MS)).result.summary
    assert summary["virtual_s"] == FRAMES / 10
    assert summary["frames"] == 2 * FRAMES


def test_run_without_frames_is_refused_before_its_folder(tiny: Scenario, run: Run, tmp_path: Path) -> None:
    late = replace(
        tiny,
        nodes=tuple(
            replace(node, cameras=tuple(replace(camera, phase_ns=1000 * MS) for camera in node.cameras))
            for node in tiny.nodes
        ),
    )
    with pytest.raises(PictureError, match=f"^{tiny.world.path}: holds no frame for any stream within the duration"):
        run(late)
    assert not list(tmp_path.iterdir())


def test_run_folder_holds_what_a_report_needs(tiny: Scenario, run: Run) -> None:
    ran = run(tiny, report=True)
    folder = ran.result.folder
    assert (folder / "report.html").stat().st_size > 1000
    kept = sorted(path.name for path in (folder / "pictures" / "van~b").iterdir())
    assert kept == sorted(f"{n}_{kind}.png" for n in (1, 5, 9) for kind in ("original", "decoded", "alone"))
    assert ran.read.scenario == tiny
    assert set(ran.read.manifest.announcements) == {"car/a", "van/b"}
    assert ran.read.manifest.timings["run"] > 0
    assert ran.read.manifest.core_seconds["encode"] > 0
    # Of the whole process, in which other tests have been.
    assert 50 < ran.result.summary["peak_rss_mb"] <= process_memory.peak_bytes() / 2**20 + 1


def test_folder_in_use_is_refused(tiny: Scenario, run: Run) -> None:
    folder = run(tiny).result.folder
    from simnet import engine

    with pytest.raises(InputError, match="not empty"):
        engine.run(tiny, folder)


def test_unknown_codec_blames_user_and_broken_codec_host(
    tiny: Scenario, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="unknown codec"):
        run(change_streams(tiny, codec="mpeg1"))
    assert not list(tmp_path.iterdir())

    def broken(*_: object, **__: object) -> bytes:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(ClassicalEncoder, "encode", broken)
    with pytest.raises(NodeError, match="cameras: failed with ZeroDivisionError: oh"):
        run(tiny)


def test_pictures_between_strides_have_no_scores(tiny: Scenario, run: Run) -> None:
    every, some = run(tiny), run(replace(tiny, score_every=4))
    assert some.read.manifest.fingerprint == every.read.manifest.fingerprint
    for whole, row in zip(every.read.rows, some.read.rows, strict=True):
        scored = whole.psnr_db if row.sequence % 4 == 0 else None
        assert (row.psnr_db, row.alone_ms_ssim is None) == (scored, scored is None)
    own = [row.psnr_db for row in every.read.rows if row.stream == "van/b" and row.sequence % 4 == 0]
    assert some.read.manifest.summary.streams["van/b"].psnr_db == pytest.approx(np.mean(own), abs=1e-6)
    kept = {path.name.partition("_")[0] for path in (some.result.folder / "pictures" / "van~b").iterdir()}
    assert kept <= {"0", "4", "8"}
