"""Folders, videos and data sets: which picture belongs to a time, how it is made to fit, and what goes wrong."""

import cv2
import numpy as np
import pytest
from PIL import Image

from simnet import testing, world
from simnet.errors import InputError, PictureError
from simnet.records import CameraConfig, Trajectory, WorldConfig

PERIOD = 100_000_000


def camera(name="a/b", source=None, width=16, height=8, phase_ns=0):
    place = Trajectory(((0.0, 0.0, 0.0),))
    return CameraConfig(name, width, height, PERIOD, 90.0, place, phase_ns=phase_ns, source=source)


def write(folder, count, base=0, size=(8, 16), mode="RGB", suffix="png"):
    """Write pictures of brightness base + 10 k."""
    folder.mkdir(parents=True)
    for k in range(count):
        shape = (*size, 3) if mode == "RGB" else size
        Image.fromarray(np.full(shape, base + 10 * k, np.uint8), mode).save(folder / f"{k:06d}.{suffix}")
    return folder


def opened(config, *cameras):
    return world.open_world(config, {each.name: each for each in cameras}, seed=0)


def brightness(frame):
    assert frame.dtype == np.uint8
    assert np.ptp(frame) <= 2
    return round(float(frame.mean()))


def test_folder_plays_one_picture_per_period(tmp_path):
    write(tmp_path / "cam", 3)
    played = opened(WorldConfig("pictures", path=str(tmp_path)), camera(source="cam", phase_ns=7))
    assert [brightness(played.frame("a/b", 7 + k * PERIOD)) for k in (2, 0, 1)] == [20, 0, 10]
    assert brightness(played.frame("a/b", 7 + PERIOD // 2)) == 10
    assert brightness(played.frame("a/b", 6 + PERIOD // 2)) == 0


@pytest.mark.parametrize("check", testing.WORLD_CHECKS)
def test_recorded_world_passes_the_conformance_suite(tmp_path, check):
    for side in ("left", "right"):
        write(tmp_path / side, 7)
    check(testing.WorldUnderTest("pairs", str(tmp_path)))


def test_recording_ends(tmp_path):
    write(tmp_path / "cam", 3)
    config, single = WorldConfig("pictures", path=str(tmp_path)), camera(source="cam", phase_ns=7)
    assert world.end_ns(config, {"a/b": single}, 1 << 60) == 7 + 3 * PERIOD
    with pytest.raises(PictureError, match=r"cam: a/b has no frame 3 \(at 0.300 s\); it has 3"):
        opened(config, single).frame("a/b", 7 + 3 * PERIOD)


def test_other_sizes_are_cropped_centrally_then_resized(tmp_path):
    (tmp_path / "cam").mkdir()
    wide = np.zeros((40, 200, 3), np.uint8)
    wide[:, 60:140] = 200
    wide[:20, 60:140, 0] = 100
    Image.fromarray(wide).save(tmp_path / "cam" / "0.png")
    frame = opened(WorldConfig("pictures", path=str(tmp_path)), camera(source="cam")).frame("a/b", 0)
    assert frame.shape == (8, 16, 3)
    assert (frame[:4] == (100, 200, 200)).all()
    assert (frame[4:] == 200).all()


def test_small_picture_is_enlarged(tmp_path):
    write(tmp_path / "cam", 1, base=50, size=(4, 4))
    frame = opened(WorldConfig("pictures", path=str(tmp_path)), camera(source="cam")).frame("a/b", 0)
    assert frame.shape == (8, 16, 3)
    assert brightness(frame) == 50


def test_picture_of_differing_size_is_refused(tmp_path):
    write(tmp_path / "cam", 2, size=(8, 16))
    Image.fromarray(np.zeros((10, 20, 3), np.uint8)).save(tmp_path / "cam" / "9.png")
    played = opened(WorldConfig("pictures", path=str(tmp_path)), camera(source="cam"))
    played.frame("a/b", PERIOD)
    with pytest.raises(PictureError, match=r"9\.png: picture of 20 x 10; expected 16 x 8"):
        played.frame("a/b", 2 * PERIOD)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 32))
    for k in range(12):
        writer.write(np.full((32, 64, 3), 20 * k, np.uint8))
    writer.release()
    return path


def test_video_gives_the_same_frames_in_any_order(video):
    config = WorldConfig("pictures", path=str(video.parent))
    played = opened(config, camera(source="clip.avi"))
    for k in (0, 5, 2, 11, 10):
        assert brightness(played.frame("a/b", k * PERIOD)) == pytest.approx(20 * k, abs=3)
    played.close()
    assert world.end_ns(config, {"a/b": camera(source="clip.avi")}, 1 << 60) == 12 * PERIOD


def test_video_keeps_red_and_blue(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "red.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 32))
    writer.write(np.full((32, 64, 3), (0, 0, 250), np.uint8))
    writer.release()
    frame = opened(WorldConfig("pictures", path=str(tmp_path)), camera(source="red.avi")).frame("a/b", 0)
    assert frame[..., 0].mean() > 200
    assert frame[..., 2].mean() < 60


LAYOUTS = {
    "pairs": ("left", "right"),
    "kitti_raw": ("image_02/data", "image_03/data"),
    "kitti_odometry": ("image_2", "image_3"),
}
GREY_LAYOUTS = {"kitti_raw": ("image_00/data", "image_01/data"), "kitti_odometry": ("image_0", "image_1")}
SIDES = (camera("rig/l", "left"), camera("rig/r", "right"))


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("offset", [0, 1, -1])
def test_data_sets_distinguish_left_right_and_offset(tmp_path, kind, offset):
    left, right = LAYOUTS[kind]
    write(tmp_path / left, 4)
    write(tmp_path / right, 4, base=100)
    config = WorldConfig(kind, path=str(tmp_path), offset_frames=offset)
    played = opened(config, *SIDES)
    assert brightness(played.frame("rig/l", PERIOD)) == 10 + 10 * max(0, -offset)
    assert brightness(played.frame("rig/r", PERIOD)) == 110 + 10 * max(0, offset)
    assert world.end_ns(config, {each.name: each for each in SIDES}, 1 << 60) == (4 - abs(offset)) * PERIOD


@pytest.mark.parametrize("kind", GREY_LAYOUTS)
def test_grey_cameras_give_three_equal_channels(tmp_path, kind):
    for side, base in zip(GREY_LAYOUTS[kind], (0, 100), strict=True):
        write(tmp_path / side, 2, base, mode="L")
    frame = opened(WorldConfig(kind, path=str(tmp_path)), *SIDES).frame("rig/r", PERIOD)
    assert frame.shape == (8, 16, 3)
    assert brightness(frame) == 110


def test_one_of_several_sequences_can_be_chosen(tmp_path):
    for name, base in (("00", 0), ("01", 50)):
        for side in LAYOUTS["kitti_odometry"]:
            write(tmp_path / "sequences" / name / side, 1, base)
    config = WorldConfig("kitti_odometry", path=str(tmp_path), sequence="01")
    assert brightness(opened(config, *SIDES).frame("rig/l", 0)) == 50
    with pytest.raises(PictureError, match=r"holds 2 sequences; expected world.sequence to name one"):
        opened(WorldConfig("kitti_odometry", path=str(tmp_path)), *SIDES)
    with pytest.raises(PictureError, match="no sequence '07' here"):
        opened(WorldConfig("kitti_odometry", path=str(tmp_path), sequence="07"), *SIDES)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(PictureError, match="nowhere: no such file or folder; expected a folder of pictures, a pattern"):
        opened(WorldConfig("pictures", path=str(tmp_path)), camera(source="nowhere"))
    with pytest.raises(PictureError, match="no such folder; expected left and right in it"):
        opened(WorldConfig("pairs", path=str(tmp_path / "nowhere")), *SIDES)
    with pytest.raises(PictureError, match="nothing of kind kitti_raw here"):
        opened(WorldConfig("kitti_raw", path=str(tmp_path)), *SIDES)


def test_wrong_settings_are_one_line(tmp_path):
    write(tmp_path / "left", 1)
    write(tmp_path / "right", 1)
    with pytest.raises(InputError, match="camera a/b has no source"):
        opened(WorldConfig("pictures", path=str(tmp_path)), camera())
    with pytest.raises(InputError, match="camera a/b has source 'up'; a pairs world has left, right"):
        opened(WorldConfig("pairs", path=str(tmp_path)), camera(source="up"))
    with pytest.raises(InputError, match="kind pairs needs a path"):
        opened(WorldConfig("pairs"), *SIDES)
    with pytest.raises(InputError, match="no kind 'dream'; expected one of: dair_v2x, kitti_odometry, kitti_raw"):
        opened(WorldConfig("dream"), *SIDES)


def test_damaged_picture_or_video_is_one_line(tmp_path, capfd):
    folder = write(tmp_path / "cam", 2, suffix="jpg")
    (folder / "000001.jpg").write_bytes((folder / "000000.jpg").read_bytes()[:300])
    (tmp_path / "clip.avi").write_bytes(b"not a video" * 100)
    config = WorldConfig("pictures", path=str(tmp_path))
    with pytest.raises(PictureError, match=r"000001.jpg: not a readable picture") as caught:
        opened(config, camera(source="cam")).frame("a/b", PERIOD)
    assert "\n" not in str(caught.value)
    with pytest.raises(PictureError, match=r"clip.avi: not a readable video"):
        opened(config, camera(source="clip.avi"))
    assert capfd.readouterr() == ("", "")
