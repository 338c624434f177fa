"""Streams of video codecs over lossy links: what a lost reference costs, and what asking for a key frame brings back.

car/a ──▶ hub ◀── van/b     frames one way, requests for key frames the other
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simnet.records import LossConfig, Outcome, RateConfig, Row, Scenario
from support.tiny_runs import MS, Ran, change_links, change_streams

Run = Callable[..., Ran]
SHOWN = (Outcome.DECODED, Outcome.ALONE, Outcome.LATE)


@pytest.fixture
def lossy(tiny: Scenario) -> Scenario:
    """Three seconds of H.264 without side information; every tenth packet is lost."""
    video = change_streams(replace(tiny, duration_ns=3000 * MS), codec="h264", side_information=())
    return change_links(video, loss=LossConfig("independent", 0.1))


def _deaf(scenario: Scenario) -> Scenario:
    """Return the scenario in which no request for a key frame ever arrives."""
    loss = LossConfig("independent", 1.0)
    return replace(
        scenario, links=tuple(replace(link, loss=loss) if link.source == "hub" else link for link in scenario.links)
    )


def _shown(rows: list[Row]) -> int:
    return sum(row.outcome in SHOWN for row in rows)


def _refer_to_pictures(rows: list[Row]) -> bool:
    """Whether a frame has a picture exactly where it arrived and is a key frame or follows one that has."""
    shown = False
    for row in rows:
        arrived = row.outcome is not Outcome.LOST
        shown = arrived and (row.key or shown)
        if shown != (row.outcome in SHOWN) or (arrived and not shown and row.outcome is not Outcome.REFERENCE):
            return False
    return True


def test_lossless_stream_needs_one_key_frame(tiny: Scenario, run: Run) -> None:
    rows = run(change_streams(tiny, codec="h264")).rows("car/a")
    assert [row.key for row in rows] == [True] + [False] * 9
    assert _shown(rows) == 10
    assert max(row.size_bytes for row in rows[1:]) < rows[0].size_bytes
    assert min(row.psnr_db or 0 for row in rows) > 20


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
def test_requested_key_frame_restores_a_broken_stream(lossy: Scenario, run: Run, codec: str) -> None:
    lossy = change_streams(lossy, codec=codec)
    alive, dead = (run(scenario).rows("car/a") for scenario in (lossy, _deaf(lossy)))
    assert _refer_to_pictures(alive)
    assert _refer_to_pictures(dead)
    first = next(row.sequence for row in alive if row.outcome is Outcome.LOST)
    assert {row.outcome for row in dead[first:]} <= {Outcome.LOST, Outcome.REFERENCE}
    assert _shown(dead) == first
    assert _shown(alive) > 20
    assert sum(row.key for row in dead) == 1
    assert alive[first].arrive_ns is None


def test_summary_counts_frames_without_reference(lossy: Scenario, run: Run) -> None:
    ran = run(_deaf(lossy), report=True)
    rows, counts = ran.rows("car/a"), ran.result.summary["streams"]["car/a"]
    assert counts["reference_lost"] == sum(row.outcome is Outcome.REFERENCE for row in rows) > 5
    assert counts["decoded"] + counts["late"] + counts["lost"] + counts["reference_lost"] == counts["frames"]
    assert counts["key_frames"] == 1
    assert "no reference" in (ran.result.folder / "report.html").read_text(encoding="utf-8")


def test_key_frames_come_at_every_interval(tiny: Scenario, run: Run) -> None:
    rows = run(change_streams(tiny, codec="h264", key_interval_ns=400 * MS)).rows("car/a")
    assert [row.sequence for row in rows if row.key] == [0, 4, 8]


def test_interval_restores_a_stream_without_feedback(lossy: Scenario, run: Run) -> None:
    healed = run(_deaf(change_streams(lossy, key_interval_ns=300 * MS))).rows("car/a")
    assert _refer_to_pictures(healed)
    assert _shown(healed) > 20


def test_video_streams_ignore_processes_and_delays(lossy: Scenario, run: Run) -> None:
    eventful = change_links(change_streams(lossy, rate=RateConfig("adaptive")), jitter_ns=60 * MS, reorder=True)
    runs = [run(eventful, **options) for options in ({}, {"answer_delay_s": 0.01}, {"hosts": 2})]
    assert len({each.result.summary["fingerprint"] for each in runs}) == 1
    outcomes = {row.outcome for row in runs[0].read.rows}
    assert {Outcome.LOST, Outcome.REFERENCE, Outcome.DECODED} <= outcomes


def test_scenario_may_set_a_key_frame_interval(tiny: Scenario, run: Run) -> None:
    rows = run(change_streams(tiny, codec="h264", key_interval_ns=300 * MS)).rows("car/a")
    assert [row.key for row in rows] == [index % 3 == 0 for index in range(10)]
