"""Sliced frames: bands, headers, and what each codec makes of a frame of which slices are missing."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import codec_names, sliced_frames
from simnet.codec import bitstream_files, registry
from simnet.codec.bitstream import framing, slices
from simnet.codec.bitstream.framing import Header
from simnet.errors import BitstreamError, ModelError
from simnet.records import Announcement, SideInformation

STREAM = Announcement("jpeg", "", "", "", 64, 128, slices=4)
QUICK = ("jpeg", "webp", "avif", "jpeg2000", "hevc-intra")
"""Codecs without a network; `lowres` and `atn` have a test of their own."""


def picture(height: int = 128, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    waves = 128 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)
    return np.stack([waves, waves[::-1], 255 - waves], -1).clip(0, 255).astype(np.uint8)


@given(st.integers(1, 64), st.integers(0, 4000))
def test_bands_cover_the_picture_in_grains(count: int, more: int) -> None:
    height = slices.LEAST_ROWS * count + more
    found = slices.bands(height, count)
    assert [top for top, _ in found] == [0, *[end for _, end in found[:-1]]]
    assert found[-1][1] == height
    assert all(top % slices.GRAIN == 0 and end - top >= slices.LEAST_ROWS for top, end in found)
    assert max(end - top for top, end in found) - min(end - top for top, end in found) < 2 * slices.GRAIN


@given(st.lists(st.binary(max_size=40), min_size=2, max_size=64), st.integers(0, 2**16 - 1), st.integers(0, 255))
def test_frame_gives_its_slices_back(parts: list[bytes], sequence: int, quality: int) -> None:
    data = sliced_frames.pack(sequence, quality, framing.KEY, parts)
    assert sliced_frames.unpack(data) == parts
    assert framing.header(data) == Header(sequence, quality, key=True)
    assert sliced_frames.missing(data) == parts.count(b"")
    assert sliced_frames.sent_bytes(len(data), len(parts)) == sum(map(len, parts))
    for cut in range(0, len(data), 7):
        with pytest.raises(BitstreamError):
            sliced_frames.unpack(data[:cut])


def test_slice_of_another_place_stream_or_content_is_refused() -> None:
    whole = slices.pack(Header(7, 9, key=True), 2, b"payload", STREAM)
    assert slices.verified(whole, 2, STREAM) == Header(7, 9, key=True)
    for data, number, stream in (
        (whole, 1, STREAM),
        (whole, 2, replace(STREAM, slices=2)),
        (whole, 2, replace(STREAM, slices=1)),
        (whole[:-1] + b"x", 2, STREAM),
        (whole[:8], 2, STREAM),
    ):
        with pytest.raises(BitstreamError, match="slice"):
            slices.verified(data, number, stream)
    with pytest.raises(BitstreamError):
        framing.verify(whole, replace(STREAM, slices=1))


def test_slices_of_two_frames_make_no_frame() -> None:
    parts = [slices.pack(Header(7 + number, 9, key=True), number, b"payload", STREAM) for number in range(4)]
    with pytest.raises(BitstreamError, match="slice 1 of frame 8; expected one of frame 7"):
        slices.verify(sliced_frames.pack(7, 9, framing.KEY, parts), STREAM)


@pytest.mark.parametrize("name", QUICK)
def test_every_still_codec_loses_the_missing_band_alone(name: str) -> None:
    image = picture()
    encoder = registry.open_encoder(name, 64, 128, None, 4)
    decoder = registry.open_decoder(encoder.announcement)
    data = encoder.encode(image, 0.7)
    whole = decoder.decode(data, ()).picture
    assert ((whole.astype(float) - image) ** 2).mean() < 120
    assert slices.renumbered(slices.renumbered(data, 300, encoder.announcement), 0, encoder.announcement) == data
    for number, (top, end) in enumerate(slices.bands(128, 4)):
        parts = sliced_frames.unpack(data)
        parts[number] = b""
        found = decoder.decode(sliced_frames.with_slices(data, parts), ()).picture
        known = np.ones(128, bool)
        known[top:end] = False
        assert np.array_equal(found[known], whole[known])
        assert (found[top:end] == 128).all()


@cache
def coded(name: str) -> tuple:
    encoder = registry.open_encoder(name, 64, 64, None, 2)
    image = picture(64)
    return registry.open_decoder(encoder.announcement), encoder.encode(image, 0.6), SideInformation(image, "other", 0)


@pytest.mark.parametrize("name", ["atn", "jpeg+fuse"])
def test_side_pictures_are_fused_into_sliced_pictures(name: str) -> None:
    decoder, data, side = coded(name)
    fused = decoder.decode(data, [side])
    original = side.picture.astype(float)
    assert ((fused.picture - original) ** 2).mean() < ((fused.alone - original) ** 2).mean()
    parts = sliced_frames.unpack(data)
    partial = sliced_frames.with_slices(data, [b"", parts[1]])
    filled = decoder.decode_partial(partial, [side], [side], [side])
    assert ((filled.picture - original) ** 2).mean() < 200
    nothing = decoder.decode_partial(sliced_frames.with_slices(data, [b"", b""]), [], [side], [])
    assert ((nothing.picture - original) ** 2).mean() < 5


def test_decoder_reads_a_sliced_file(tmp_path: Path) -> None:
    encoder = registry.open_encoder("jpeg", 64, 128, None, 4)
    (tmp_path / "a.snet").write_bytes(bitstream_files.pack(encoder.announcement, encoder.encode(picture(), 0.9)))
    decoded = bitstream_files.decode_file(tmp_path / "a.snet", tmp_path / "a.png")
    assert np.abs(decoded.picture.astype(int) - picture()).mean() < 3


@pytest.mark.parametrize("name", ["h264", "hevc", "av1", "recorded", "dsin", "compressai"])
def test_codecs_that_cannot_be_sliced_are_refused(name: str) -> None:
    with pytest.raises(
        ModelError, match=rf"codec '{name}': its frames cannot be sliced; expected slices: 1, or one of atn"
    ):
        codec_names.check_sliced(name)


@settings(max_examples=30)
@given(st.binary(max_size=200), st.integers(2, 4))
def test_altered_frames_are_refused_before_decoding(noise: bytes, count: int) -> None:
    stream = replace(STREAM, slices=count)
    with pytest.raises(BitstreamError):
        slices.verify(sliced_frames.pack(1, 1, 1, [noise + b"x"] * count), stream)
    with pytest.raises(BitstreamError):
        slices.verify(noise, stream)
