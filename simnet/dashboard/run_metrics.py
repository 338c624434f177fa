"""Prometheus metrics of the observed run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from simnet import metric_names
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

    from simnet.dashboard.state import State


class LiveRunCollector(Collector):
    """Collector that makes the metrics of `state` at every request."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """Return every metric; streams and links are labels."""
        with self._state.lock:
            return [*self._run(), *self._streams(), *self._links()]

    def _run(self) -> Iterable[Metric]:
        state = self._state
        about = InfoMetricFamily(metric_names.RUN.name, metric_names.RUN.about)
        scenario = state.scenario
        names = {"run": state.run.run, "scenario": scenario.name} if state.run and scenario else {}
        about.add_metric([], names | {"phase": state.phase})
        yield about
        yield GaugeMetricFamily(
            metric_names.VIRTUAL_TIME.name, metric_names.VIRTUAL_TIME.about, state.time_ns / SECOND_NS
        )
        dropped = state.sample.dropped if state.sample else 0
        yield CounterMetricFamily("simnet_telemetry_dropped", "Telemetry that the run had to drop.", dropped)
        events = CounterMetricFamily(
            metric_names.EVENTS.name, metric_names.EVENTS.about, labels=metric_names.EVENTS.labels
        )
        for kind, count in state.event_counts.items():
            events.add_metric([kind.value], count)
        yield events

    def _streams(self) -> Iterable[Metric]:
        frames, sent = (
            CounterMetricFamily(each.name, each.about, labels=each.labels)
            for each in (metric_names.FRAMES, metric_names.STREAM_BYTES)
        )
        psnr, bpp = (
            GaugeMetricFamily(each.name, each.about, labels=each.labels)
            for each in (metric_names.PSNR, metric_names.BITS_PER_PIXEL)
        )
        for name, own in self._state.streams.items():
            for outcome, count in own.outcomes.items():
                frames.add_metric([name, outcome.value], count)
            sent.add_metric([name], own.link_bytes)
            if own.rows:
                bpp.add_metric([name], own.rows[-1].bpp)
            decoded = next((row.psnr_db for row in reversed(own.rows) if row.psnr_db is not None), None)
            if decoded is not None:
                psnr.add_metric([name], decoded)
        return [frames, sent, psnr, bpp]

    def _links(self) -> Iterable[Metric]:
        load = GaugeMetricFamily("simnet_link_load_ratio", "Offered over what it can send now.", labels=["link"])
        offered = GaugeMetricFamily(
            "simnet_link_offered_bits_per_second", "During the last half second.", labels=["link"]
        )
        up = GaugeMetricFamily("simnet_link_up", "Whether anything would arrive.", labels=["link"])
        for each in self._state.sample.links if self._state.sample else ():
            load.add_metric([each.link], each.load)
            offered.add_metric([each.link], 1000 * each.kbit_s)
            up.add_metric([each.link], each.up)
        return [load, offered, up]


def exposition(state: State) -> bytes:
    """Return the metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(LiveRunCollector(state))
    return generate_latest(registry)
