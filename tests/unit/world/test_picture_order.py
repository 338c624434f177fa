"""Which pictures a folder, a pattern or a list plays, and in which order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet import world
from simnet.errors import PictureError
from simnet.records import CameraConfig, Trajectory, WorldConfig

PERIOD = 100_000_000


def camera(source: str | tuple[str, ...]) -> CameraConfig:
    made = CameraConfig("a/b", 16, 8, PERIOD, 90.0, Trajectory(((0.0, 0.0, 0.0),)))
    return replace(made, source=source) if isinstance(source, str) else replace(made, listed=source)


def picture(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 16, 3), grey, np.uint8)).save(path)


def played(
    root: Path, source: str | tuple[str, ...], count: int, kind: str = "pictures", sequence: str | None = None
) -> list[int]:
    opened = world.open_world(WorldConfig(kind, path=str(root), sequence=sequence), {"a/b": camera(source)}, 0)
    return [round(float(opened.frame("a/b", k * PERIOD).mean())) for k in range(count)]


def test_numbers_in_names_count_as_numbers(tmp_path: Path) -> None:
    for k in range(12):
        picture(tmp_path / "cam" / f"frame{k + 1}.png", 10 * k)
        picture(tmp_path / "pairs" / "left" / f"{k + 7}.png", 10 * k)
        picture(tmp_path / "pairs" / "right" / f"{k + 7}.png", 10 * k + 5)
    assert played(tmp_path, "cam", 12) == [10 * k for k in range(12)]
    assert played(tmp_path / "pairs", "right", 12, "pairs") == [10 * k + 5 for k in range(12)]


def test_hidden_files_and_folders_are_no_pictures(tmp_path: Path) -> None:
    for k in range(3):
        picture(tmp_path / "cam" / f"{k}.png", 10 * k)
        (tmp_path / "cam" / f"._{k}.png").write_bytes(b"AppleDouble")
    (tmp_path / "cam" / "sub.png").mkdir()
    assert played(tmp_path, "cam", 3) == [0, 10, 20]


def test_a_pattern_chooses_one_camera_of_a_folder(tmp_path: Path) -> None:
    for k in range(3):
        for number in range(2):
            picture(tmp_path / f"{2 * k + 68:06d}_camera{number}.png", 10 * k + number)
    assert played(tmp_path, "*_camera1.png", 3) == [1, 11, 21]
    with pytest.raises(PictureError, match="no picture has such a name"):
        played(tmp_path, "*_camera7.png", 1)


def test_a_list_plays_in_its_own_order(tmp_path: Path) -> None:
    for k in range(3):
        picture(tmp_path / f"{k}.png", 10 * k)
    assert played(tmp_path, ("2.png", "0.png", "1.png"), 3) == [20, 0, 10]
    with pytest.raises(PictureError, match=r"3\.png: no such file"):
        played(tmp_path, ("2.png", "3.png"), 1)


def test_a_gap_in_kittis_numbers_holds_the_last_picture(tmp_path: Path) -> None:
    for k in (5, 6, 9, 10):
        for side in ("image_02", "image_03"):
            picture(tmp_path / "drive" / side / "data" / f"{k:010d}.png", 10 * k)
    assert played(tmp_path / "drive", "left", 6, "kitti_raw") == [50, 60, 60, 60, 90, 100]
    config = WorldConfig("kitti_raw", path=str(tmp_path / "drive"))
    assert world.end_ns(config, {"a/b": camera("left")}, 1 << 60) == 6 * PERIOD
    listed = world.files(config, {"a/b": camera("left")}, 4 * PERIOD)
    assert [Path(name).stem for name, _ in listed] == ["0000000005", "0000000006"]


def test_a_drive_is_found_by_its_name_and_others_are_listed(tmp_path: Path) -> None:
    for day, drive, grey in (("day1", "drive_1", 10), ("day2", "drive_2", 20), ("day2", "drive_3", 30)):
        for side in ("image_02", "image_03"):
            picture(tmp_path / day / drive / side / "data" / "0.png", grey)
    assert played(tmp_path, "left", 1, "kitti_raw", sequence="drive_2") == [20]
    assert played(tmp_path, "left", 1, "kitti_raw", sequence="day2/drive_3") == [30]
    for sequence, told in ((None, "holds 3 sequences"), ("drive_9", "no sequence 'drive_9' here")):
        with pytest.raises(PictureError, match=f"{told}; expected .*day1/drive_1, day2/drive_2, day2/drive_3"):
            played(tmp_path, "left", 1, "kitti_raw", sequence=sequence)
