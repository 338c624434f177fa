"""Made-up run folders, seeded, with everything in them that can go missing."""

import dataclasses
from pathlib import Path

import numpy as np

from simnet.records import (
    CameraConfig,
    FusionConfig,
    LinkConfig,
    LossConfig,
    NodeConfig,
    Outcome,
    RateConfig,
    Row,
    Scenario,
    StreamConfig,
    Trajectory,
    WorldConfig,
)
from simnet.records.link_bin import LinkBin
from simnet.row_statistics import summarise
from simnet.runfolder.folder_names import LINKS, PAGE, ROWS
from simnet.runfolder.kept_picture_files import PictureKind, write_picture
from simnet.runfolder.record_tables import write_records
from simnet.runfolder.run_manifest import RunManifest, RunSummary, write_manifest
from simnet.seeds import generator

PERIOD_NS = 100_000_000
WIDTH, HEIGHT = 256, 128
FINGERPRINT = "5f3c9a1e77d04b2ab8c6e1f0932d4a556c7b8e9f00112233445566778899aabb"


def platoon(seconds: float = 10.0, follower: str = "follower_1") -> Scenario:
    """Two vehicles that send to a roadside unit with a sensor of its own; a third stream that never sends anything."""
    road = Trajectory(waypoints_m=((0, 0, 0), (60, 0, 0), (110, 12, 0)), speed_mps=10.0)
    behind = dataclasses.replace(road, offset_m=-8.0)
    fixed = Trajectory(waypoints_m=((60, 8, 5),), heading_deg=-120.0)
    nodes = tuple(
        NodeConfig(name, trajectory, (CameraConfig(f"{name}/{camera}", WIDTH, HEIGHT, PERIOD_NS, 90.0, trajectory),))
        for name, camera, trajectory in (
            ("leader", "front", road),
            (follower, "front", behind),
            ("drone", "down", dataclasses.replace(fixed, waypoints_m=((30, -10, 40),))),
            ("roadside", "street", fixed),
        )
    )
    loss = LossConfig("gilbert-elliott", 0.02, 4.0)
    links = (
        LinkConfig(
            "uplink_0",
            "leader",
            "roadside",
            400e3,
            delay_ns=12_000_000,
            jitter_ns=3_000_000,
            loss=loss,
            queue_bytes=16_000,
        ),
        LinkConfig("uplink_1", follower, "roadside", 400e3, delay_ns=12_000_000, ladder=((40.0, 400e3), (70.0, 200e3))),
        LinkConfig("uplink_2", "drone", "roadside", 1e6),
    )
    streams = (
        StreamConfig(
            "leader/front", "atn", rate=RateConfig("target", target_bps=150e3), side_information=("roadside/street",)
        ),
        StreamConfig(
            f"{follower}/front", "atn", rate=RateConfig("adaptive"), side_information=("leader/front", "previous")
        ),
        StreamConfig("drone/down", "jpeg"),
    )
    return Scenario(
        "vehicle_platoon", "Two vehicles send what they see to a roadside unit.", 7, round(seconds * 1e9),
        WorldConfig("rendered"), nodes, links, streams, FusionConfig("roadside"),
    )  # fmt: skip


