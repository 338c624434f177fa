"""The videos of a run show each frame at its time: the original left, the received picture right."""

from __future__ import annotations

from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from simnet import quality
from simnet.errors import InputError
from simnet.exports.movie import LINE, Movie
from simnet.records import LossConfig
from support.tiny_runs import MS, change_links

BAND = 2 * LINE
WIDE = 8 * 64
"""64 x 48 pictures are shown eight times as large."""


def frames(path) -> tuple[list[np.ndarray], av.video.stream.VideoStream]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)], film.streams.video[0]


def test_video_shows_original_beside_received_picture(run, tiny, pictures):
    scenario = change_links(tiny, loss=LossConfig("independent", 0.3), mtu_bytes=700)
    ran = run(scenario, exports=["mp4"], report=False)
    assert ran.result.summary["fingerprint"] == run(scenario, report=False).result.summary["fingerprint"]
    films = [ran.read.path / "video" / f"{name}.mp4" for name in ("car~a", "van~b")]
    assert ran.result.summary["exports"] == [str(path) for path in films]
    rows = ran.rows("car/a")
    shown, film = frames(films[0])
    assert len(shown) == len(rows) == 10
    assert film.average_rate == 10
    assert float(film.duration * film.time_base) == pytest.approx(1.0)
    assert (film.width, film.height, film.codec_context.pix_fmt) == (2 * WIDE, BAND + 8 * 48, "yuv420p")
    screen = None
    freezes = 0
    for row, frame in zip(rows, shown, strict=True):
        left, right = small(frame[BAND:, :WIDE]), small(frame[BAND:, WIDE:])
        original = cv2.cvtColor(cv2.imread(str(pictures / "a" / f"{row.sequence:03}.png")), cv2.COLOR_BGR2RGB)
        assert quality.psnr(left, original) > 28
        if row.psnr_db is not None:
            assert quality.psnr(right[2:-2, 2:-2], original[2:-2, 2:-2]) == pytest.approx(row.psnr_db, abs=2.5)
            screen = right
        elif screen is not None:
            freezes += 1
            assert quality.psnr(right[2:-2, 2:-2], screen[2:-2, 2:-2]) > 28
            red = frame[BAND + 1, WIDE + 100].astype(int)
            assert red[0] > red[1] + 80
    assert freezes > 1


def small(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (64, 48), interpolation=cv2.INTER_AREA)


def test_video_omits_late_pictures(run, tiny):
    late = replace(tiny, duration_ns=500 * MS, fusion=replace(tiny.fusion, deadline_ns=15 * MS))
    ran = run(late, exports=["mp4"], report=False)
    assert {row.outcome.value for row in ran.read.rows} == {"late"}
    shown, _ = frames(ran.read.path / "video" / "van~b.mp4")
    assert len(shown) == 5
    for frame in shown:
        grey = frame[BAND + 20 : -20, WIDE + 20 : -20].astype(int)
        assert abs(grey - 128).max() < 6


def test_video_index_is_at_the_front(run, tiny):
    content = (run(tiny, exports=["mp4"], report=False).read.path / "video" / "car~a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_failed_run_leaves_no_video(run, tiny, tmp_path):
    def fail(now_ns: int) -> None:
        if now_ns >= 400 * MS:
            raise InputError("enough")

    with pytest.raises(InputError, match="enough"):
        run(tiny, exports=["mp4"], progress=fail)
    assert not list(tmp_path.rglob("video"))


@pytest.mark.parametrize(("width", "height"), [(7, 5), (2001, 11), (5000, 3000)])
def test_pictures_of_any_size_make_a_video(tmp_path, width, height):
    movie = Movie(tmp_path / "film.mp4", width, height, 33_333_333)
    picture = np.full((height, width, 3), (200, 40, 40), np.uint8)
    movie.add((picture, picture), ("a", "b"), ("c", "d"), is_frozen=False)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4.part"]
    movie.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    (frame,), film = frames(movie.path)
    assert film.average_rate == 30
    assert frame.shape[1] <= 3840
    assert abs(frame[BAND + 1, 4].astype(int) - (200, 40, 40)).max() < 25
