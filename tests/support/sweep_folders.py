"""Sweep folders as a sweep would leave them, of curves whose answers are known by hand.

Every codec follows the same law: 30 dB at its own bandwidth, 5 dB more for each doubling. So what one needs of another is the
ratio of two numbers, at every quality.
"""

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterable
from pathlib import Path

from simnet.records import Announcement, Outcome, Row, Scenario
from simnet.runfolder import sweep_reader, sweep_writer
from simnet.runfolder.folder_names import POINTS, cell_folder
from simnet.runfolder.kept_picture_files import PictureKind, write_picture
from simnet.runfolder.run_manifest import RunManifest, read_manifest, write_manifest
from simnet.runfolder.sweep_records import DisplayedPicture, Point
from simnet.seeds import generator
from support import run_folders as made

BANDWIDTH = "links.*.bandwidth"
STREAMS = ("leader/front", "follower_1/front")
AT_30_DB = {"atn": 155.0, "hevc": 250.0, "jpeg": 600.0}
"""kbit/s a stream."""
BPP_AT_30_DB = {"atn": 0.1, "hevc": 0.2, "jpeg": 0.4}
DB_A_DOUBLING = 5.0
SEED_DB = (0.0, -0.2, 0.2)
"""What a seed's luck adds to every quality."""
LATENCY_MS = {"atn": 60, "hevc": 120, "jpeg": 170}
"""At 1000 kbit/s; inversely proportional to bandwidth. The deadline is 200 ms."""


def quality_db(codec: str, kbit_s: float, seed: int) -> float:
    return 30 + DB_A_DOUBLING * math.log2(kbit_s / AT_30_DB[codec]) + SEED_DB[seed % len(SEED_DB)]


def point(
    codec: str, seed: int, settings: dict[str, str], failed: str | None = None, scenario: str = "platoon"
) -> Point:
    name = hashlib.sha256(repr((scenario, codec, seed, settings)).encode()).hexdigest()[:16]
    return Point(name, f"cell{name}", scenario, codec, seed, tuple(settings.items()), failed)


def ask(folder: Path, each: Point) -> Point:
    (folder / POINTS).mkdir(parents=True, exist_ok=True)
    sweep_writer.write_point(folder, each)
    return each


def sweep(
    folder: Path,
    *,
    codecs: Iterable[str] = ("atn", "hevc"),
    kbit_s: Iterable[float] = (100, 200, 400, 800),
    seeds: Iterable[int] = (0, 1, 2),
    frames: int = 40,
    pictures: bool = False,
    lift_db: float = 0.0,
    in_time: bool = False,
) -> Path:
    """A whole sweep; take cells away afterwards for one that is not."""
    for codec in codecs:
        for rate in kbit_s:
            for seed in seeds:
                asked = ask(folder, point(codec, seed, {BANDWIDTH: f"{rate:g}kbit/s"}))
                cell(folder, asked, rate, frames=frames, pictures=pictures, lift_db=lift_db, in_time=in_time)
    return folder


def cell(
    folder: Path,
    each: Point,
    kbit_s: float,
    *,
    frames: int = 40,
    pictures: bool = False,
    lift_db: float = 0.0,
    world: str = "",
    command: str = "",
    in_time: bool = False,
) -> Path:
    """One finished cell; `in_time` whatever its bandwidth."""
    scenario = made.platoon(frames / 10)
    streams = tuple(dataclasses.replace(stream, codec=each.codec) for stream in scenario.streams[:2])
    scenario = dataclasses.replace(scenario, name=each.scenario, seed=each.seed, streams=streams)
    if world:
        scenario = dataclasses.replace(scenario, world=dataclasses.replace(scenario.world, kind=world))
    path = cell_folder(folder, each.cell)
    db = quality_db(each.codec, kbit_s, each.seed) + lift_db
    made.write_run(
        path, scenario, _rows(scenario, each, kbit_s, db, in_time=in_time), made.bins_of(scenario), keep=False
    )
    announced = Announcement(each.codec, each.codec, "1234abcd", "", made.WIDTH, made.HEIGHT)
    change_manifest(
        path,
        lambda manifest: dataclasses.replace(
            manifest,
            summary=dataclasses.replace(manifest.summary, fingerprint=each.cell),
            command=command,
            announcements=dict.fromkeys(STREAMS, announced),
            offered_kbit_s=dict.fromkeys(STREAMS, float(kbit_s)),
        ),
    )
    displayed = [
        DisplayedPicture(stream, number, db, min(0.999, 0.7 + db / 150))
        for stream in STREAMS
        for number in range(frames)
    ]
    sweep_writer.write_displayed(path, displayed)
    if pictures:
        _pictures(path, db)
    return path


def change_manifest(cell_path: Path, change: Callable[[RunManifest], RunManifest]) -> None:
    write_manifest(cell_path, change(read_manifest(cell_path)))


def cells_of(folder: Path) -> tuple[Point, ...]:
    return sweep_reader.read(folder).points


def failing(each: Point, reason: str) -> Point:
    return dataclasses.replace(each, failed=reason)


def _rows(scenario: Scenario, each: Point, kbit_s: float, db: float, *, in_time: bool) -> list[Row]:
    rows = []
    pixels = made.WIDTH * made.HEIGHT
    bpp = BPP_AT_30_DB[each.codec] * 2 ** ((db - 30) / DB_A_DOUBLING)
    latency_ns = round(LATENCY_MS[each.codec] * 1e6 * 1000 / kbit_s)
    late = latency_ns > scenario.fusion.deadline_ns and not in_time
    helped = each.codec == "atn"
    for stream in STREAMS:
        for sequence in range(scenario.duration_ns // made.PERIOD_NS):
            capture = sequence * made.PERIOD_NS
            age = made.PERIOD_NS * (sequence % 3)
            rows.append(
                Row(
                    run="r", stream=stream, codec=each.codec, sequence=sequence, capture_ns=capture,
                    encode_ns=capture + 15_000_000, arrive_ns=capture + latency_ns - 1, decode_ns=capture + latency_ns,
                    size_bytes=max(0, round(bpp * pixels / 8) - 80), link_bytes=round(bpp * pixels / 8), bpp=bpp, quality=0.5,
                    packets_sent=2, packets_lost=0, retransmissions=0, outcome=Outcome.LATE if late else Outcome.DECODED,
                    side_sources=("roadside/street",) if helped else (), side_age_ns=age if helped else None,
                    psnr_db=db, ms_ssim=min(0.999, 0.7 + db / 150), alone_psnr_db=db - (1.5 - age / 2e8) if helped else db,
                    alone_ms_ssim=0.9, queue_ns=5_000_000, picture_digest="00",
                )
            )  # fmt: skip
    return rows


def _pictures(folder: Path, db: float) -> None:
    for stream in STREAMS:
        original = made.picture(generator(5, stream))
        write_picture(folder, stream, 7, PictureKind.ORIGINAL, original)
        shown = made.noisy(original, generator(6, stream), 255 / 10 ** (db / 20))
        write_picture(folder, stream, 7, PictureKind.DISPLAYED, shown)
