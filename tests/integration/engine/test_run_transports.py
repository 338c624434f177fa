"""Transports in whole runs: rows and links agree on every byte, and lossy streams get through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simnet.records import LossConfig, RateConfig, TransportConfig
from support.tiny_runs import change_links, change_streams

TRANSPORTS = {
    "none": TransportConfig(),
    "retransmission": TransportConfig("retransmission"),
    "fec": TransportConfig("fec", repair=0.6),
}


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_rows_match_link_counters_for_every_transport(run, tiny, kind):
    lossy = change_links(tiny, loss=LossConfig("independent", 0.25), mtu_bytes=300)
    ran = run(change_streams(lossy, transport=TRANSPORTS[kind]))
    for stream in ("car/a", "van/b"):
        rows = ran.rows(stream)
        assert sum(row.link_bytes for row in rows) == ran.sent_bytes(f"{stream[:3]}-hub")
        assert all(row.bpp == 8 * row.link_bytes / (64 * 48) for row in rows)
        lost = sum(row.outcome.value == "lost" for row in rows)
        assert lost > 3 if kind == "none" else lost <= 3
        again = sum(row.retransmissions for row in rows)
        assert again > 0 if kind == "retransmission" else again == 0
        assert (ran.sent_bytes(f"hub-{stream[:3]}") > 0) == (kind == "retransmission")
        assert kind == "none" or any(row.packets_lost and row.psnr_db is not None for row in rows)


@pytest.mark.parametrize("kind", ["retransmission", "fec"])
def test_transport_fingerprint_ignores_processes(run, tiny, kind):
    lossy = change_links(tiny, loss=LossConfig("independent", 0.25), mtu_bytes=300)
    scenario = change_streams(replace(lossy, duration_ns=500_000_000), transport=TRANSPORTS[kind])
    threads, processes = run(scenario), run(scenario, hosts=2)
    assert threads.result.summary["fingerprint"] == processes.result.summary["fingerprint"]


def test_target_bit_rate_counts_repair_packets(run, tiny):
    target = RateConfig("target", target_bps=200e3)
    ran = run(change_streams(tiny, rate=target, transport=TransportConfig("fec", repair=0.5)))
    rows = ran.rows("car/a")
    assert sum(row.link_bytes for row in rows[3:]) * 8 / (len(rows) - 3) * 10 == pytest.approx(200e3, rel=0.15)
