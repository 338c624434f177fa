"""Pictures from the store equal what codecs compute themselves, and nothing is computed twice."""

import gc
import hashlib
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from simnet import codec, quality, shipped, world
from simnet.codec.bitstream import framing
from simnet.codec.model import file_digest
from simnet.engine.cached import store_keys
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cached.cached_pixels import Pixels
from simnet.errors import ReferenceLostError
from simnet.records import CameraConfig, Scenario, SideInformation, Trajectory, WorldConfig
from simnet.records.grants import SideChoice
from simnet.records.score import Score
from simnet.store import Store
from support.tiny_runs import MS, change_links, change_streams

NOTHING = CacheCounters()
Asked = list[tuple[float, bool]]
STEADY: Asked = [(0.5, False)] * 6
FORCED: Asked = [(0.5, True), (0.52, False), (0.3, False), (0.3, True), (0.9, False), (0.9, False)]
LATE_TURN: Asked = [*STEADY[:4], (0.2, False), (0.6, False)]


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "cache")
    yield opened
    opened.close()


class Sitting:
    """One run's worth of Pixels."""

    def __init__(self, scenario: Scenario, store: Store) -> None:
        self.counts = CacheCounters()
        self.pixels = Pixels(scenario, store, self.counts)

    def encode(self, stream: str, asked: Asked) -> list[bytes]:
        return [self.pixels.encode(stream, n, n * 100 * MS, *each) for n, each in enumerate(asked)]

    def decode(self, stream: str, frames: list[bytes], *sides: SideChoice) -> list[tuple[str, Score]]:
        return [self.pixels.decode(stream, n, data, sides) for n, data in enumerate(frames)]


def digest(picture: np.ndarray) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()[:32]


def frames_of(scenario: Scenario, camera: str, count: int) -> list[np.ndarray]:
    own = world.open_world(scenario.world, scenario.cameras, scenario.seed)
    frames = [own.frame(camera, n * 100 * MS) for n in range(count)]
    own.close()
    return frames


def plainly(name: str, frames: list[np.ndarray], asked: Asked) -> tuple[list[bytes], list[tuple[str, Score]]]:
    """What encoder and decoder make of frames without any store."""
    encoder = codec.open_encoder(name, 64, 48)
    decoder = codec.open_decoder(encoder.announcement)
    coded = [encoder.encode(frame, q, key=key) for frame, (q, key) in zip(frames, asked, strict=True)]
    pictures = [decoder.decode(data, ()).picture for data in coded]
    scores = [(quality.psnr(p, f), quality.ms_ssim(p, f)) for p, f in zip(pictures, frames, strict=True)]
    return coded, [(digest(p), Score(*s, *s)) for p, s in zip(pictures, scores, strict=True)]


@pytest.mark.parametrize("asked", [STEADY, FORCED, LATE_TURN], ids=["steady", "forced", "late turn"])
@pytest.mark.parametrize("name", ["jpeg", "hevc", "h264", "av1", "hevc-intra", "factorized"])
def test_cached_bytes_pictures_and_scores_match_the_codec(tiny, store, name, asked):
    scenario = change_streams(tiny, codec=name)
    expected = plainly(name, frames_of(tiny, "car/a", len(asked)), asked)
    # A run before that went another way for a while leaves a group of frames that this one shares in part.
    before = Sitting(scenario, store)
    before.decode("car/a", before.encode("car/a", STEADY))
    for turn in range(2):
        sitting = Sitting(scenario, store)
        coded = sitting.encode("car/a", asked)
        assert (coded, sitting.decode("car/a", coded)) == expected
        assert turn == 0 or sitting.counts == NOTHING


def test_frames_keep_the_numbers_of_their_stream(tiny, store):
    sitting = Sitting(tiny, store)
    first, later = (sitting.pixels.encode("car/a", number, 0, 0.5, key=True) for number in (3, 65_536 + 7))
    announcement = sitting.pixels.announcement("car/a")
    assert [framing.verify(data, announcement).sequence for data in (first, later)] == [3, 7]
    assert framing.payload(first) == framing.payload(later)
    assert sitting.counts.encodes == 1


