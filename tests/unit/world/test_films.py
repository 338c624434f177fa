"""A video file plays by its own clock and as it says of itself: times, gaps, rotation, pixels, colours, damage."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
from PIL import Image

from simnet import world
from simnet.errors import PictureError
from simnet.records import CameraConfig, Trajectory, WorldConfig
from simnet.world.recordings.film import Film

if TYPE_CHECKING:
    from av.video.stream import VideoStream

MS = 1_000_000
STEP = 18


def grey(k: int) -> np.ndarray:
    return np.full((48, 64, 3), 20 + STEP * k, np.uint8)


def film(
    path: Path, times_ms: list[int], pictures: list[np.ndarray] | None = None, codec: str = "libx264", **more
) -> Path:
    """Write pictures, by default of rising brightness, at these times."""
    pictures = pictures or [grey(k) for k in range(len(times_ms))]
    with av.open(str(path), "w", format=more.get("container")) as out:
        stream = cast("VideoStream", out.add_stream(codec, rate=more.get("rate", 10), options={"crf": "1"}))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = more.get("pix_fmt", "yuv420p")
        # AVI counts pictures
        tick = Fraction(1, more.get("rate", 10)) if path.suffix == ".avi" else Fraction(1, 1000)
        stream.codec_context.time_base = tick
        if "aspect" in more:
            stream.codec_context.sample_aspect_ratio = more["aspect"]
        for key in ("colorspace", "color_range"):
            if key in more:
                setattr(stream.codec_context, key, more[key])
        for time_ms, picture in zip(times_ms, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(
                format=stream.pix_fmt,
                dst_colorspace=more.get("colorspace", 5),
                dst_color_range=more.get("color_range", 1),
            )
            frame.pts, frame.time_base = round(time_ms / 1000 / tick), tick
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def shown(played: Film, times_ms: list[int]) -> list[int]:
    """Return the number of the picture on the screen at each time."""
    return [round((float(played.read(t * MS).mean()) - 20) / STEP) for t in times_ms]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.avi", "a.ts"])
def test_a_film_plays_at_its_own_rate(tmp_path: Path, name: str) -> None:
    played = Film(film(tmp_path / name, [round(k * 1000 / 30) for k in range(12)], rate=30))
    assert shown(played, [0, 100, 200, 300]) == [0, 3, 6, 9]
    assert played.end_ns(10**12) == pytest.approx(400 * MS, abs=2 * MS)


def test_the_nearest_picture_is_shown_whatever_the_order_of_the_questions(tmp_path: Path) -> None:
    played = Film(film(tmp_path / "a.mp4", [0, 100, 200, 300]))
    assert shown(played, [149, 151, 49, 260, 0, 340]) == [1, 2, 0, 3, 0, 3]


@pytest.mark.parametrize("name", ["gap.mkv", "gap.mp4"])
def test_a_picture_stays_over_a_gap(tmp_path: Path, name: str) -> None:
    played = Film(film(tmp_path / name, [0, 100, 200, 1000, 1100]))
    assert shown(played, [200, 400, 900, 960, 1000, 1100]) == [2, 2, 2, 3, 3, 4]
    assert played.end_ns(10**12) == 1200 * MS


@pytest.mark.parametrize(("name", "codec"), [("a.h264", "libx264"), ("a.hevc", "libx265")])
def test_a_stream_without_a_container_is_counted(tmp_path: Path, name: str, codec: str) -> None:
    played = Film(_elementary(tmp_path / name, codec))
    interval_ns = (played.end_ns(10**12) or 0) // 10
    assert shown(played, [round(k * interval_ns / MS) for k in range(10)]) == list(range(10))


def _elementary(path: Path, codec: str) -> Path:
    return film(
        path, [100 * k for k in range(10)], codec=codec, container={"libx264": "h264", "libx265": "hevc"}[codec]
    )


def test_a_film_that_breaks_off_ends_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(1)
    noise = [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(20)]
    whole = film(tmp_path / "whole.mkv", [100 * k for k in range(20)], noise)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    end_ns = Film(cut).end_ns(10**12)
    assert end_ns is not None
    assert 300 * MS < end_ns < 1600 * MS
    camera = CameraConfig("a/b", 64, 48, 100 * MS, 90.0, Trajectory(((0.0, 0.0, 0.0),)), source="cut.mkv")
    config = WorldConfig("pictures", path=str(tmp_path))
    assert world.end_ns(config, {"a/b": camera}, 10**10) == end_ns
    opened = world.open_world(config, {"a/b": camera}, 0)
    for t_ns in range(0, end_ns, 100 * MS):
        assert opened.frame("a/b", t_ns).shape == (48, 64, 3)


def test_a_film_is_turned_upright(tmp_path: Path) -> None:
    halves = np.repeat(np.where(np.arange(64) < 32, 40, 220).astype(np.uint8)[None, :, None], 48, 0).repeat(3, 2)
    flat = film(tmp_path / "flat.mp4", [0, 100], [halves, halves])
    data = flat.read_bytes()
    at = data.index(b"tkhd") + 4 + 40  # the matrix of the track
    one = (1 << 16).to_bytes(4, "big")
    none, minus = bytes(4), (-(1 << 16) % (1 << 32)).to_bytes(4, "big")
    turns = {
        "quarter": ([none, one, none, minus, none, none], (64, 48), lambda p: p[-8:].mean() - p[:8].mean() > 150),
        "mirror": (
            [minus, none, none, none, one, none],
            (48, 64),
            lambda p: p[:, :8].mean() - p[:, -8:].mean() > 150,
        ),
    }
    for name, (matrix, size, holds) in turns.items():
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(data[:at] + b"".join(matrix) + data[at + 24 :])
        picture = Film(path).read(0)
        assert picture.shape[:2] == size, name
        assert holds(picture), name


def test_pixels_that_are_not_square_become_so(tmp_path: Path) -> None:
    wide = Film(film(tmp_path / "wide.mp4", [0, 100], aspect=Fraction(4, 3)))
    assert wide.read(0).shape == (48, 85, 3)
    tall = Film(film(tmp_path / "tall.mp4", [0, 100], aspect=Fraction(1, 2)))
    assert tall.read(0).shape == (96, 64, 3)


@pytest.mark.parametrize("matrix", [1, 5])
@pytest.mark.parametrize("values", [1, 2])
def test_colours_are_those_of_the_files_matrix_and_range(tmp_path: Path, matrix: int, values: int) -> None:
    colour = np.broadcast_to(np.array([200, 60, 30], np.uint8), (48, 64, 3)).copy()
    path = film(tmp_path / "a.mkv", [0, 100], [colour, colour], colorspace=matrix, color_range=values)
    assert np.abs(Film(path).read(0).mean((0, 1)) - [200, 60, 30]).max() < 4


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    film(tmp_path / "a.ts", [0, 100])
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n")
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile a.ts\n")
    for name in ("list.m3u8", "list.mp4"):
        with pytest.raises(PictureError, match="not a readable video"):
            Film(tmp_path / name)


def test_a_sound_is_no_film(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.wav"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    with pytest.raises(PictureError, match=r"a.wav: (not a readable video|holds no pictures)"):
        Film(tmp_path / "a.wav")


def test_a_picture_file_may_be_a_source(tmp_path: Path) -> None:
    Image.fromarray(grey(3)).save(tmp_path / "one.png")
    camera = CameraConfig("a/b", 64, 48, 100 * MS, 90.0, Trajectory(((0.0, 0.0, 0.0),)), source="one.png")
    opened = world.open_world(WorldConfig("pictures", path=str(tmp_path)), {"a/b": camera}, 0)
    assert (opened.frame("a/b", 0) == grey(3)).all()
