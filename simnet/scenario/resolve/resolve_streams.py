"""Resolver of streams: it merges patterns and overrides, checks side information, and sorts by decoding order.

Patterns (follower_*/front) apply first, in the order of the file, then exact names, then overrides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pydantic import ValidationError

from simnet.records import RateConfig, StreamConfig
from simnet.scenario.explain import Problems
from simnet.scenario.resolve import decoding_order, file_lookup, resolve_codecs, slice_checks
from simnet.scenario.resolve.resolve_codecs import ResolvedCodec
from simnet.scenario.resolve.resolve_links import reachable, reaching
from simnet.scenario.resolve.resolve_world import options_json
from simnet.scenario.schema.codec_schema import CodecSpec
from simnet.scenario.schema.rate_schema import NAMED, RateSpec
from simnet.scenario.schema.scenario_schema import StreamSpec
from simnet.suggestions import near

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.records import LinkConfig, NodeConfig
    from simnet.scenario.overrides import Layer
    from simnet.scenario.schema.scenario_schema import ScenarioSpec

PREVIOUS = "previous"
FIRST_QUALITY = 0.25
"""Of an allotted stream, until its first allotment arrives: low, since nothing is known of its link."""
_EMPTY_STREAM = StreamSpec()


@dataclass(frozen=True)
class _StreamLayer:
    """Settings from one key of the file or one override, for the streams that match `pattern`."""

    pattern: str
    stream: StreamSpec
    problems: Problems
    override: Layer | None = None


@dataclass
class MergedStream:
    """Merged stream, with the last layer that set each of its keys."""

    stream: StreamSpec = _EMPTY_STREAM
    said: dict[str, _StreamLayer] = field(default_factory=dict[str, _StreamLayer])
    last: _StreamLayer | None = None
    codec: ResolvedCodec | None = None


def resolve(
    document: ScenarioSpec,
    layers: list[Layer],
    nodes: tuple[NodeConfig, ...],
    links: tuple[LinkConfig, ...],
    problems: Problems,
    file: Path,
) -> tuple[StreamConfig, ...]:
    """Return the streams in decoding order; faults are added to `problems`."""
    home = document.fusion.at
    cameras = {camera.name: node.name for node in nodes for camera in node.cameras}
    heights = {camera.name: camera.height for node in nodes for camera in node.cameras}
    sensors = [name for name, node in cameras.items() if node == home]
    merged = _merge(document, cameras, sensors, problems)
    for layer in layers:
        _put_layer(layer, merged, problems)
    there, back = reaching(links, home), reachable(links, home)
    for name, one in merged.items():
        if one.last is None:
            continue
        path, fault = ("streams", one.last.pattern), one.last.problems
        if one.stream.codec is None or one.stream.codec.name is None:
            fault.at_key(path, f"required key is missing for {name}; expected codec: atn", (*path, "codec"))
        else:
            said = one.said["codec"]
            one.codec = resolve_codecs.resolve(
                one.stream.codec, ("streams", said.pattern, "codec"), said.problems, file
            )
        if cameras[name] not in there:
            fault.at_key(path, f"no way from {cameras[name]!r} to fusion at {home!r}; expected links that lead there")
        elif (control := _feedback_control(one.stream.rate)) and cameras[name] not in back:
            text = f"no way back from fusion at {home!r} to {cameras[name]!r}; expected one, for the feedback of {control} rate"
            said = one.said["rate"]
            said.problems.at_value(("streams", said.pattern, "rate"), text)
        elif one.stream.rate.congestion is not None and one.stream.transport.kind != "none":
            control = _feedback_control(one.stream.rate)
            kind = one.stream.transport.kind
            text = f"{kind} given with rate: {control}, which sends each packet once; expected transport: none"
            said = one.said["transport"]
            said.problems.at_value(("streams", said.pattern, "transport"), text)
        elif one.stream.transport.kind == "retransmission" and cameras[name] not in back:
            text = f"no way back from fusion at {home!r} to {cameras[name]!r}; expected one, for the acknowledgements"
            said = one.said["transport"]
            said.problems.at_value(("streams", said.pattern, "transport"), text)
        if (bounds := one.stream.rate.congestion) is not None and (fault_text := bounds.fault) is not None:
            said = one.said["rate"]
            said.problems.at_value(("streams", said.pattern, "rate"), fault_text)
        _check_side_information(name, one, list(merged), sensors, list(cameras))
        slice_checks.check(one, heights[name])
    served_by = {
        name: [source for source in _sources(one) if source in merged and source != name]
        for name, one in merged.items()
    }
    if cycle := decoding_order.cycle(served_by):
        _report_cycle(cycle, merged)
        return ()
    return tuple(_record(name, merged[name], file) for name in decoding_order.after_those_that_serve(served_by))


def _merge(
    document: ScenarioSpec, cameras: dict[str, str], sensors: list[str], problems: Problems
) -> dict[str, MergedStream]:
    """Return the file's streams in the order of the cameras."""
    patterns = {key for key in document.streams if any(mark in key for mark in "*?[")}
    found: dict[str, MergedStream] = {}
    for key in sorted(document.streams, key=lambda key: key not in patterns):
        if key in patterns:
            names = [name for name in cameras if name not in sensors and fnmatchcase(name, key)]
            if not names:
                problems.at_key(("streams", key), f"matches no camera; expected one of: {', '.join(cameras)}")
        else:
            names = [key]
            if key not in cameras:
                text = f"no camera {key!r}{near(key, cameras)}; expected one of: {', '.join(cameras)}"
                problems.at_key(("streams", key), text)
            elif key in sensors:
                text = (
                    "a camera of the fusion node is a local sensor and sends nothing; expected a camera of another node"
                )
                problems.at_key(("streams", key), text)
        for name in names:
            _put(found.setdefault(name, MergedStream()), _StreamLayer(key, document.streams[key], problems))
    return {name: found[name] for name in cameras if name in found and name not in sensors}