def test_only_changed_parts_are_computed_again(tiny, store):
    scenario = change_streams(tiny, codec="hevc")
    first = Sitting(scenario, store)
    first.decode("car/a", first.encode("car/a", STEADY))
    assert first.counts == CacheCounters(6, 6, 0, 6)
    second = Sitting(scenario, store)
    # The encoder has to come to where the streams part: four frames again, then two new ones.
    coded = second.encode("car/a", LATE_TURN)
    assert second.counts.encodes == 6
    second.decode("car/a", coded[:4])
    assert second.counts.decodes == 0
    still = change_streams(tiny, codec="hevc-intra")
    assert Sitting(still, store).encode("car/a", STEADY) != coded
    third = Sitting(still, store)
    third.encode("car/a", LATE_TURN)
    assert third.counts.encodes == 2, "still pictures need no others"


def test_links_seeds_and_fusing_reuse_the_bitstream(tiny, store):
    coded = Sitting(tiny, store).encode("car/a", STEADY)
    other = change_links(replace(change_streams(tiny, codec="jpeg+fuse"), seed=9), bandwidth_bps=1e5)
    sitting = Sitting(other, store)
    assert sitting.encode("car/a", STEADY) == coded
    assert sitting.counts == NOTHING


def sides(name: str, scenario: Scenario, store: Store, quality: float) -> tuple[list[tuple[str, Score]], CacheCounters]:
    """Decode a frame of van/b with one of car/a, with the sensor's, and with its own last picture beside that."""
    sitting = Sitting(change_streams(scenario, codec=name), store)
    sitting.decode("car/a", sitting.encode("car/a", [(quality, True)]))
    data = sitting.encode("van/b", [(0.4, True)] * 4)
    near, own, sensor = SideChoice("car/a", 0, 5), SideChoice("van/b", 0, 100), SideChoice("hub/s", 2, 7)
    chosen = [(), (near,), (sensor,), (near, own)]
    return [sitting.pixels.decode("van/b", n, data[n], each) for n, each in enumerate(chosen)], sitting.counts


@pytest.mark.parametrize("name", ["atn", "ndic", "jpeg+fuse"])
def test_picture_key_includes_its_side_pictures(tiny, store, name):
    found, _ = sides(name, tiny, store, 0.8)
    assert sides(name, tiny, store, 0.8) == (found, NOTHING)
    encoder = codec.open_encoder(name, 64, 48)
    decoder = codec.open_decoder(encoder.announcement)
    cars, vans, sensors = (frames_of(tiny, camera, 4) for camera in ("car/a", "van/b", "hub/s"))
    car = SideInformation(decoder.decode(encoder.encode(cars[0], 0.8, key=True), ()).picture, "car/a", 5)
    coded = [encoder.encode(frame, 0.4, key=True) for frame in vans]
    own = SideInformation(decoder.decode(coded[0], ()).picture, "van/b", 100)
    told = [(), (car,), (SideInformation(sensors[2], "hub/s", 7),), (car, own)]
    for data, given, frame, (print_, score) in zip(coded, told, vans, found, strict=True):
        decoded = decoder.decode(data, given)
        assert digest(decoded.picture) == print_
        pair = (decoded.picture, decoded.alone)
        assert score == Score(*(f(each, frame) for each in pair for f in (quality.psnr, quality.ms_ssim)))
    other, counts = sides(name, tiny, store, 0.1)
    assert [a == b for a, b in zip(found, other, strict=True)] == [True, False, True, False]
    assert counts == CacheCounters(1, 3, 0, 3), "one frame of car/a, and the two pictures made with it"


def test_unused_side_pictures_cause_no_miss(tiny, store):
    found, _ = sides("jpeg", tiny, store, 0.8)
    other, counts = sides("jpeg", tiny, store, 0.1)
    assert other == found
    assert counts.decodes == 1


class Scene:
    """A world that is quickly drawn: noise of its seed, its vehicles, the camera and the time."""

    opened = 0

    def __init__(self, config: WorldConfig, cameras: dict[str, CameraConfig], seed: int) -> None:
        assert config.kind == "rendered"
        self.seen = str((seed, [(name, each.trajectory) for name, each in cameras.items()]))
        Scene.opened += 1

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        own = hashlib.sha256(f"{self.seen} {camera} {t_ns}".encode()).digest()
        return np.random.default_rng(list(own)).integers(0, 255, (48, 64, 3)).astype(np.uint8)

    def close(self) -> None:
        Scene.opened -= 1


