"""Still pictures: JPEG 2000 without its container, HEVC intra; each frame alone, bytes that depend on the picture only."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from simnet import codec, quality
from simnet.codec.bitstream import framing
from simnet.codec.still import pillow_codecs
from simnet.errors import BitstreamError

STILLS = ["jpeg2000", "hevc-intra"]


def test_codestream_without_comments_decodes_equally(picture: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, **pillow_codecs.KINDS["jpeg2000"].arguments(120))
    whole = file.getvalue()
    bare = pillow_codecs.without_comments(whole)
    assert b"OpenJPEG" in whole
    assert b"OpenJPEG" not in bare
    assert pillow_codecs.without_comments(bare) == bare
    pictures = [np.asarray(Image.open(io.BytesIO(data))) for data in (whole, bare)]
    assert (pictures[0] == pictures[1]).all()


def test_jpeg2000_payload_counts_its_header(picture: np.ndarray) -> None:
    frame = codec.open_encoder("jpeg2000", 200, 120).encode(picture, 0.3)
    assert framing.payload(frame).startswith(b"\xff\x4f\xff\x51")
    assert b"OpenJPEG" not in frame


@pytest.mark.parametrize("name", STILLS)
def test_every_still_frame_stands_alone(name: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    frames = [encoder.encode(np.roll(picture, 9 * n, axis=1), 0.4) for n in range(4)]
    assert all(framing.header(frame).key for frame in frames)
    first, *_ = (decoder.decode(frames[n], ()).picture for n in (3, 0, 2))
    assert (first == codec.open_decoder(encoder.announcement).decode(frames[3], ()).picture).all()


@pytest.mark.parametrize("name", STILLS)
def test_bytes_depend_on_the_picture_only(name: str, picture: np.ndarray) -> None:
    worn, fresh = (codec.open_encoder(name, 200, 120) for _ in range(2))
    for q in (0.9, 0.1, 0.5):
        worn.encode(np.ascontiguousarray(picture[::-1]), q)
    assert framing.payload(worn.encode(picture, 0.35)) == framing.payload(fresh.encode(picture, 0.35))


@pytest.mark.parametrize("name", STILLS)
def test_quality_is_fine_grained_and_reaches_very_low_rates(name: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    frames = [encoder.encode(picture, q) for q in np.linspace(0, 1, 33)]
    sizes = [len(frame) for frame in frames]
    assert all(later >= 0.95 * earlier for earlier, later in pairwise(sizes))
    assert len(set(sizes)) > 26
    assert sizes[0] * 8 / picture[..., 0].size < 0.2
    gains = [quality.psnr(decoder.decode(frame, ()).picture, picture) for frame in frames]
    # The picture's chroma is finer than what 4:2:0 keeps.
    assert gains[-1] > gains[0] + 5


@pytest.mark.parametrize("name", STILLS)
def test_payload_without_a_picture_is_refused(name: str) -> None:
    announcement = codec.open_encoder(name, 64, 48).announcement
    frame = framing.pack(framing.Header(0, 100, key=True), bytes(range(200)), announcement)
    with pytest.raises(BitstreamError, match="payload"):
        codec.open_decoder(announcement).decode(frame, ())


def test_picture_of_another_size_in_the_payload_is_refused(picture: np.ndarray) -> None:
    frame = codec.open_encoder("hevc-intra", 200, 120).encode(picture, 0.5)
    larger = codec.open_encoder("hevc-intra", 240, 120).announcement
    same = codec.open_encoder("hevc-intra", 200, 120).announcement
    forged = framing.pack(
        framing.Header(0, 128, key=True),
        framing.payload(frame),
        type(same)("hevc-intra", "", "", "", 240, 120, same.parameters),
    )
    with pytest.raises(BitstreamError, match="payload is a picture of 200 x 120; the stream announced 240 x 120"):
        codec.open_decoder(type(same)("hevc-intra", "", "", "", 240, 120, same.parameters)).decode(forged, ())
    with pytest.raises(BitstreamError, match="CRC-32"):
        codec.open_decoder(larger).decode(frame, ())
