"""Pictures of ROS 2 bags: encodings, files and videos, at the times of their headers, and what damaged bags come to."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import cv2
import numpy as np
import pytest
from mcap.writer import CompressionType
from PIL import Image

from simnet import world
from simnet.drives import bag_drive
from simnet.errors import InputError, PictureError
from simnet.records import CameraConfig, Trajectory, WorldConfig
from simnet.world.recordings.bag_playback import BagPlayback
from support.ros_bags import MS, BagWriter, grey

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

ROWS, COLUMNS = np.mgrid[0:48, 0:64]
PICTURE = np.stack((3 * COLUMNS + 30, 4 * ROWS + 20, 128 + COLUMNS - ROWS), axis=2).astype(np.uint8)
FORMATS = {"h264": "libx264", "h265": "libx265", "av1": "libsvtav1"}
TOPIC = "/cam/image_raw"


def bag(path: Path, pictures: list[np.ndarray], encoding: str = "rgb8", **more: Any) -> Path:
    with BagWriter(path) as out:
        for k, picture in enumerate(pictures):
            out.image(TOPIC, 100 * k, picture, encoding, **more)
    return path


def first(path: Path, topic: str = TOPIC) -> np.ndarray:
    return BagPlayback(path, topic, "node/cam").read(0)


def mosaic(pattern: str) -> np.ndarray:
    """Return a picture as a sensor with filters in this order sees it."""
    seen = np.zeros((48, 64), np.uint8)
    for place, colour in enumerate(pattern):
        row, column = divmod(place, 2)
        seen[row::2, column::2] = PICTURE[row::2, column::2, "rgb".index(colour)]
    return seen


def packed(order: str) -> np.ndarray:
    luma, blue, red = np.moveaxis(cv2.cvtColor(PICTURE, cv2.COLOR_RGB2YUV).astype(float), 2, 0)
    # OpenCV's full range to the range of video
    luma, red, blue = (
        16 + luma * 219 / 255,
        128 + (red - 128) * 224 / 255 / 0.877 * 0.713,
        128 + (blue - 128) * 224 / 255 / 0.492 * 0.564,
    )
    found = np.zeros((48, 64, 2), np.uint8)
    bright, colour = (1, 0) if order == "uyvy" else (0, 1)
    found[..., bright] = luma
    found[:, 0::2, colour], found[:, 1::2, colour] = blue[:, 0::2], red[:, 0::2]
    return found


WIDE = PICTURE.astype(np.uint16) * 257
ENCODED = {
    "rgb8": PICTURE,
    "bgr8": PICTURE[..., ::-1],
    "8UC3": PICTURE[..., ::-1],
    "rgba8": np.dstack((PICTURE, PICTURE[..., 0])),
    "bgra8": np.dstack((PICTURE[..., ::-1], PICTURE[..., 0])),
    "rgb16": WIDE,
    "bgr16": WIDE[..., ::-1],
    **{f"bayer_{pattern}8": mosaic(pattern) for pattern in ("rggb", "bggr", "gbrg", "grbg")},
    "bayer_rggb16": mosaic("rggb").astype(np.uint16) * 257,
    "yuv422": packed("uyvy"),
    "yuv422_yuy2": packed("yuyv"),
}


@pytest.mark.parametrize("encoding", list(ENCODED))
def test_every_encoding_gives_the_picture(tmp_path: Path, encoding: str) -> None:
    found = first(bag(tmp_path / "a.mcap", [np.ascontiguousarray(ENCODED[encoding])], encoding))
    inner = (slice(2, -2), slice(2, -2))
    assert np.abs(found[inner].astype(int) - PICTURE[inner]).max() <= (
        6 if encoding.startswith(("bayer", "yuv")) else 0
    )


@pytest.mark.parametrize("encoding", ["mono8", "8UC1", "mono16", "16UC1"])
@pytest.mark.parametrize("big", [0, 1])
def test_grey_pictures_have_three_equal_channels(tmp_path: Path, encoding: str, big: int) -> None:
    plain = PICTURE[..., 0]
    sent = plain.astype(">u2" if big else "<u2") * 257 if "16" in encoding else plain
    found = first(bag(tmp_path / "a.mcap", [sent], encoding, big=big))
    assert (found == plain[..., None]).all()


def test_rows_may_be_padded(tmp_path: Path) -> None:
    padded = np.zeros((48, 200), np.uint8)
    padded[:, :192] = PICTURE.reshape(48, 192)
    assert (first(bag(tmp_path / "a.mcap", [padded], size=(48, 64))) == PICTURE).all()


def test_pictures_show_at_the_times_of_their_headers_and_stay_over_gaps(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as out:
        for k, t_ms in enumerate((0, 100, 200, 900, 1000)):
            out.image(TOPIC, t_ms, grey(k), logged=t_ms)
    played = BagPlayback(tmp_path / "a.mcap", TOPIC, "node/cam")
    shown = [int(played.read(t * MS)[0, 0, 0]) // 10 for t in (0, 140, 160, 600, 860, 1000, 40)]
    assert shown == [0, 1, 2, 2, 3, 4, 0]
    assert played.end_ns(10**12) == 1100 * MS


def file_of(picture: np.ndarray, kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, quality=95)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "bgr8; jpeg compressed bgr8"), ("PNG", "rgb8; png compressed ")])
def test_picture_files_are_read(tmp_path: Path, kind: str, name: str) -> None:
    with BagWriter(tmp_path / "a.mcap") as out:
        out.compressed("/cam/image_raw/compressed", 0, file_of(PICTURE, kind), name)
    found = first(tmp_path / "a.mcap", "/cam/image_raw/compressed")
    assert np.abs(found.astype(int) - PICTURE).mean() < (2 if kind == "JPEG" else 1e-9)


def test_of_raw_and_compressed_pictures_the_raw_ones_are_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with BagWriter(tmp_path / "both.mcap") as out:
        out.compressed(f"{TOPIC}/compressed", 0, file_of(PICTURE, "JPEG"))
        out.image(TOPIC, 0, PICTURE)
    assert list(bag_drive.cameras_of(tmp_path / "both.mcap")) == [TOPIC]
    assert f"{TOPIC}/compressed left out: {TOPIC} has that camera's pictures" in caplog.text


def packets(name: str, pictures: list[np.ndarray]) -> list[bytes]:
    encoder = cast("VideoCodecContext", av.CodecContext.create(FORMATS[name], "w"))
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 10), Fraction(10)
    encoder.options = {"av1": {"preset": "12", "crf": "10", "svtav1-params": "pred-struct=1:lp=1"}}.get(
        name, {"tune": "zerolatency", "preset": "ultrafast", "crf": "5"}
    )
    sent: list[bytes] = []
    for k, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = k, Fraction(1, 10)
        sent += [bytes(packet) for packet in encoder.encode(frame)]
    return sent + [bytes(packet) for packet in encoder.encode(None)]


@pytest.mark.parametrize("name", list(FORMATS))
def test_videos_are_decoded(tmp_path: Path, name: str) -> None:
    pictures = [np.full((64, 64, 3), 20 + 30 * k, np.uint8) for k in range(6)]
    with BagWriter(tmp_path / "a.mcap") as out:
        for k, packet in enumerate(packets(name, pictures)):
            out.video("/cam/video", 100 * k, packet, name)
    played = BagPlayback(tmp_path / "a.mcap", "/cam/video", "node/cam")
    assert [round((float(played.read(100 * k * MS).mean()) - 20) / 30) for k in (0, 3, 5, 1)] == [0, 3, 5, 1]
    assert played.end_ns(10**12) == 600 * MS


@pytest.mark.parametrize("compression", list(CompressionType))
def test_bag_that_breaks_off_ends_there(
    tmp_path: Path, compression: CompressionType, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cut.mcap"
    with BagWriter(path, compression=compression, chunk_size=20_000) as out:
        for k in range(20):
            out.image(TOPIC, 100 * k, np.random.default_rng(k).integers(0, 256, (48, 64, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:90_000])
    played = BagPlayback(path, TOPIC, "node/cam")
    end_ns = played.end_ns(10**12)
    assert end_ns is not None
    assert 100 * MS <= end_ns < 2000 * MS
    assert "cut off: it ends within a record" in caplog.text


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        bag_drive.describe(path, None, None)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_bags_that_are_none_are_one_line(tmp_path: Path) -> None:
    for name, data, expected in (
        ("a.mcap", b"", "empty"),
        ("b.mcap", b"\x89MCAP0\r\n", "cut off"),
        ("c.mcap", b"\x89MCAP0\r\n\x05" + struct.pack("<Q", 1 << 62), "damaged"),
        ("d.mcap", b"#ROSBAG V2.0\n", "a bag of ROS 1"),
        ("e.db3", b"SQLite format 3\0" + bytes(100), "damaged"),
        ("f.db3", b"\x28\xb5\x2f\xfd" + bytes(100), "empty"),
        ("g.mcap", b"anything", "no log of messages"),
    ):
        (tmp_path / name).write_bytes(data)
        assert expected in refused(tmp_path / name)
    (tmp_path / "folder").mkdir()
    assert "no file *.mcap or *.db3 in it" in refused(tmp_path / "folder")
    (tmp_path / "folder" / "metadata.yaml").write_text("rosbag2_bagfile_information: {relative_file_paths: [a_0.mcap]}")
    assert "a_0.mcap is missing, which metadata.yaml lists" in refused(tmp_path / "folder")
    (tmp_path / "folder" / "metadata.yaml").write_text("[" * 1000)
    assert "no metadata of a ROS 2 bag" in refused(tmp_path / "folder")


def test_bag_without_pictures_says_what_it_holds(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as out:
        out.fix("/fix", 0, 52.0, 13.0, 30.0)
    assert "no pictures in it" in refused(tmp_path / "a.mcap")


@pytest.mark.parametrize(
    ("more", "encoding", "expected"),
    [
        ({"size": (1 << 20, 1 << 20), "step": 3 << 20}, "rgb8", "expected up to 33554432"),
        ({"size": (48, 0)}, "rgb8", "expected at least one pixel"),
        ({"size": (48, 640)}, "rgb8", "9216 bytes in rows of 192; expected"),
        ({"size": (480, 64), "step": 192}, "rgb8", "9216 bytes in rows of 192; expected"),
        ({}, "32FC1", "encoding '32FC1'; expected rgb8"),
        ({}, "\x1b[31m", r"encoding '\x1b[31m'"),
    ],
)
def test_impossible_pictures_are_refused_before_there_are_pixels(
    tmp_path: Path, more: dict, encoding: str, expected: str
) -> None:
    message = refused(bag(tmp_path / "a.mcap", [PICTURE], encoding, **more))
    assert expected in message
    assert f"a.mcap: {TOPIC}: " in message


@pytest.mark.parametrize("compression", [CompressionType.ZSTD, CompressionType.LZ4])
def test_chunk_that_unpacks_to_more_than_it_states_is_refused(tmp_path: Path, compression: CompressionType) -> None:
    path = tmp_path / "bomb.mcap"
    with BagWriter(path, compression=compression, chunk_size=1 << 22) as out:
        out.image(TOPIC, 0, np.zeros((1024, 1024, 3), np.uint8))
    data = bytearray(path.read_bytes())
    at = data.index(b"\x06", 8 + 9)
    while (
        struct.unpack_from("<Q", data, at + 25)[0] != len(data)
        and not 3 << 20 < struct.unpack_from("<Q", data, at + 25)[0] < 4 << 20
    ):
        at = data.index(b"\x06", at + 1)
    struct.pack_into("<Q", data, at + 25, 1000)
    path.write_bytes(data)
    assert "a chunk of another size than it states" in refused(path)
    struct.pack_into("<Q", data, at + 25, 1 << 40)
    path.write_bytes(data)
    assert "a chunk of 1099511627776 bytes" in refused(path)


def test_camera_without_a_topic_is_told_those_there_are(tmp_path: Path) -> None:
    path = bag(tmp_path / "a.mcap", [PICTURE])
    camera = CameraConfig("n/c", 64, 48, 100 * MS, 90.0, Trajectory(((0.0, 0.0, 0.0),)), source="/other")
    with pytest.raises(PictureError, match=rf"a\.mcap: camera n/c has source '/other'; expected a topic of: {TOPIC}"):
        world.open_world(WorldConfig("rosbag", path=str(path)), {"n/c": camera}, 0)


def test_world_of_a_bag_scales_to_the_camera_and_names_its_files(tmp_path: Path) -> None:
    path = bag(tmp_path / "a.mcap", [grey(k) for k in range(4)])
    camera = CameraConfig("n/c", 32, 24, 100 * MS, 90.0, Trajectory(((0.0, 0.0, 0.0),)), source=TOPIC)
    config, cameras = WorldConfig("rosbag", path=str(path)), {"n/c": camera}
    opened = world.open_world(config, cameras, 0)
    assert opened.frame("n/c", 200 * MS).shape == (24, 32, 3)
    assert opened.frame("n/c", 200 * MS).mean() == 20
    assert world.end_ns(config, cameras, 10**12) == 400 * MS
    assert world.files(config, cameras, 10**12) == [("a.mcap", path)]