def test_rendered_frame_key_covers_its_whole_view(tiny, store, monkeypatch):
    monkeypatch.setattr(world, "open_world", Scene)
    scenario = replace(tiny, world=WorldConfig("rendered"))
    cold = Sitting(scenario, store)
    frame = cold.pixels.original("hub/s", 300 * MS)
    coded = cold.encode("car/a", STEADY)
    assert cold.counts == CacheCounters(encodes=6, renders=7)
    assert Scene.opened == 1
    cold.pixels.close()
    assert Scene.opened == 0

    def second_camera(**changes: object) -> Scenario:
        cameras = (replace(scenario.nodes[1].cameras[0], **changes),)
        return replace(
            scenario, nodes=(scenario.nodes[0], replace(scenario.nodes[1], cameras=cameras), scenario.nodes[2])
        )

    for same in (scenario, second_camera(period_ns=50 * MS), change_links(scenario, bandwidth_bps=1e5)):
        warm = Sitting(same, store)
        assert warm.encode("car/a", STEADY) == coded
        assert np.array_equal(warm.pixels.original("hub/s", 300 * MS), frame)
        assert warm.counts == NOTHING
        assert Scene.opened == 0, "nothing was to be drawn"
    for other in (replace(scenario, seed=5), second_camera(trajectory=Trajectory(((9.0, 0.0, 0.0),)))):
        sitting = Sitting(other, store)
        assert not np.array_equal(sitting.pixels.original("hub/s", 300 * MS), frame)
        assert sitting.counts.renders == 1
        sitting.pixels.close()


def test_recorded_frame_key_is_its_pixels(tiny, store, tmp_path):
    folder = tmp_path / "pictures"
    shutil.copytree(Path(tiny.world.path or ""), folder)
    moved = replace(tiny, world=replace(tiny.world, path=str(folder)))
    coded = Sitting(tiny, store).encode("car/a", STEADY)
    warm = Sitting(moved, store)
    assert warm.encode("car/a", STEADY) == coded
    assert warm.counts == NOTHING
    shutil.copy(folder / "a" / "009.png", folder / "a" / "002.png")
    changed = Sitting(moved, store)
    assert changed.encode("car/a", STEADY)[2] != coded[2]
    assert changed.counts == CacheCounters(encodes=1)


def test_displayed_picture_is_scored_against_current_original(tiny, store):
    frames = frames_of(tiny, "car/a", 6)
    grey = np.full_like(frames[0], 128)
    for turn in range(2):
        sitting = Sitting(tiny, store)
        (first, score), *_ = sitting.decode("car/a", sitting.encode("car/a", STEADY))
        picture = sitting.pixels.picture(first)
        assert digest(picture) == first
        assert sitting.pixels.displayed("car/a", 0, first) == (score.psnr_db, score.ms_ssim)
        for shown, name in ((picture, first), (grey, None)):
            expected = quality.psnr(shown, frames[4]), quality.ms_ssim(shown, frames[4])
            assert sitting.pixels.displayed("car/a", 400 * MS, name) == expected
        assert sitting.counts.scores == (8 if turn == 0 else 0)


def values(store_folder: Path) -> list[Path]:
    return list(store_folder.rglob("*.val"))


@pytest.mark.parametrize("harm", ["dropped", "altered"])
def test_pictures_lost_from_the_store_are_remade(tiny, tmp_path, harm):
    # Above the size up to which entries lie in the data base itself, so that there are files to harm.
    wide = replace(tiny.nodes[0].cameras[0], width=256, height=192)
    scenario = replace(tiny, nodes=(replace(tiny.nodes[0], cameras=(wide,)), *tiny.nodes[1:]))
    scenario = change_streams(scenario, codec="hevc+fuse")
    store = Store(tmp_path / "cache")
    own = SideChoice("car/a", 0, 100)

    def go() -> tuple[list[tuple[str, Score]], list[bytes], list[str], CacheCounters]:
        sitting = Sitting(scenario, store)
        coded = sitting.encode("car/a", STEADY[:3])
        decoded = [sitting.pixels.decode("car/a", 0, coded[0], ())]
        decoded += [sitting.pixels.decode("car/a", n, coded[n], (own,)) for n in (1, 2)]
        sitting.pixels.forget(10**12)
        pictures = [digest(sitting.pixels.picture(name)) for name, _ in reversed(decoded)]
        assert pictures == [name for name, _ in reversed(decoded)]
        return decoded, coded, pictures, sitting.counts

    *whole, counts = go()
    assert counts == CacheCounters(3, 3, 0, 5)
    assert go() == (*whole, NOTHING)
    for file in values(tmp_path / "cache"):
        if harm == "dropped":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[::-1])
    *again, counts = go()
    assert again == whole
    assert (counts.encodes, counts.scores) == (0, 0)
    # From the newest on: its side picture, then the frame before it and itself; then that one, after the first again.
    assert counts.decodes == 1 + 2 + 2
    assert go() == (*whole, NOTHING)
    store.close()


