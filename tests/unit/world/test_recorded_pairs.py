"""Lists of stereo pairs for training, and reading single pictures."""

import numpy as np
import pytest
from PIL import Image

from simnet.errors import PictureError
from simnet.world.datasets.stereo_pairs import list_pairs, read_rgb


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (4, 4)).save(folder / name)


def test_every_drive_below_a_folder_is_listed_in_order(tmp_path):
    for drive in ("drive_0002", "drive_0001"):
        for camera in ("image_02", "image_03", "image_00", "image_01"):
            touch(tmp_path / drive / camera / "data", "1.png", "0.png")
    found = list_pairs(f"kitti_raw:{tmp_path}")
    assert [str(left.relative_to(tmp_path)) for left, _ in found] == [
        f"drive_000{drive}/image_02/data/{k}.png" for drive in (1, 2) for k in (0, 1)
    ]
    assert all("image_03" in str(right) and right.name == left.name for left, right in found)


def test_plain_pairs_ignore_other_files(tmp_path):
    for side in ("left", "right"):
        touch(tmp_path / side, "a.webp")
        (tmp_path / side / "notes.txt").write_text("hello")
    assert list_pairs(f"pairs:{tmp_path}") == [(tmp_path / "left" / "a.webp", tmp_path / "right" / "a.webp")]


def test_unpaired_picture_is_named(tmp_path):
    touch(tmp_path / "left", "a.png", "b.png")
    touch(tmp_path / "right", "a.png")
    with pytest.raises(PictureError, match=r"b.png is not in both views"):
        list_pairs(f"pairs:{tmp_path}")


@pytest.mark.parametrize("spec", ["left:DIR", "pairs", "pairs:"])
def test_unknown_data_name_is_refused(spec):
    with pytest.raises(PictureError, match=r"not a data set; expected pairs:DIR, kitti_raw:DIR, kitti_odometry:DIR"):
        list_pairs(spec)


def test_empty_folder_is_named(tmp_path):
    (tmp_path / "left").mkdir()
    (tmp_path / "right").mkdir()
    with pytest.raises(PictureError, match="left: no pictures in this folder"):
        list_pairs(f"pairs:{tmp_path}")


def test_deep_and_palette_pictures_become_8_bit_rgb(tmp_path):
    deep = np.full((3, 5), 0x80FF, np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert (read_rgb(tmp_path / "deep.png") == 0x80).all()
    assert read_rgb(tmp_path / "deep.png").shape == (3, 5, 3)
    Image.new("P", (5, 3), 0).save(tmp_path / "palette.png")
    assert read_rgb(tmp_path / "palette.png").shape == (3, 5, 3)


def test_missing_and_foreign_files_are_named(tmp_path):
    with pytest.raises(PictureError, match=r"gone.png: no such file"):
        read_rgb(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(
        PictureError, match=r"text.png: not a readable picture .*; expected a whole picture file: write it"
    ):
        read_rgb(tmp_path / "text.png")
