"""A tiny scenario: two cameras of recorded noise-like pictures, a sensor at fusion, a second or two."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from simnet import engine
from simnet.engine.run_options import RunOptions
from simnet.records import (
    CameraConfig,
    FusionConfig,
    LinkConfig,
    NodeConfig,
    RateConfig,
    Scenario,
    StreamConfig,
    Trajectory,
    WorldConfig,
)
from simnet.runfolder import run_reader
from support.killing import Victims

MS = 1_000_000
FRAMES = 30


@dataclass(frozen=True)
class Ran:
    """A finished run, read back."""

    result: engine.RunResult
    read: run_reader.RunFolder

    def rows(self, stream: str) -> list:
        return [row for row in self.read.rows if row.stream == stream]

    def sent_bytes(self, link: str) -> int:
        return sum(each.sent_bytes for each in self.read.bins if each.link == link)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders a, b and s of 64 x 48 pictures that drift sideways."""
    root = tmp_path_factory.mktemp("pictures")
    draw = np.random.default_rng(3)
    wide = cv2.GaussianBlur(draw.uniform(0, 255, (48, 64 + 4 * FRAMES, 3)), (3, 3), 0)
    for shift, name in enumerate("abs"):
        (root / name).mkdir()
        for frame in range(FRAMES):
            left = 2 * frame + 5 * shift
            cv2.imwrite(str(root / name / f"{frame:03}.png"), wide[:, left : left + 64].astype(np.uint8))
    return root


@pytest.fixture(scope="session")
def tiny(pictures: Path) -> Scenario:
    """Stream `car/a` serves `van/b`; `hub/s` is fusion's own sensor; one link there and one back for each."""

    def node(name: str, camera: str) -> NodeConfig:
        place = Trajectory(((0.0, 0.0, 0.0),))
        config = CameraConfig(f"{name}/{camera}", 64, 48, 100 * MS, 90.0, place, source=camera)
        return NodeConfig(name, place, (config,))

    def link(source: str, target: str) -> LinkConfig:
        return LinkConfig(f"{source}-{target}", source, target, 2e6, delay_ns=5 * MS)

    stream = StreamConfig("car/a", "jpeg", encode_ns=10 * MS, decode_ns=10 * MS, rate=RateConfig(quality=0.4))
    sides = ("car/a", "hub/s", "previous")
    return Scenario(
        name="tiny",
        purpose="",
        seed=1,
        duration_ns=1000 * MS,
        world=WorldConfig("pictures", path=str(pictures)),
        nodes=(node("car", "a"), node("van", "b"), node("hub", "s")),
        links=tuple(link(*ends) for name in ("car", "van") for ends in ((name, "hub"), ("hub", name))),
        streams=(stream, replace(stream, name="van/b", side_information=sides)),
        fusion=FusionConfig("hub"),
    )


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    """Run a scenario into a folder of its own and read that back; the page, half of a short run's time, where it is wanted."""

    def go(scenario: Scenario, *, report: bool = False, **options: Any) -> Ran:
        out = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        result = engine.run(scenario, out, RunOptions(report=report, **options))
        return Ran(result, run_reader.read(out))

    return go


@pytest.fixture
def victims(monkeypatch: pytest.MonkeyPatch) -> Victims:
    """The host processes that runs of this test start."""
    return Victims(monkeypatch)


def change_links(scenario: Scenario, **changes: Any) -> Scenario:
    """Return the scenario with every link towards the hub changed."""
    links = tuple(replace(link, **changes) if link.target == "hub" else link for link in scenario.links)
    return replace(scenario, links=links)


def change_streams(scenario: Scenario, **changes: Any) -> Scenario:
    """Return the scenario with every stream changed."""
    return replace(scenario, streams=tuple(replace(stream, **changes) for stream in scenario.streams))
