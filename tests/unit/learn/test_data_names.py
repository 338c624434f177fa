"""Data by name: what a name says, what it brings, and one line where it is wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet.errors import InputError
from simnet.learn import dataset_spec, pair_data


def save(file: Path, width: int, height: int, value: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), value, np.uint8)).save(file)


@pytest.mark.parametrize(
    ("text", "kind", "place", "offsets", "split"),
    [
        ("pairs:some/where", "pairs", "some/where", (), None),
        ("pairs:some?where?offset=3", "pairs", "some?where", (3,), None),
        ("kitti_raw:/a#b?offset=0,-2", "kitti_raw", "/a#b", (0, -2), None),
        ("kitti-stereo:/data/kitti", "kitti-stereo", "/data/kitti", (), None),
        ("kitti-stereo:/data/k#1#val", "kitti-stereo", "/data/k#1", (), "val"),
        ("rendered:street", "rendered", "street", (), None),
    ],
)
def test_data_names_are_parsed(text: str, kind: str, place: str, offsets: tuple[int, ...], split: str | None) -> None:
    name = dataset_spec.parse(text)
    assert (name.kind, name.place, name.offsets, name.split) == (kind, place, offsets, split)
    assert str(name) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pears:DIR", "not a data set; expected pairs:DIR"),
        ("pairs:", "names no place"),
        ("pairs:?offset=2", "names no place"),
        ("pairs:DIR?offset=2.5", "expected whole numbers of frames"),
        ("pairs:DIR?offset=", "expected whole numbers of frames"),
        ("pairs:DIR?offset=3,3", "each number once"),
        ("kitti-stereo:DIR#dev", "expected #train, #val, #test"),
        ("kitti-stereo:DIR?offset=1#val", "kitti-stereo has no offset"),
        ("rendered:street?offset=1", "rendered has no offset"),
    ],
)
def test_bad_data_name_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataset_spec.parse(text)


def test_omitted_parts_get_defaults() -> None:
    assert dataset_spec.with_defaults("kitti-stereo:D", "val", (0, 3)) == "kitti-stereo:D#val"
    assert dataset_spec.with_defaults("kitti-stereo:D#test", "train") == "kitti-stereo:D#test"
    assert dataset_spec.with_defaults("pairs:D", "train", (0, 3)) == "pairs:D?offset=0,3"
    assert dataset_spec.with_defaults("pairs:D?offset=1", "train", (0, 3)) == "pairs:D?offset=1"
    assert dataset_spec.with_defaults("rendered:street", "train", (0, 3)) == "rendered:street"


def test_offsets_pair_with_later_frames(tmp_path: Path) -> None:
    for side, base in (("left", 0), ("right", 100)):
        for t in range(5):
            save(tmp_path / side / f"{t}.png", 16, 8, base + t)

    def values(name: str) -> list[tuple[int, int]]:
        source = pair_data.load(f"pairs:{tmp_path}{name}", rendered_pairs=1, seed=1)
        return [(int(left[0, 0, 0]), int(right[0, 0, 0])) for left, right in source.pairs]

    assert values("") == [(t, 100 + t) for t in range(5)]
    assert values("?offset=3") == [(0, 103), (1, 104)]
    assert values("?offset=-3") == [(3, 100), (4, 101)]
    assert values("?offset=0,4") == [*((t, 100 + t) for t in range(5)), (0, 104)]
    with pytest.raises(InputError, match="longest drive has 5 pairs"):
        values("?offset=5")


def test_kitti_is_cropped_and_resized_with_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for view in ("image_2", "image_3"):
        save(tmp_path / f"data_scene_flow_multiview/training/{view}/000000_10.png", 1242, 375, 50)
        save(tmp_path / f"data_scene_flow_multiview/training/{view}/000000_11.png", 621, 188, 60)
    name = f"kitti-stereo:{tmp_path}#train"
    source = pair_data.load(name, rendered_pairs=1, seed=1)
    assert [left.shape for left, _ in source.pairs] == [(128, 256, 3)] * 4
    assert [int(left.mean()) for left, _ in source.pairs] == [50, 60, 50, 60]
    assert capsys.readouterr().err == f"simnet: warning: {name}: 4 pairs; the papers have 1576\n"


def test_cityscapes_is_resized_uncropped(tmp_path: Path) -> None:
    for side in ("left", "right"):
        save(tmp_path / f"{side}Img8bit/test/bonn/bonn_000000_000019_{side}Img8bit.png", 512, 256, 70)
    source = pair_data.load(f"cityscapes:{tmp_path}", rendered_pairs=1, seed=1)
    assert source.pairs[0][1].shape == (128, 256, 3)


def test_files_beyond_the_cache_are_reread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_data, "KEPT_BYTES", 16 * 8 * 3)
    for side in ("left", "right"):
        save(tmp_path / side / "0.png", 16, 8, 9)
    pairs = pair_data.load(f"pairs:{tmp_path}", rendered_pairs=1, seed=1).pairs
    first, again = pairs[0], pairs[0]
    assert first[0] is again[0]
    assert first[1] is not again[1]
    assert np.array_equal(first[1], again[1])