def _put_layer(layer: Layer, merged: dict[str, MergedStream], problems: Problems) -> None:
    fault = problems.elsewhere(layer.location)
    names = [name for name in merged if fnmatchcase(name, layer.pattern)]
    if not names:
        text = f"matches no stream{near(layer.pattern, merged)}; expected one of: {', '.join(merged)}"
        fault.at_key(("streams", layer.pattern), text)
    try:
        stream = StreamSpec.model_validate(layer.tree)
    except ValidationError as error:
        fault.add(error, layer.tree, StreamSpec, ("streams", layer.pattern))
        return
    for name in names:
        _check_part_of_rate(name, merged[name], layer, stream, fault)
        _put(merged[name], _StreamLayer(layer.pattern, stream, fault, layer))


def _check_part_of_rate(name: str, merged: MergedStream, layer: Layer, stream: StreamSpec, fault: Problems) -> None:
    """Refuse an override of a part of one rate control after an override that chose another."""
    said = merged.said.get("rate")
    if said is None or said.override is None or layer.keys[0] != "rate" or len(layer.keys) < 3:
        return
    before, after = _feedback_control(merged.stream.rate), _feedback_control(stream.rate)
    if before is None or before == after:
        return
    path = ("streams", layer.pattern, "rate", layer.keys[1])
    text = f"the rate of {name} is {before}, by {said.override.location.text}; expected rate.{before}.KEY, or that left out"
    fault.at_value(path, text)


def _put(merged: MergedStream, said: _StreamLayer) -> None:
    update = {key: getattr(said.stream, key) for key in said.stream.model_fields_set}
    codec, rate = merged.stream.codec, merged.stream.rate
    if codec is not None and isinstance(over := update.get("codec"), CodecSpec) and over.name is None:
        update["codec"] = codec.model_copy(update={key: getattr(over, key) for key in over.model_fields_set})
    for name in NAMED:
        own, over = getattr(rate, name), getattr(update.get("rate"), name, None)
        if own is not None and over is not None:
            kept = {key: getattr(over, key) for key in over.model_fields_set}
            update["rate"] = RateSpec.model_validate({name: own.model_copy(update=kept)})
    merged.stream = merged.stream.model_copy(update=update)
    merged.said |= dict.fromkeys(update, said)
    merged.last = said if merged.last is None or said.problems is merged.last.problems else merged.last