def rows_of(scenario: Scenario, seed: int = 1) -> list[Row]:
    """Rows of the first two streams with losses, late pictures and pictures decoded alone."""
    rng = generator(seed, "rows")
    sources = {0: ("roadside/street",), 1: ("leader/front",)}
    rows = []
    for index, stream in enumerate(scenario.streams[:2]):
        for sequence in range(scenario.duration_ns // PERIOD_NS):
            capture = sequence * PERIOD_NS
            size = int(rng.normal(1700 + 500 * np.sin(sequence / 15), 150))
            latency = int(1e6 * (70 + rng.exponential(35)))
            draw = rng.random()
            outcome = (
                Outcome.LOST
                if draw < 0.04
                else Outcome.CORRUPT
                if draw < 0.05
                else Outcome.ALONE
                if draw < 0.15
                else Outcome.DECODED
            )
            if outcome in (Outcome.DECODED, Outcome.ALONE) and latency > scenario.fusion.deadline_ns:
                outcome = Outcome.LATE
            there = outcome not in (Outcome.LOST, Outcome.CORRUPT)
            helped = there and outcome is not Outcome.ALONE
            age = int(rng.choice([0, 40, 100, 140, 200]) * 1e6)
            alone = 29.5 + 0.8 * index + np.sin(sequence / 20) + rng.normal(0, 0.3)
            gain = 2.4 - age / 1.2e8 + rng.normal(0, 0.5) if helped else 0.0
            rows.append(
                Row(
                    run="r1", stream=stream.name, codec=stream.codec, sequence=sequence, capture_ns=capture,
                    encode_ns=capture + 15_000_000,
                    arrive_ns=None if outcome is Outcome.LOST else capture + latency - 40_000_000,
                    decode_ns=capture + latency if there else None, size_bytes=size, link_bytes=size + 80,
                    bpp=8 * (size + 80) / (WIDTH * HEIGHT), quality=0.5 + 0.2 * np.sin(sequence / 25),
                    packets_sent=2, packets_lost=int(outcome is Outcome.LOST), retransmissions=0, outcome=outcome,
                    side_sources=(("previous",) if index and sequence % 7 == 0 else sources[index]) if helped else (),
                    side_age_ns=age if helped else None,
                    psnr_db=float(alone + gain) if there else None, ms_ssim=0.955 + 0.01 * rng.random() if there else None,
                    alone_psnr_db=float(alone) if there else None, alone_ms_ssim=0.94 if there else None,
                    queue_ns=int(rng.exponential(9e6)), picture_digest="00" if there else "",
                )
            )  # fmt: skip
    return sorted(rows, key=lambda row: row.capture_ns)


def bins_of(scenario: Scenario, seed: int = 1) -> list[LinkBin]:
    """100 ms bins of the first two links."""
    rng = generator(seed, "bins")
    bins = []
    for link in scenario.links[:2]:
        for t_ns in range(0, scenario.duration_ns, 100_000_000):
            sent = int(rng.normal(1800, 300))
            lost, dropped = int(rng.random() < 0.05), int(rng.random() < 0.02)
            bins.append(
                LinkBin(
                    link.name, t_ns, sent, sent - 900 * (lost + dropped), lost, dropped, 2, int(rng.exponential(2500))
                )
            )
    return bins


def write_run(folder: Path, scenario: Scenario, rows: list[Row], bins: list[LinkBin], *, keep: bool = True) -> Path:
    """Write a run folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_records(folder / ROWS, Row, rows)
    write_records(folder / LINKS, LinkBin, bins)
    if keep:
        _keep_pictures(folder, scenario, rows)
    write_manifest(folder, manifest(scenario, rows))
    return folder


def manifest(scenario: Scenario, rows: list[Row]) -> RunManifest:
    """The manifest of a run that had these rows."""
    virtual_s = scenario.duration_ns / 1e9
    return RunManifest(
        summary=RunSummary(
            fingerprint=FINGERPRINT,
            virtual_s=virtual_s,
            wall_s=6.31,
            frames=len(rows),
            peak_rss_mb=812.4,
            restarts=0,
            streams=summarise(rows, virtual_s),
            report=PAGE,
            rows=ROWS,
        ),
        scenario=scenario,
        command="simnet run scenarios/vehicle_platoon.yaml --out DIR",
        overrides=("seed=7",),
        scenario_text="seed: 7\nduration: 10 s\nworld: {kind: rendered, scene: street}\n",
        version="0.1.0",
        started="2031-01-05T10:00:00Z",
        cpu="Some CPU with AVX2",
        announcements={},
        timings={"encode": 2.1, "decode": 2.9, "world": 0.9, "network": 0.05, "score": 0.6},
    )


def _keep_pictures(folder: Path, scenario: Scenario, rows: list[Row]) -> None:
    rng = generator(3, "pictures")
    for stream in scenario.streams[:2]:
        own = [row for row in rows if row.stream == stream.name]
        for row in (own[len(own) // 3], own[len(own) // 2], own[-1]):
            original = picture(rng)
            images = {PictureKind.ORIGINAL: original}
            if row.decode_ns is not None:
                images[PictureKind.DECODED] = noisy(original, rng, 6)
                images[PictureKind.ALONE] = noisy(original, rng, 9)
            for kind, image in images.items():
                write_picture(folder, stream.name, row.sequence, kind, image)


def picture(rng: np.random.Generator, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A smooth coloured picture with some edges (uint8, H x W x 3)."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 70 * np.sin(x / rng.uniform(8, 50) + y / rng.uniform(8, 50) + rng.uniform(0, 6)) for _ in range(3)]
    image = np.stack(planes, axis=-1)
    for _ in range(12):
        left, top = rng.integers(0, width - 30), rng.integers(0, height - 30)
        image[top : top + rng.integers(8, 30), left : left + rng.integers(8, 30)] = rng.integers(0, 255, 3)
    return np.clip(image, 0, 255).astype(np.uint8)


def noisy(image: np.ndarray, rng: np.random.Generator, sigma: float) -> np.ndarray:
    """The picture with noise, as a stand-in for a decoded one."""
    return np.clip(image + rng.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)
