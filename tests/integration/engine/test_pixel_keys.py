"""Keys of the store cover what an entry depends on, and nothing else."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from simnet import codec, quality, shipped, world
from simnet.codec.model import file_digest
from simnet.engine.cached import store_keys
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.records import CameraConfig, Scenario, SideInformation, Trajectory, WorldConfig
from simnet.records.grants import SideChoice
from simnet.records.score import Score
from simnet.store import Store
from support.pixel_sittings import NOTHING, STEADY, Sitting, digest, frames_of
from support.tiny_runs import MS, change_links, change_streams


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
    # Behind jpeg, fusion stays out where the views have nothing in common.
    assert [a == b for a, b in zip(found, other, strict=True)] == [True, name == "jpeg+fuse", True, False]
    assert counts == CacheCounters(1, 3, 0, 2 if name == "jpeg+fuse" else 3), (
        "one frame of car/a, and the two pictures made with it"
    )


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