def _sources(one: MergedStream) -> list[str]:
    return [candidate.stream for candidate in one.stream.side_information]


def _check_side_information(
    name: str, one: MergedStream, streams: list[str], sensors: list[str], cameras: list[str]
) -> None:
    known = [other for other in [*streams, *sensors] if other != name] + [PREVIOUS]
    sources = _sources(one)
    for index, source in enumerate(sources):
        said = one.said["side_information"]
        path = ("streams", said.pattern, "side_information", index)
        expected = f"expected one of: {', '.join(known)}"
        if source == name:
            said.problems.at_value(path, f"{name} cannot serve itself; expected 'previous' for its own last picture")
        elif source in sources[:index]:
            said.problems.at_value(path, f"duplicate: {source} is in the list already; expected each once")
        elif source in cameras and source not in known:
            text = f"{source} is neither a stream nor a camera of the fusion node, which never has its pictures; {expected}"
            said.problems.at_value(path, text)
        elif source not in known:
            said.problems.at_value(path, f"no camera {source!r}{near(source, known)}; {expected}")
        elif source == PREVIOUS and one.stream.side_information[index].lag:
            said.problems.at_value((*path, "lag"), "previous takes no lag; expected a lag of another stream or camera")


def _report_cycle(cycle: list[str], merged: dict[str, MergedStream]) -> None:
    said = merged[cycle[0]].said["side_information"]
    text = f"streams wait for each other: {' <- '.join([*cycle, cycle[0]])}; expected side information without a circle"
    said.problems.at_value(("streams", said.pattern, "side_information"), text)


def _record(name: str, one: MergedStream, file: Path) -> StreamConfig:
    stream = one.stream
    codec = stream.codec or CodecSpec()
    resolved = one.codec or ResolvedCodec(codec.name or "", None)
    lags_ns = tuple(candidate.lag for candidate in stream.side_information)
    return StreamConfig(
        name=name,
        codec=resolved.name,
        model=_rows(one, codec, file) if codec.rows is not None else resolved.model,
        rate=_rate(stream.rate),
        side_information=tuple(_sources(one)),
        side_lags_ns=lags_ns if any(lags_ns) else (),
        key_interval_ns=stream.key_interval,
        transport=stream.transport.record,
        priority=stream.priority,
        slices=stream.slices,
        concealment=stream.concealment,
        encode_ns=stream.encode_time,
        decode_ns=stream.decode_time,
    )


def _rows(one: MergedStream, codec: CodecSpec, file: Path) -> str:
    """Return the recorded codec's FILE, or FILE#STREAM."""
    said = one.said["codec"]
    path = ("streams", said.pattern, "codec", "rows")
    written = codec.rows or ""
    found = file_lookup.find(written, file, said.problems.locations.of_value(path))
    if found is None:
        said.problems.at_value(path, f"no file {written!r}; expected a run's rows.parquet")
    return f"{found or written}#{codec.stream}" if codec.stream else str(found or written)


def _feedback_control(rate: RateSpec) -> str | None:
    """Return the name of the rate control if it uses feedback."""
    return next((name for name in NAMED if getattr(rate, name) is not None), rate.control)


def _rate(rate: RateSpec) -> RateConfig:
    if rate.control is not None:
        return RateConfig(rate.control, options_json=options_json(rate.options))
    if rate.target is not None:
        return RateConfig("target", target_bps=rate.target)
    if rate.adaptive is not None:
        low, high = rate.adaptive.min_quality, rate.adaptive.max_quality
        return RateConfig("adaptive", quality=(low + high) / 2, quality_min=low, quality_max=high)
    if rate.allotted is not None:
        return RateConfig("allotted", quality=FIRST_QUALITY, allotted=rate.allotted.record)
    if (bounds := rate.scream or rate.gcc) is not None:
        return RateConfig("gcc" if rate.scream is None else "scream", congestion=bounds.record)
    return RateConfig("fixed", quality=0.5 if rate.quality is None else rate.quality)