def test_tiny_store_changes_no_result(tiny, tmp_path):
    scenario = change_streams(tiny, codec="hevc")
    expected = plainly("hevc", frames_of(tiny, "car/a", 6), FORCED)
    store = Store(tmp_path / "cache", 10**6)
    for _ in range(3):
        sitting = Sitting(scenario, store)
        coded = sitting.encode("car/a", FORCED)
        assert (coded, sitting.decode("car/a", coded)) == expected
        for n in range(40):
            store.put("scores", f"{n}", bytes(20_000))
    store.close()


def test_stored_frame_without_reference_is_refused(tiny, store):
    scenario = change_streams(tiny, codec="h264")
    first = Sitting(scenario, store)
    coded = first.encode("car/a", STEADY)
    first.decode("car/a", coded)
    second = Sitting(scenario, store)
    second.decode("car/a", coded[:2])
    with pytest.raises(ReferenceLostError, match="frame 3"):
        second.pixels.decode("car/a", 3, coded[3], ())


def test_another_checkpoint_misses_only_its_own_entries(tiny, store, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(shipped.folder("models") / "fuse", changed)
    with_model = [change_streams(tiny, codec="jpeg+fuse", model=model) for model in (None, str(changed))]
    own = SideChoice("car/a", 0, 100)

    def go(scenario: Scenario) -> CacheCounters:
        sitting = Sitting(scenario, store)
        coded = sitting.encode("car/a", STEADY[:2])
        sitting.pixels.decode("car/a", 0, coded[0], ())
        sitting.pixels.decode("car/a", 1, coded[1], (own,))
        return sitting.counts

    assert go(with_model[0]) == CacheCounters(2, 2, 0, 3)
    assert go(with_model[1]) == NOTHING, "the same files under another name"
    weights, card = changed / "weights.safetensors", changed / "manifest.yaml"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    manifest = yaml.safe_load(card.read_text())
    manifest["digests"][weights.name] = file_digest(weights)
    card.write_text(yaml.safe_dump(manifest))
    renamed = changed.rename(tmp_path / "renamed")
    counts = go(change_streams(tiny, codec="jpeg+fuse", model=str(renamed)))
    assert (counts.encodes, counts.decodes) == (0, 2)
    assert go(with_model[0]) == NOTHING


def test_changed_code_or_library_misses(tiny, store, monkeypatch):
    Sitting(tiny, store).encode("car/a", STEADY)
    monkeypatch.setattr(store_keys, "made_by", lambda *modules: " ".join(("another", *modules)))
    other = Sitting(tiny, store)
    other.encode("car/a", STEADY)
    assert other.counts.encodes == 6


TWO = """
import pickle, sys
from pathlib import Path
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cached.cached_pixels import Pixels
from simnet.store import Store
from simnet.wire.protocol.serialization import unpack_records
from simnet.records import Scenario
scenario = unpack_records(Scenario, Path(sys.argv[1]).read_bytes())
store, counts = Store(Path(sys.argv[2])), CacheCounters()
pixels = Pixels(scenario, store, counts)
for n in range(20):
    data = pixels.encode("car/a", n, n * 100_000_000, 0.5, n == 0)
    print(pixels.decode("car/a", n, data, ()))
pixels.close()
store.close()
"""


def test_two_processes_share_one_store(tiny, tmp_path):
    from simnet.wire.protocol.serialization import pack_records

    file = tmp_path / "scenario"
    file.write_bytes(pack_records(change_streams(tiny, codec="h264")))
    command = [sys.executable, "-c", TWO, str(file), str(tmp_path / "cache")]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [each.communicate(timeout=100) for each in runs]
    assert [each.returncode for each in runs] == [0, 0], ends
    assert ends[0][0] == ends[1][0]
    assert ends[0][0].count("Score") == 20


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_memory_stays_bounded_over_runs(tiny, store):
    def go() -> None:
        # New at every turn, so that codecs are opened as well.
        changed = [((quality + len(tried) / 200) % 1, key) for quality, key in FORCED]
        tried.append(1)
        sitting = Sitting(change_streams(tiny, codec="h264"), store)
        sitting.decode("car/a", sitting.encode("car/a", changed))
        sitting.pixels.close()
        assert sitting.counts.encodes > 0

    tried = []
    for _ in range(10):
        go()
    gc.collect()
    before = resident_bytes()
    for _ in range(25):
        go()
    gc.collect()
    assert resident_bytes() - before < 4 * 2**20
