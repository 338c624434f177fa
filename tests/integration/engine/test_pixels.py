"""Pictures from the store equal what codecs compute themselves, and nothing is computed twice."""

import gc
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simnet import codec, quality
from simnet.codec.bitstream import framing
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.errors import ReferenceLostError
from simnet.records.grants import SideChoice
from simnet.records.score import Score
from simnet.store import Store
from support.pixel_sittings import NOTHING, STEADY, Asked, Sitting, digest, frames_of
from support.tiny_runs import MS, change_streams

FORCED: Asked = [(0.5, True), (0.52, False), (0.3, False), (0.3, True), (0.9, False), (0.9, False)]
LATE_TURN: Asked = [*STEADY[:4], (0.2, False), (0.6, False)]


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
    # One of the two fused pictures equals what it would be alone, and is scored once.
    assert counts == CacheCounters(3, 3, 0, 4)
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
