"""Writer of a resolved scenario as YAML, with all defaults and readable units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from simnet import codec_names
from simnet.printable import printable
from simnet.records import SECOND_NS
from simnet.scenario.resolve import resolve_media
from simnet.scenario.resolve.resolve_links import RETURN_SUFFIX
from simnet.scenario.schema import allotment_schema, task_schema, traffic_schema
from simnet.scenario.schema.codec_schema import RECORDED_CODEC
from simnet.units import text

if TYPE_CHECKING:
    from simnet.records import (
        CameraConfig,
        HandoverConfig,
        LinkConfig,
        LossConfig,
        NodeConfig,
        PoseErrorConfig,
        RateConfig,
        Scenario,
        StreamConfig,
        TaskConfig,
        Trajectory,
        TransportConfig,
    )


def dump(scenario: Scenario) -> str:
    """Return YAML that loads to an equal scenario, except for `path`."""
    world, fusion = scenario.world, scenario.fusion
    tree = {
        "name": scenario.name,
        "seed": scenario.seed,
        "duration": text(scenario.duration_ns, "ns"),
        **({} if scenario.origin is None else {"origin": [_number(value) for value in scenario.origin]}),
        "world": _without_none(
            {
                "kind": world.kind,
                "scene": world.scene,
                "path": world.path,
                "sequence": world.sequence,
                "offset": world.offset_frames,
                "options": _FlowMapping(world.options) or None,
            }
        ),
        "nodes": {node.name: _node(node) for node in scenario.nodes},
        "links": _links(scenario.links),
        "media": {medium.name: _FlowMapping(resolve_media.tree(medium)) for medium in scenario.media},
        "streams": {stream.name: _stream(stream) for stream in scenario.streams},
        "fusion": {
            "at": fusion.node,
            "wait": text(fusion.wait_ns, "ns"),
            "max_age": text(fusion.max_age_ns, "ns"),
            "deadline": text(fusion.deadline_ns, "ns"),
            "pictures": fusion.pictures,
            "feedback": text(fusion.feedback_period_ns, "ns"),
            "feedback_size": text(fusion.feedback_bytes, "B"),
            **(
                {} if fusion.allotment is None else {"allotment": _FlowMapping(allotment_schema.tree(fusion.allotment))}
            ),
        },
        **({"tasks": {task.name: _FlowMapping(_task(task)) for task in scenario.tasks}} if scenario.tasks else {}),
        **({"score": f"every {scenario.score_every}"} if scenario.score_every > 1 else {}),
        "on_node_loss": scenario.node_loss.action,
        "node_timeout": text(scenario.node_loss.wait_ns, "ns"),
    }
    if printable(body := _yaml(tree, allow_unicode=True), keep="\n") != body:
        body = _yaml(tree, allow_unicode=False)
    return f"# {printable(scenario.purpose)}\n{body}" if scenario.purpose else body


def _yaml(tree: dict[str, Any], *, allow_unicode: bool) -> str:
    return yaml.dump(tree, Dumper=_ScenarioDumper, sort_keys=False, width=1000, allow_unicode=allow_unicode)


class _FlowMapping(dict[str, Any]):
    """Mapping that is written on one line."""


class _ScenarioDumper(yaml.SafeDumper):
    """Dumper with one-line lists and without anchors, so that each part is readable on its own."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_ScenarioDumper.add_representer(
    list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, True)
)
_ScenarioDumper.add_representer(
    _FlowMapping, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, True)
)


def _without_none(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if value is not None}


def _node(node: NodeConfig) -> dict[str, Any]:
    return (
        _way(node.trajectory)
        | {"cameras": {camera.name.partition("/")[2]: _FlowMapping(_camera(camera)) for camera in node.cameras}}
        | ({} if node.pose_error is None else {"pose_error": _pose_error(node.pose_error)})
    )


def _pose_error(error: PoseErrorConfig) -> dict[str, Any]:
    return _FlowMapping(
        position=text(error.position_m, "m"), heading=text(error.heading_deg, "deg"), clock=text(error.clock_ns, "ns")
    )


