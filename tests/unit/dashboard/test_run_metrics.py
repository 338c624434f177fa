"""Prometheus can read it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from simnet.dashboard import run_metrics


def values(text: bytes) -> dict:
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            found[sample.name, *sample.labels.values()] = sample.value
    return found


def test_metrics_report_waiting_before_any_run(hear) -> None:
    assert values(run_metrics.exposition(hear([])))["simnet_run_info", "waiting"] == 1


def test_metrics_count_streams_links_and_events(hear, beginning) -> None:
    found = values(run_metrics.exposition(hear(beginning)))
    assert found["simnet_run_info", "running", "watched", "two_cars"] == 1
    assert found["simnet_virtual_time_seconds",] == 0.5
    assert found["simnet_frames_total", "decoded", "van/front"] == 2
    assert found["simnet_frames_total", "lost", "van/front"] == 1
    assert found["simnet_stream_bytes_total", "car/<front>"] == 3 * 1250
    assert found["simnet_stream_psnr_decibels", "car/<front>"] == 32
    assert found["simnet_link_load_ratio", "up_van"] == pytest.approx(1.37)
    assert found["simnet_link_up", "up_van"] == 0
    assert found["simnet_events_total", "hand-over"] == 1
