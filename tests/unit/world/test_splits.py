"""Published splits from trees with the data sets' own naming: counts, order, scenes, and what is said where something is off."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from simnet.errors import PictureError
from simnet.world.datasets.dataset_splits import GENERAL_SCENES, list_split

SCENES = {"data_scene_flow_multiview": (200, 200), "data_stereo_flow_multiview": (194, 195)}
VIEWS = {"data_scene_flow_multiview": ("image_2", "image_3"), "data_stereo_flow_multiview": ("colored_0", "colored_1")}


def touch(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def kitti(root: Path, frames: Iterable[int], scenes: Mapping[str, tuple[Iterable[int], Iterable[int]]]) -> Path:
    names = [f"{frame:02d}" for frame in frames]
    for benchmark, parts in scenes.items():
        for part, numbers in zip(("training", "testing"), parts, strict=True):
            for view in VIEWS[benchmark]:
                touch(root / benchmark / part / view, [f"{s:06d}_{frame}.png" for s in numbers for frame in names])
    return root


@pytest.fixture(scope="module")
def stereo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenes = {name: (range(counts[0]), range(counts[1])) for name, counts in SCENES.items()}
    return kitti(tmp_path_factory.mktemp("stereo"), (10, 11), scenes)


@pytest.fixture(scope="module")
def general(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenes = {
        name: ([0], (*GENERAL_SCENES[year], 0))
        for name, year in (("data_scene_flow_multiview", 2015), ("data_stereo_flow_multiview", 2012))
    }
    return kitti(tmp_path_factory.mktemp("general"), range(21), scenes)


@pytest.mark.parametrize(("split", "count"), [("train", 1576), ("val", 790), ("test", 790)])
def test_kitti_stereo_has_the_published_counts(stereo: Path, split: str, count: int) -> None:
    found = list_split("kitti-stereo", stereo, split)
    assert len(found.pairs) == len(set(found.pairs)) == count
    assert found.note == ""
    assert {(right, left) for left, right in found.pairs} == set(found.pairs), "both directions"


def test_kitti_stereo_is_in_the_order_of_the_published_lists(stereo: Path) -> None:
    train = [
        [str(file.relative_to(stereo)) for file in pair] for pair in list_split("kitti-stereo", stereo, "train").pairs
    ]
    first = "data_scene_flow_multiview/training/image_{}/000000_{}.png"
    assert train[0] == [first.format(2, 10), first.format(3, 10)]
    assert train[1] == [first.format(2, 11), first.format(3, 11)]
    assert train[400] == [first.format(3, 10), first.format(2, 10)]
    last = "data_stereo_flow_multiview/training/colored_{}/000193_11.png"
    assert train[-1] == [last.format(1), last.format(0)]


def test_kitti_stereo_validates_and_tests_on_the_same_scenes(stereo: Path) -> None:
    val, test = (list_split("kitti-stereo", stereo, split).pairs for split in ("val", "test"))
    moved = [tuple(file.with_name(file.name.replace("_11", "_10")) for file in pair) for pair in val]
    assert moved == test


def test_kitti_general_has_the_published_counts(general: Path) -> None:
    val, test = (list_split("kitti-general", general, split) for split in ("val", "test"))
    assert (len(val.pairs), len(test.pairs)) == (912, 3607)
    assert val.note == test.note == ""
    assert len({*val.pairs, *test.pairs}) == 912 + 3607
    for left, right in val.pairs + test.pairs:
        assert left.parent != right.parent, "opposite cameras"
        assert left.name[:6] == right.name[:6], "one scene"
        assert 1 <= abs(int(left.name[7:9]) - int(right.name[7:9])) <= 3


def test_kitti_general_trains_on_every_other_scene(general: Path) -> None:
    pairs = list_split("kitti-general", general, "train").pairs
    scenes = {(file.parent.parent, file.name[:6]) for pair in pairs for file in pair}
    assert len(scenes) == 4
    assert len(pairs) == 4 * 228
    assert all(scene == "000000" for _, scene in scenes)


def test_authors_lists_are_used_unchanged(general: Path) -> None:
    lines = [
        "data_stereo_flow_multiview/testing/image_2/000158_15.png",
        "data_stereo_flow_multiview/testing/image_3/000158_17.png",
        "data_scene_flow_multiview/testing/image_3/000029_05.png",
        "data_scene_flow_multiview/testing/image_2/000029_03.png",
    ]
    file = general / "data_paths" / "KITTI_general_val.txt"
    file.parent.mkdir()
    try:
        file.write_text("\n".join(lines) + "\n")
        found = list_split("kitti-general", general, "val")
        places = [[str(path.relative_to(general)) for path in pair] for pair in found.pairs]
        assert places == [
            [
                "data_stereo_flow_multiview/testing/colored_0/000158_15.png",
                "data_stereo_flow_multiview/testing/colored_1/000158_17.png",
            ],
            lines[2:],
        ]
        assert found.note.endswith("2 pairs; the papers have 912")
        file.write_text("\n".join(lines[:3]))
        with pytest.raises(PictureError, match="3 lines; expected two for each pair"):
            list_split("kitti-general", general, "val")
        file.write_text("nowhere.png\n" * 2)
        with pytest.raises(PictureError, match=r"nowhere\.png is not below"):
            list_split("kitti-general", general, "val")
    finally:
        file.unlink()
        file.parent.rmdir()


def test_cityscapes_pairs_are_found(tmp_path: Path) -> None:
    for city, names in (
        ("zurich", ["zurich_000000_000019"]),
        ("aachen", ["aachen_000001_000019", "aachen_000000_000019"]),
    ):
        for side in ("left", "right"):
            touch(tmp_path / f"{side}Img8bit" / "val" / city, [f"{name}_{side}Img8bit.png" for name in names])
    found = list_split("cityscapes", tmp_path, "val")
    assert [left.name[:13] for left, _ in found.pairs] == ["aachen_000000", "aachen_000001", "zurich_000000"]
    assert all(str(left).replace("left", "right") == str(right) for left, right in found.pairs)
    assert found.note == f"cityscapes:{tmp_path}#val: 3 pairs; the papers have 500"
    (tmp_path / "rightImg8bit/val/zurich/zurich_000000_000019_rightImg8bit.png").unlink()
    with pytest.raises(PictureError, match=r"zurich_000000_000019_rightImg8bit\.png: missing"):
        list_split("cityscapes", tmp_path, "val")
    with pytest.raises(PictureError, match="leftImg8bit/test: no such folder"):
        list_split("cityscapes", tmp_path, "test")


def test_missing_split_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        PictureError, match=r"neither benchmark here; expected data_stereo_flow_multiview \(KITTI 2012\)"
    ):
        list_split("kitti-stereo", tmp_path, "train")
    with pytest.raises(PictureError, match="no such folder"):
        list_split("kitti-stereo", tmp_path / "nowhere", "train")
    with pytest.raises(PictureError, match="expected one of kitti-stereo"):
        list_split("kitti", tmp_path, "train")
    kitti(tmp_path, (10, 11), {"data_scene_flow_multiview": ([0, 1], [])})
    found = list_split("kitti-stereo", tmp_path, "train")
    assert found.note == f"kitti-stereo:{tmp_path}#train: 8 pairs; the papers have 1576"
    assert list_split("kitti-stereo", tmp_path / "data_scene_flow_multiview", "train").pairs == found.pairs
    with pytest.raises(PictureError, match="no pairs for kitti-stereo#test"):
        list_split("kitti-stereo", tmp_path, "test")
    right = tmp_path / "data_scene_flow_multiview/training/image_3"
    (right / "000001_11.png").unlink()
    with pytest.raises(PictureError, match=r"image_3/000001_11\.png: missing"):
        list_split("kitti-stereo", tmp_path, "train")
    (right.parent / "image_2" / "000001_11.png").unlink()
    with pytest.raises(PictureError, match=r"000001_11\.png: missing; expected frames 10 and 11"):
        list_split("kitti-stereo", tmp_path, "train")
    for file in right.iterdir():
        file.unlink()
    right.rmdir()
    with pytest.raises(
        PictureError, match="no colour pictures of both cameras; expected image_2 and image_3 or colored_0"
    ):
        list_split("kitti-stereo", tmp_path, "train")