def _way(way: Trajectory) -> dict[str, Any]:
    heading = {} if way.heading_deg is None else {"heading": text(way.heading_deg, "deg")}
    if len(way.waypoints_m) == 1:
        return {"position": [_number(value) for value in way.waypoints_m[0]]} | heading
    points = [[_number(value) for value in point] for point in way.waypoints_m]
    if way.times_ns:
        return {"path": _timed(way, points)} | heading
    return {
        "path": {"points": points, "source": way.source} if way.source else points,
        "speed": text(way.speed_mps, "m/s"),
        "start": text(way.offset_m, "m"),
    } | heading


def _timed(way: Trajectory, points: list[list[float]]) -> dict[str, Any]:
    headings = {"headings": [_number(value) for value in way.headings_deg]} if way.headings_deg else {}
    source = {"source": way.source} if way.source else {}
    return {"points": points, "times": [text(t_ns, "ns") for t_ns in way.times_ns]} | headings | source


def _camera(camera: CameraConfig) -> dict[str, Any]:
    return _without_none(
        {
            "size": [camera.width, camera.height],
            "rate": _frequency(camera.period_ns),
            "field_of_view": text(camera.field_of_view_deg, "deg"),
            "mount": [_number(value) for value in camera.mount_m],
            "yaw": text(camera.yaw_deg, "deg"),
            "pitch": text(camera.pitch_deg, "deg"),
            "phase": text(camera.phase_ns, "ns"),
            "source": list(camera.listed) or camera.source,
        }
    )


def _frequency(period_ns: int) -> str:
    """Return the shortest text of the rate with this period."""
    rate = SECOND_NS / period_ns
    return next(
        f"{rate:.{digits}g} Hz"
        for digits in range(2, 18)
        if round(SECOND_NS / float(f"{rate:.{digits}g}")) == period_ns
    )


def _links(links: tuple[LinkConfig, ...]) -> dict[str, Any]:
    by_name = {link.name: link for link in links}
    tree = {}
    for link in links:
        if link.name.endswith(RETURN_SUFFIX):
            continue
        back = by_name.get(f"{link.name}{RETURN_SUFFIX}")
        ends = {"from": link.source, "to": link.target}
        choice = {"handover": _handover(link.handover)} if link.handover else {}
        tree[link.name] = (
            ends | _transport(link) | choice | {"return": _FlowMapping(_transport(back)) if back else "none"}
        )
    return tree


def _transport(link: LinkConfig) -> dict[str, Any]:
    return {
        "bandwidth": _bandwidth(link),
        "delay": text(link.delay_ns, "ns"),
        **({} if link.propagation_mps is None else {"propagation": text(link.propagation_mps, "m/s")}),
        "jitter": text(link.jitter_ns, "ns"),
        "reorder": link.reorder,
        "loss": "none" if link.loss.model == "none" else _loss(link.loss),
        "outages": [
            _FlowMapping({"from": text(begin_ns, "ns"), "until": text(end_ns, "ns")})
            for begin_ns, end_ns in link.outages
        ],
        "queue": _queue(link),
        "mtu": text(link.mtu_bytes, "B"),
        "overhead": text(link.overhead_bytes, "B"),
        "medium": link.medium or "none",
        **({"traffic": [_FlowMapping(traffic_schema.tree(each)) for each in link.traffic]} if link.traffic else {}),
    }


def _bandwidth(link: LinkConfig) -> str | dict[str, Any]:
    if (trace := link.trace) is not None:
        rows = {"time": trace.time_column} if trace.time_column else {"period": text(trace.period_ns, "ns")}
        columns = {"column": trace.column, "unit": trace.unit} | rows if trace.kind == "csv" else {}
        start = text(trace.start_ns, "ns")
        return _FlowMapping(trace=trace.path, format=trace.kind, **columns, start=start, digest=trace.digest)
    if link.ladder:
        return _FlowMapping({text(up_to_m, "m"): text(rate_bps, "bit/s") for up_to_m, rate_bps in link.ladder})
    return text(link.bandwidth_bps, "bit/s")


def _queue(link: LinkConfig) -> str | dict[str, Any]:
    size = text(link.queue_bytes, "B")
    if link.queue == "dualpi2":
        target, round_trip = text(link.dualpi2_target_ns, "ns"), text(link.dualpi2_round_trip_ns, "ns")
        return _FlowMapping(kind=link.queue, size=size, target=target, round_trip=round_trip)
    if link.queue != "codel":
        return size if link.queue == "fifo" else _FlowMapping(kind=link.queue, size=size)
    target, interval = text(link.codel_target_ns, "ns"), text(link.codel_interval_ns, "ns")
    return _FlowMapping(kind=link.queue, size=size, target=target, interval=interval)


