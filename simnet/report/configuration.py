"""The resolved scenario of a run as tables."""

from __future__ import annotations

from simnet import codec_names
from simnet.records import (
    CameraConfig,
    LinkConfig,
    LossConfig,
    NodeConfig,
    PoseErrorConfig,
    Scenario,
    StreamConfig,
    TrafficConfig,
)
from simnet.report.formatting import (
    MISSING,
    bit_rate,
    milliseconds,
    number,
    place,
)
from simnet.report.run_tables import Table, asked_rate
from simnet.report.site_plan import position_m


def tables(scenario: Scenario) -> list[Table]:
    """Return tables of nodes, streams, links, and the world with its fusion centre."""
    return [_nodes(scenario), _streams(scenario), _links(scenario), _setting(scenario)]


def _nodes(scenario: Scenario) -> Table:
    return Table(
        caption="Nodes and cameras",
        columns=("node", "starts at", "speed", "cameras"),
        rows=[_node(node) for node in scenario.nodes],
        words=frozenset({"starts at", "speed", "cameras"}),
    )


def _node(node: NodeConfig) -> tuple[str, ...]:
    speed = node.trajectory.speed_mps
    moves = len(node.trajectory.waypoints_m) > 1 and speed != 0
    start = place([round(value, 2) for value in position_m(node.trajectory, 0)])
    cameras = "; ".join(_camera(camera) for camera in node.cameras)
    pace = f"{speed * 3.6:g} km/h" if moves else "fixed"
    if node.trajectory.times_ns:
        pace = node.trajectory.source.partition(" ")[0] or "by its times"
    return node.name, start, pace + _error(node.pose_error), cameras or MISSING


def _error(error: PoseErrorConfig | None) -> str:
    if error is None:
        return ""
    return f"; reports poses off by {error.position_m:g} m, {error.heading_deg:g}°, {error.clock_ns / 1e6:g} ms"


def _camera(camera: CameraConfig) -> str:
    name = camera.name.rpartition("/")[2]
    turned = f", {camera.yaw_deg:+g}° to the left" if camera.yaw_deg else ""
    tilted = f", {camera.pitch_deg:+g}° up" if camera.pitch_deg else ""
    rate = f"{1e9 / camera.period_ns:.4g} Hz" if camera.period_ns else MISSING
    view = f"{camera.field_of_view_deg:g}° field of view{turned}{tilted}"
    return f"{name}: {camera.width} x {camera.height} at {rate}, {view}"


def _streams(scenario: Scenario) -> Table:
    return Table(
        caption="Streams",
        columns=("stream", "codec", "model", "rate control", "side information, best first", "encoding", "decoding"),
        rows=[_stream(stream) for stream in scenario.streams],
        words=frozenset({"codec", "model", "rate control", "side information, best first"}),
        note="Encoding and decoding are the virtual times that the scenario declares.",
    )


def _stream(stream: StreamConfig) -> tuple[str, ...]:
    return (
        stream.name,
        codec_names.shown(stream.codec),
        stream.model or "default",
        asked_rate(stream.rate),
        ", ".join(map(_candidate, stream.candidates)) or "none",
        milliseconds(stream.encode_ns),
        milliseconds(stream.decode_ns),
    )


def _candidate(candidate: tuple[str, int]) -> str:
    name, lag_ns = candidate
    return f"{name} {milliseconds(lag_ns)} before" if lag_ns else name


def _links(scenario: Scenario) -> Table:
    columns = ("link", "way", "bandwidth", "delay", "jitter", "loss", "queue", "packet, overhead")
    rows = [_link(link) for link in scenario.links]
    if any(link.traffic for link in scenario.links):
        columns = (*columns, "background traffic")
        rows = [(*row, _traffic(link)) for row, link in zip(rows, scenario.links, strict=True)]
    words = frozenset({"way", "bandwidth", "loss", "background traffic"})
    return Table(caption="Links", columns=columns, rows=rows, words=words)


def _traffic(link: LinkConfig) -> str:
    return "; ".join(map(_source, link.traffic)) or "none"


def _source(traffic: TrafficConfig) -> str:
    flows = f"{traffic.flows} x " if traffic.flows > 1 else ""
    if traffic.kind == "greedy":
        return f"{flows}greedy, round trip {milliseconds(traffic.rtt_ns)}"
    if traffic.kind == "poisson":
        return f"{flows}Poisson, {bit_rate(traffic.rate_bps)}"
    busy, idle = milliseconds(traffic.busy_ns), milliseconds(traffic.idle_ns)
    return f"{flows}on-off, {bit_rate(traffic.rate_bps)} for {busy}, then nothing for {idle}"


def _link(link: LinkConfig) -> tuple[str, ...]:
    ladder = ", ".join(f"{bit_rate(bps)} to {up_to_m:g} m" for up_to_m, bps in link.ladder)
    return (
        link.name,
        f"{link.source} → {link.target}",
        ladder or bit_rate(link.bandwidth_bps),
        milliseconds(link.delay_ns),
        milliseconds(link.jitter_ns) + (", may reorder" if link.reorder else ""),
        _loss(link.loss),
        number(link.queue_bytes / 1e3, 1, "kB"),
        f"{link.mtu_bytes} B, {link.overhead_bytes} B",
    )


def _loss(loss: LossConfig) -> str:
    if loss.model == "none":
        return "none"
    burst = f", bursts of {loss.burst:g} packets" if loss.model == "gilbert-elliott" else ""
    return f"{loss.model}, {100 * loss.mean:g} %{burst}"


def _setting(scenario: Scenario) -> Table:
    world, fusion = scenario.world, scenario.fusion
    scene = world.scene if world.kind == "rendered" else f"{world.path or MISSING} {world.sequence or ''}".strip()
    options = "".join(f" {key}={value}" for key, value in world.options.items())
    rows = [
        ("world", f"{world.kind}: {scene}{options}"),
        ("seed", str(scenario.seed)),
        ("duration", f"{scenario.duration_ns / 1e9:g} s"),
        ("fusion centre", fusion.node),
        ("waits for side information", milliseconds(fusion.wait_ns)),
        ("oldest side information", milliseconds(fusion.max_age_ns)),
        ("pictures of side information", str(fusion.pictures)),
        ("deadline after capture", milliseconds(fusion.deadline_ns)),
        ("feedback", f"{fusion.feedback_bytes} B every {milliseconds(fusion.feedback_period_ns)}"),
    ]
    if world.offset_frames:
        rows.insert(1, ("right camera runs ahead by", f"{world.offset_frames} frames"))
    return Table(caption="World and fusion", columns=("what", "asked for"), rows=rows, words=frozenset({"asked for"}))
