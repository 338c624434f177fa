"""Telemetry of a made-up run: three frames a stream, a loss, a hand-over, pictures."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from simnet.dashboard.state import State
from simnet.records import (
    CameraConfig,
    FusionConfig,
    LinkConfig,
    NodeConfig,
    Outcome,
    Row,
    Scenario,
    StreamConfig,
    Trajectory,
    WorldConfig,
)
from simnet.records.telemetry import (
    EventKind,
    LinkLoad,
    LiveEnd,
    LiveEvent,
    LiveFrame,
    LivePicture,
    LiveRun,
    LiveSample,
    NodePath,
)
from simnet.wire.telemetry.telemetry_messages import Published

MS = 1_000_000
CAR, VAN = "car/<front>", "van/front"


def jpeg(level: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((48, 96, 3), level, np.uint8)).save(out, "jpeg")
    return out.getvalue()


def row(
    stream: str, sequence: int, outcome: Outcome = Outcome.DECODED, sides: tuple[str, ...] = (), lost: int = 0
) -> Row:
    shown = outcome in {Outcome.DECODED, Outcome.ALONE}
    return Row(
        run="watched", stream=stream, codec="atn", sequence=sequence, capture_ns=sequence * 100 * MS, encode_ns=0,
        arrive_ns=None, decode_ns=(sequence * 100 + 80) * MS if shown else None, size_bytes=1210, link_bytes=1250, bpp=0.31,
        quality=0.5, packets_sent=4, packets_lost=lost, retransmissions=0, outcome=outcome, side_sources=sides,
        side_age_ns=100 * MS if sides else None, psnr_db=30.0 + sequence if shown else None,
        ms_ssim=0.95 if shown else None, alone_psnr_db=29.0 + sequence if shown else None,
        alone_ms_ssim=0.94 if shown else None, queue_ns=0, picture_digest="",
    )  # fmt: skip


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    def node(name: str, *places: tuple[float, float, float], camera: str = "front") -> NodeConfig:
        way = Trajectory(places, 10.0)
        return NodeConfig(name, way, (CameraConfig(f"{name}/{camera}", 96, 48, 100 * MS, 90.0, way),))

    nodes = (
        node("car", (0, 0, 0), (100, 0, 0), camera="<front>"),
        node("van", (-8, 0, 0), (100, 0, 0)),
        node("mast", (50, 20, 5)),
    )
    links = tuple(LinkConfig(f"up_{name}", name, "mast", 3e5) for name in ("car", "van"))
    streams = (StreamConfig(CAR, "atn"), StreamConfig(VAN, "atn", side_information=(CAR,)))
    return Scenario(
        "two_cars",
        "Two cars send to a mast.",
        1,
        1000 * MS,
        WorldConfig("rendered"),
        nodes,
        links,
        streams,
        FusionConfig("mast"),
    )


@pytest.fixture(scope="session")
def beginning(scenario: Scenario) -> list[Published]:
    """What a run tells until it is half done."""
    ways = (
        NodePath("car", ((0.0, 0.0), (10.0, 0.0))),
        NodePath("van", ((-8.0, 0.0), (2.0, 0.0))),
        NodePath("mast", ((50.0, 20.0),)),
    )
    positions = (("car", 5.0, 0.0, 0.0), ("van", -3.0, 0.0, 0.0), ("mast", 50.0, 20.0, 5.0))
    loads = (LinkLoad("up_car", 0.42, 126.0, 0, True), LinkLoad("up_van", 1.37, 411.0, 2, False))
    records = [
        LiveRun("session-1", "watched", scenario, ways),
        LiveSample(500 * MS, positions, loads, 0),
        *(LiveFrame(row(CAR, k)) for k in range(3)),
        LiveFrame(row(VAN, 0, sides=(CAR,))),
        LiveFrame(row(VAN, 1, Outcome.LOST, lost=2)),
        LiveFrame(row(VAN, 2, sides=(CAR,), lost=1)),
        LiveEvent(250 * MS, EventKind.HAND_OVER, "van", "from mast_1 to mast_2"),
        LiveEvent(400 * MS, EventKind.FAULT, "car", "its process did not come back"),
    ]
    pictures = [Published(LivePicture(name, 2, 200 * MS), (jpeg(40), jpeg(200))) for name in (CAR, VAN)]
    return [*map(Published, records), *pictures]


@pytest.fixture(scope="session")
def ending() -> Published:
    return Published(LiveEnd(1000 * MS, "0123456789abcdef" * 4, ""))


@pytest.fixture
def hear() -> Callable[[list[Published]], State]:
    """Make a state that has heard all that."""

    def make(all_told: list[Published]) -> State:
        state = State()
        for told in all_told:
            state.take(told)
        return state

    return make
