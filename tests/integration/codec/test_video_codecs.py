"""Video codecs: one packet per frame without delay, references, key frames, colours, odd sizes."""

import dataclasses
import os
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simnet import codec, quality
from simnet.codec.bitstream import framing
from simnet.codec.video import video_encoders, yuv
from simnet.errors import BitstreamError, ModelError, ReferenceLostError

VIDEO = ["h264", "hevc", "av1"]


@pytest.fixture(scope="module")
def clip(picture: np.ndarray) -> list[np.ndarray]:
    """Twelve frames of 96 x 160 that drift sideways, three pixels each."""
    return [np.ascontiguousarray(picture[:96, 3 * n : 3 * n + 160]) for n in range(12)]


def _encode(name: str, clip: list[np.ndarray], qualities: list[float] | None = None, keys: tuple = ()) -> list[bytes]:
    encoder = codec.open_encoder(name, clip[0].shape[1], clip[0].shape[0])
    qualities = qualities or [0.5] * len(clip)
    return [encoder.encode(frame, q, key=n in keys) for n, (frame, q) in enumerate(zip(clip, qualities, strict=True))]


def _announcement(name: str, clip: list[np.ndarray]) -> codec.registry.Announcement:
    return codec.open_encoder(name, clip[0].shape[1], clip[0].shape[0]).announcement


@pytest.mark.parametrize("name", VIDEO)
def test_every_packet_decodes_without_delay(name: str, clip: list[np.ndarray]) -> None:
    encoder = codec.open_encoder(name, 160, 96)
    decoder = codec.open_decoder(encoder.announcement)
    for frame in clip:
        decoded = decoder.decode(encoder.encode(frame, 0.7), ())
        others = [quality.psnr(decoded.picture, other) for other in clip if other is not frame]
        assert quality.psnr(decoded.picture, frame) > max(26, max(others) + 3)
        assert decoded.alone is decoded.picture


@pytest.mark.parametrize("name", VIDEO)
def test_frames_refer_to_their_predecessor(name: str, clip: list[np.ndarray]) -> None:
    frames = _encode(name, clip, keys=(7,))
    assert [framing.header(frame).key for frame in frames] == [n in (0, 7) for n in range(12)]
    key_bytes = min(len(frames[0]), len(frames[7]))
    assert all(len(frame) < 0.8 * key_bytes for n, frame in enumerate(frames) if n not in (0, 7))


@pytest.mark.parametrize("name", VIDEO)
def test_lost_reference_is_refused_until_a_key_frame(name: str, clip: list[np.ndarray]) -> None:
    frames = _encode(name, clip, keys=(8,))
    decoder = codec.open_decoder(_announcement(name, clip))
    for frame in frames[:4]:
        decoder.decode(frame, ())
    with pytest.raises(
        ReferenceLostError, match="frame 5: refers to frame 4, and what was decoded before it is frame 3"
    ):
        decoder.decode(frames[5], ())
    for n in (6, 7):
        with pytest.raises(ReferenceLostError, match="decoded before it is nothing; expected a key frame"):
            decoder.decode(frames[n], ())
    intact = codec.open_decoder(_announcement(name, clip))
    expected = [intact.decode(frame, ()).picture for frame in frames]
    for n in range(8, 12):
        assert (decoder.decode(frames[n], ()).picture == expected[n]).all()


@pytest.mark.parametrize("name", VIDEO)
def test_stream_must_begin_with_a_key_frame(name: str, clip: list[np.ndarray]) -> None:
    frames = _encode(name, clip[:2])
    with pytest.raises(ReferenceLostError):
        codec.open_decoder(_announcement(name, clip)).decode(frames[1], ())


@pytest.mark.parametrize("name", VIDEO)
def test_key_frames_depend_on_nothing_earlier(name: str, clip: list[np.ndarray]) -> None:
    later = _encode(name, clip, keys=(9,))[9]
    fresh = codec.open_encoder(name, 160, 96).encode(clip[9], 0.5)
    assert framing.payload(later) == framing.payload(fresh)


