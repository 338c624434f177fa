"""Export of a run's results as Prometheus metrics, in a file for node_exporter's textfile collector or another reader."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from simnet import metric_names
from simnet.exports.export import Export
from simnet.output_files import write_whole
from simnet.records import SECOND_NS
from simnet.row_statistics import by_stream, latency_ms, mean, present

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from prometheus_client.core import Metric

    from simnet.exports.export import FinishedRun
    from simnet.records import Row, Scenario

FILE = "metrics.prom"
LATENCY_S = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0)
"""Upper bounds of the latency buckets."""


class Exposition(Export):
    """Export of the metrics at the end of the run."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self._path, self._scenario = folder / FILE, scenario

    def finish(self, ended: FinishedRun) -> None:
        """See `Export`."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_RunCollector(self._scenario, ended))
        write_whole(self._path, generate_latest(registry))

    def abandon(self) -> None:
        """See `Export`; nothing is written before the end."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """See `Export`."""
        return (self._path,)


class _RunCollector(Collector):
    def __init__(self, scenario: Scenario, ended: FinishedRun) -> None:
        self._scenario, self._ended = scenario, ended

    def collect(self) -> Iterable[Metric]:
        yield from self._run()
        streams: dict[str, list[Row]] = {stream.name: [] for stream in self._scenario.streams}
        streams |= by_stream(self._ended.rows)
        yield from _streams(streams)
        yield _latencies(streams)
        yield from self._links()

    def _run(self) -> Iterable[Metric]:
        about = InfoMetricFamily(metric_names.RUN.name, metric_names.RUN.about)
        labels = {"run": self._ended.run, "scenario": self._scenario.name, "phase": "ended"}
        about.add_metric([], labels | {"seed": str(self._scenario.seed), "fingerprint": self._ended.fingerprint})
        yield about
        clock_s = self._scenario.duration_ns / SECOND_NS
        yield GaugeMetricFamily(metric_names.VIRTUAL_TIME.name, metric_names.VIRTUAL_TIME.about, clock_s)
        events = CounterMetricFamily(
            metric_names.EVENTS.name, metric_names.EVENTS.about, labels=metric_names.EVENTS.labels
        )
        for kind, count in sorted(self._events().items()):
            events.add_metric([kind], count)
        yield events

    def _events(self) -> Counter[str]:
        """Count the events that the live page shows."""
        found = Counter(event.kind for event in self._ended.events)
        found["fault"] += len(self._ended.lost_hosts)
        for row in self._ended.rows:
            if not row.outcome.in_time:
                found[row.outcome.value] += 1
            elif row.packets_lost:
                found["loss"] += 1
        return +found

    def _links(self) -> Iterable[Metric]:
        packets, carried = _counter(metric_names.LINK_PACKETS), _counter(metric_names.LINK_BYTES)
        for link in self._ended.links:
            for outcome in ("sent", "delivered", "lost", "dropped"):
                packets.add_metric([link.link, outcome], getattr(link, f"{outcome}_packets"))
                carried.add_metric([link.link, outcome], getattr(link, f"{outcome}_bytes"))
        return packets, carried


def _streams(streams: dict[str, list[Row]]) -> Iterable[Metric]:
    frames, sent = _counter(metric_names.FRAMES), _counter(metric_names.STREAM_BYTES)
    packets, lost, again = (
        _counter(each)
        for each in (metric_names.STREAM_PACKETS, metric_names.STREAM_PACKETS_LOST, metric_names.STREAM_RETRANSMISSIONS)
    )
    last, average, bpp = (
        _gauge(each) for each in (metric_names.PSNR, metric_names.PSNR_MEAN, metric_names.BITS_PER_PIXEL)
    )
    for name, rows in streams.items():
        for outcome, count in sorted(Counter(row.outcome.value for row in rows).items()):
            frames.add_metric([name, outcome], count)
        sent.add_metric([name], sum(row.link_bytes for row in rows))
        packets.add_metric([name], sum(row.packets_sent for row in rows))
        lost.add_metric([name], sum(row.packets_lost for row in rows))
        again.add_metric([name], sum(row.retransmissions for row in rows))
        if rows:
            bpp.add_metric([name], rows[-1].bpp)
        qualities = present(lambda row: row.psnr_db, rows)
        if (middle := mean(qualities)) is not None:
            last.add_metric([name], qualities[-1])
            average.add_metric([name], middle)
    return frames, sent, packets, lost, again, last, average, bpp


def _latencies(streams: dict[str, list[Row]]) -> Metric:
    family = HistogramMetricFamily(
        metric_names.LATENCY.name, metric_names.LATENCY.about, labels=metric_names.LATENCY.labels
    )
    for name, rows in streams.items():
        found = [each / 1e3 for each in present(latency_ms, rows)]
        counts: Sequence[tuple[str, float]] = [
            (str(end_s), float(sum(each <= end_s for each in found))) for end_s in LATENCY_S
        ]
        family.add_metric([name], [*counts, ("+Inf", float(len(found)))], sum(found))
    return family


def _counter(metric: metric_names.Metric) -> CounterMetricFamily:
    return CounterMetricFamily(metric.name, metric.about, labels=metric.labels)


def _gauge(metric: metric_names.Metric) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.about, labels=metric.labels)