def _handover(choice: HandoverConfig) -> dict[str, Any]:
    return _FlowMapping(
        group=choice.group,
        node=choice.node,
        hysteresis=text(choice.hysteresis_m, "m"),
        gap=text(choice.gap_ns, "ns"),
        period=text(choice.period_ns, "ns"),
    )


def _loss(loss: LossConfig) -> dict[str, Any]:
    burst = {} if loss.burst == 1 else {"burst": _number(loss.burst)}
    return _FlowMapping(model=loss.model, mean=text(loss.mean, ""), **burst)


def _stream(stream: StreamConfig) -> dict[str, Any]:
    return {
        "codec": _codec(stream),
        "rate": _rate(stream.rate),
        "side_information": [_candidate(name, lag_ns) for name, lag_ns in stream.candidates],
        **({"key_interval": text(stream.key_interval_ns, "ns")} if stream.key_interval_ns is not None else {}),
        **_protection(stream.transport),
        **({"slices": stream.slices, "concealment": stream.concealment} if stream.slices > 1 else {}),
        "priority": stream.priority,
        "encode_time": text(stream.encode_ns, "ns"),
        "decode_time": text(stream.decode_ns, "ns"),
    }


def _task(task: TaskConfig) -> dict[str, Any]:
    second = {} if task.partner is None else {"with": task.partner}
    given = task.options if task.kind in task_schema.OPTIONS else {"options": task.options} if task.options else {}
    return {"kind": task.kind, "streams": list(task.streams), **second, "every": task.every, **given}


def _rate(rate: RateConfig) -> dict[str, Any]:
    if rate.kind == "fixed":
        return _FlowMapping(quality=_number(rate.quality))
    if rate.kind == "target":
        return _FlowMapping(target=text(rate.target_bps or 0.0, "bit/s"))
    if rate.kind == "adaptive":
        low, high = _number(rate.quality_min), _number(rate.quality_max)
        return _FlowMapping(adaptive=_FlowMapping(min_quality=low, max_quality=high))
    if rate.allotted is not None:
        return _FlowMapping(allotted=_FlowMapping(allotment_schema.bounds_tree(rate.allotted)))
    if (own := rate.congestion) is not None:
        texts = {key: text(getattr(own, f"{key}_bps"), "bit/s") for key in ("min", "start", "max")}
        marks = {} if rate.kind == "gcc" else {"ecn": own.ecn, "queue_delay": text(own.queue_target_ns, "ns")}
        return _FlowMapping({rate.kind: _FlowMapping(**texts, **marks)})
    return _FlowMapping(control=rate.kind, **({"options": _FlowMapping(rate.options)} if rate.options else {}))


def _codec(stream: StreamConfig) -> str | dict[str, Any]:
    options = codec_names.options_of(stream.codec)
    if stream.model is None and not options:
        return stream.codec
    if stream.codec != RECORDED_CODEC:
        name = codec_names.joined(codec_names.bare(stream.codec), fuse=stream.codec.endswith(codec_names.FUSE))
        more = {"options": _FlowMapping(options)} if options else {}
        return _FlowMapping(name=name, **more, **({} if stream.model is None else {"model": stream.model}))
    rows, _, of = (stream.model or "").partition("#")
    return _FlowMapping(name=stream.codec, rows=rows, **({"stream": of} if of else {}))


def _protection(transport: TransportConfig) -> dict[str, Any]:
    if transport.kind == "none":
        return {"transport": "none"}
    if transport.kind == "fec":
        return {"transport": _FlowMapping(kind="fec", repair=text(transport.repair, ""))}
    wait = {} if transport.timeout_ns is None else {"timeout": text(transport.timeout_ns, "ns")}
    return {"transport": _FlowMapping(kind=transport.kind, **wait, retries=transport.retries)}


def _candidate(name: str, lag_ns: int) -> str | dict[str, Any]:
    return _FlowMapping(stream=name, lag=text(lag_ns, "ns")) if lag_ns else name


def _number(value: float) -> float:
    """Return a whole number without its '.0'."""
    return int(value) if value == int(value) else value