@pytest.mark.parametrize("name", VIDEO)
def test_encoding_is_repeatable_also_in_threads(name: str, clip: list[np.ndarray]) -> None:
    qualities = [0.3, 0.35, 0.5, 0.5, 0.9, 0.9, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5]
    expected = _encode(name, clip, qualities, keys=(10,))
    results: list[list[bytes]] = []
    threads = [
        threading.Thread(target=lambda: results.append(_encode(name, clip, qualities, keys=(10,)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 3


@pytest.mark.parametrize("name", ["h264", "hevc"])
def test_quality_changes_from_frame_to_frame_without_a_key_frame(name: str, clip: list[np.ndarray]) -> None:
    qualities = [0.5, 0.2, 0.8, 0.2, 0.8, 0.2, 0.8, 0.2, 0.8, 0.2, 0.8, 0.2]
    frames = _encode(name, clip, qualities)
    assert sum(framing.header(frame).key for frame in frames) == 1
    fine, coarse = frames[2::2], frames[3::2]
    assert min(map(len, fine)) > 3 * max(map(len, coarse))


def test_av1_ignores_small_quality_changes(clip: list[np.ndarray]) -> None:
    step = 1 / framing.QUALITY_STEPS
    near = video_encoders.HELD * step
    headers = [framing.header(frame) for frame in _encode("av1", clip[:4], [0.4, 0.4 + near, 0.4 - near, 0.6])]
    assert [header.key for header in headers] == [True, False, False, True]
    assert [header.quality for header in headers] == [102, 102, 102, 153]


@pytest.mark.parametrize("name", VIDEO)
def test_key_frame_size_grows_smoothly_with_quality(name: str, clip: list[np.ndarray]) -> None:
    encoder = codec.open_encoder(name, 160, 96)
    sizes = [len(encoder.encode(clip[0], q, key=True)) for q in np.linspace(0, 1, 52)]
    # The encoders' own searches make a frame a little smaller now and then where it should be a little larger.
    assert all(later > 0.9 * earlier for earlier, later in pairwise(sizes))
    assert sum(later < earlier for earlier, later in pairwise(sizes)) <= 5
    assert len(set(sizes)) > 45
    assert sizes[-1] > 20 * sizes[0]


@pytest.mark.parametrize("name", [*VIDEO, "hevc-intra"])
def test_gray_stays_gray(name: str, clip: list[np.ndarray]) -> None:
    gray = [np.repeat(frame[..., :1], 3, axis=2) for frame in clip[:4]]
    decoder = codec.open_decoder(_announcement(name, gray))
    for q in (0.0, 0.5, 1.0):
        for frame in _encode(name, gray, [q] * 4):
            picture = decoder.decode(frame, ()).picture
            assert (picture[..., 0] == picture[..., 1]).all()
            assert (picture[..., 2] == picture[..., 1]).all()


@pytest.mark.parametrize("name", [*VIDEO, "hevc-intra"])
@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)])
def test_colours_survive_coding(name: str, colour: tuple[int, int, int]) -> None:
    flat = np.full((34, 50, 3), colour, np.uint8)
    encoder = codec.open_encoder(name, 50, 34)
    picture = codec.open_decoder(encoder.announcement).decode(encoder.encode(flat, 0.9), ()).picture
    assert np.abs(picture.astype(int) - flat).max() <= 4


@pytest.mark.parametrize("name", [*VIDEO, "hevc-intra"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (15, 16), (31, 33), (65, 127)])
def test_odd_and_tiny_sizes_are_coded(name: str, shape: tuple[int, int], picture: np.ndarray) -> None:
    image = np.ascontiguousarray(picture[: shape[0], : shape[1]])
    encoder = codec.open_encoder(name, shape[1], shape[0])
    decoder = codec.open_decoder(encoder.announcement)
    for _ in range(3):
        assert quality.psnr(decoder.decode(encoder.encode(image, 0.9), ()).picture, image) > 23


@pytest.mark.parametrize("name", ["h264", "hevc", "hevc-intra"])
def test_payload_is_exactly_one_slice(name: str, clip: list[np.ndarray]) -> None:
    for frame in _encode(name, clip[:3]):
        slice_types = {"h264": (1, 5), "hevc": (1, 19, 20), "hevc-intra": (19, 20)}[name]
        first = framing.payload(frame)[0]
        assert (first & 31 if name == "h264" else first >> 1 & 63) in slice_types
        assert b"\0\0\1" not in frame[8:]
        assert b"x26" not in frame
    parameters = bytes.fromhex(_announcement(name, clip).parameters)
    assert 20 < len(parameters) < 120


def test_frame_with_other_parameter_sets_is_refused(clip: list[np.ndarray]) -> None:
    announcement = _announcement("hevc", clip)
    other = dataclasses.replace(announcement, parameters=announcement.parameters[:-2] + "00")
    with pytest.raises(BitstreamError, match="CRC-32"):
        codec.open_decoder(other).decode(_encode("hevc", clip[:1])[0], ())
    with pytest.raises(BitstreamError, match="parameter sets are not readable"):
        codec.open_decoder(dataclasses.replace(announcement, parameters="no digits"))


@pytest.mark.parametrize("name", VIDEO)
def test_payload_without_a_picture_is_refused(name: str, clip: list[np.ndarray]) -> None:
    announcement = _announcement(name, clip)
    frame = framing.pack(framing.Header(0, 100, key=True), bytes(range(200)), announcement)
    with pytest.raises(BitstreamError, match="payload"):
        codec.open_decoder(announcement).decode(frame, ())


@pytest.mark.parametrize("name", [*VIDEO, "hevc-intra"])
def test_video_codecs_have_no_models(name: str) -> None:
    with pytest.raises(ModelError, match=f"{name} has no models; found model big"):
        codec.open_encoder(name, 64, 64, "big")
    with pytest.raises(ModelError, match=f"{name} has no models; found model big"):
        codec.declared_times(name, "big")


def test_sequence_numbers_wrap_around(clip: list[np.ndarray]) -> None:
    encoder = codec.open_encoder("h264", 160, 96)
    decoder = codec.open_decoder(encoder.announcement)
    encoder._sequence = 0xFFFF
    for frame in clip[:3]:
        assert quality.psnr(decoder.decode(encoder.encode(frame, 0.5), ()).picture, frame) > 20


def test_colour_conversion_keeps_gray_and_size() -> None:
    gray = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    assert (yuv.to_picture(yuv.to_planes(gray, 16, 16), 16, 16) == gray).all()
    rng = np.random.default_rng(3)
    blocks = np.repeat(np.repeat(rng.integers(0, 256, (9, 11, 3), dtype=np.uint8), 8, 0), 8, 1)
    back = yuv.to_picture(yuv.to_planes(blocks, 88, 72), 88, 72)
    inner = np.abs(back.astype(int) - blocks).reshape(9, 8, 11, 8, 3)[:, 2:6, :, 2:6]
    assert inner.max() <= 2


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not tell how threads are scheduled")
@pytest.mark.parametrize("name", ["av1", "hevc", "h264", "avif"])
def test_no_encoder_raises_thread_priority(name: str, picture: np.ndarray) -> None:
    """SVT-AV1, run by root, takes real-time priority for itself and its caller; a spinning thread then starves the machine."""
    encoder = codec.open_encoder(name, 200, 120)
    encoder.encode(picture, 0.5, key=True)
    encoder.encode(picture, 0.9)
    policies = {os.sched_getscheduler(int(task.name)) for task in Path("/proc/self/task").iterdir()}
    assert policies == {os.SCHED_OTHER}
