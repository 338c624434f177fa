"""Every codec there is, shipped models included: what an encoder makes, its decoder reads."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from simnet import codec, quality
from simnet.codec import bitstream
from simnet.codec.published.kinds import KINDS
from simnet.errors import BitstreamError, ModelError, PictureError
from simnet.records import SideInformation

CODECS = codec.names()
FIXED = {*KINDS, "dsin", "compressai"}
"""Of one rate, and without weights of their own: the suite imports untrained ones, whose pictures are no likeness."""

ModelOf = Callable[[str], str | None]


@pytest.mark.parametrize("name", CODECS)
def test_decodes_a_likeness_of_any_size(name: str, picture: np.ndarray, model_of: ModelOf) -> None:
    for cut in (picture, picture[:33, :47], picture[:17, :19]):
        image = np.ascontiguousarray(cut)
        encoder = codec.open_encoder(name, image.shape[1], image.shape[0], model_of(name))
        decoded = codec.open_decoder(encoder.announcement).decode(encoder.encode(image, 1.0), ())
        assert decoded.picture.shape == image.shape
        assert decoded.picture.dtype == np.uint8
        assert quality.psnr(decoded.picture, image) > 18 or name in FIXED


@pytest.mark.parametrize("name", CODECS)
def test_rate_and_quality_rise_with_quality(name: str, picture: np.ndarray, model_of: ModelOf) -> None:
    encoder = codec.open_encoder(name, 200, 120, model_of(name))
    decoder = codec.open_decoder(encoder.announcement)
    frames = [encoder.encode(picture, q, key=True) for q in np.linspace(0, 1, 9)]
    sizes = [len(frame) for frame in frames]
    assert sizes == sorted(sizes)
    if name in FIXED:
        assert len({bitstream.payload(frame) for frame in frames}) == 1
        return
    assert sizes[-1] > 2 * sizes[0]
    best, worst = (quality.psnr(decoder.decode(frames[i], ()).picture, picture) for i in (-1, 0))
    assert best > worst + 2


@pytest.mark.parametrize("name", CODECS)
def test_the_same_picture_gives_the_same_bytes(name: str, picture: np.ndarray, model_of: ModelOf) -> None:
    first, second = (codec.open_encoder(name, 200, 120, model_of(name)).encode(picture, 0.4) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", CODECS)
def test_frames_are_numbered(name: str, picture: np.ndarray, model_of: ModelOf) -> None:
    encoder = codec.open_encoder(name, 200, 120, model_of(name))
    frames = [encoder.encode(picture, 0.2) for _ in range(3)]
    assert [int.from_bytes(frame[:2], "big") for frame in frames] == [0, 1, 2]


@pytest.mark.parametrize("name", CODECS)
def test_a_picture_of_another_size_is_refused(name: str, picture: np.ndarray, model_of: ModelOf) -> None:
    with pytest.raises(PictureError, match="expected uint8 120 x 100"):
        codec.open_encoder(name, 100, 120, model_of(name)).encode(picture, 0.5)


@pytest.mark.parametrize("name", CODECS)
def test_altered_frames_never_become_pictures(name: str, picture: np.ndarray, model_of: ModelOf) -> None:
    encoder = codec.open_encoder(name, 200, 120, model_of(name))
    decoder = codec.open_decoder(encoder.announcement)
    whole = encoder.encode(picture, 0.1)
    rng = np.random.default_rng(1)
    for _ in range(200):
        altered = bytearray(whole)
        altered[rng.integers(len(whole))] ^= int(rng.integers(1, 256))
        with pytest.raises(BitstreamError):
            decoder.decode(bytes(altered), ())


def test_side_information_of_another_size_is_used(picture: np.ndarray) -> None:
    encoder = codec.open_encoder("atn", 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    half = np.ascontiguousarray(picture[::2, ::2])
    decoded = decoder.decode(encoder.encode(picture, 0.3), [SideInformation(half, "other", 0)] * 2)
    assert decoded.picture.shape == picture.shape
    assert (decoded.picture != decoded.alone).any()


def test_the_very_scene_as_side_information_helps_much(picture: np.ndarray) -> None:
    encoder = codec.open_encoder("atn", 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    moved = np.roll(picture, 3, axis=1)
    decoded = decoder.decode(encoder.encode(picture, 0.3), [SideInformation(moved, "other", 0)])
    assert quality.psnr(decoded.picture, picture) > quality.psnr(decoded.alone, picture) + 1


def test_atn_sends_the_bytes_that_the_backbone_sends(picture: np.ndarray) -> None:
    payloads = [codec.open_encoder(name, 200, 120).encode(picture, 0.6)[8:] for name in ("atn", "ndic", "checkerboard")]
    assert payloads[0] == payloads[1] == payloads[2]


def test_an_unknown_codec_is_named() -> None:
    with pytest.raises(ModelError, match=r"h266: unknown codec; expected one of atn, atn-paper"):
        codec.open_encoder("h266", 64, 64)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ModelError, match="nowhere: unknown model; expected one of atn, checkerboard, factorized"):
        codec.open_encoder("atn", 64, 64, "nowhere")


def test_a_model_of_another_codec_is_refused() -> None:
    with pytest.raises(ModelError, match="is for codec factorized"):
        codec.open_encoder("atn", 64, 64, "factorized")


@pytest.mark.parametrize("field", ["checkpoint_digest", "tables_digest"])
def test_a_stream_of_other_digests_is_refused(field: str) -> None:
    announcement = codec.open_encoder("atn", 64, 64).announcement
    with pytest.raises(ModelError, match="this machine has"):
        codec.open_decoder(dataclasses.replace(announcement, **{field: "0" * 16}))


def test_pictures_too_small_for_flow_still_decode_with_side_information() -> None:
    for shape in ((1, 1, 3), (3, 17, 3), (11, 40, 3)):
        image = np.full(shape, 90, np.uint8)
        encoder = codec.open_encoder("atn", shape[1], shape[0])
        side = SideInformation(np.full((7, 9, 3), 80, np.uint8), "other", 0)
        decoded = codec.open_decoder(encoder.announcement).decode(encoder.encode(image, 0.5), [side])
        assert decoded.picture.shape == shape


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_a_picture_beyond_the_format_is_refused(name: str) -> None:
    with pytest.raises(PictureError, match="cannot encode it"):
        codec.open_encoder(name, 70_000, 1).encode(np.zeros((1, 70_000, 3), np.uint8), 0.5)
