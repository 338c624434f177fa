"""Every registered codec, shipped models included, decodes what it encodes."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from simnet import codec, quality, testing
from simnet.codec.published.published_kinds import KINDS
from simnet.errors import ModelError, PictureError
from simnet.records import SideInformation

CODECS = codec.names()
FIXED = {*KINDS, "dsin", "compressai"}
"""Of one rate, and without weights of their own: untrained ones are imported, whose pictures are no likeness; slow, so small."""

ModelOf = Callable[[str], str | None]


@pytest.mark.parametrize("check", testing.CODEC_CHECKS)
@pytest.mark.parametrize("name", CODECS)
def test_codec_passes_the_conformance_suite(name: str, check: Callable[..., None], model_of: ModelOf) -> None:
    if name in FIXED:
        sizes = ((48, 33), (19, 17))
        check(testing.CodecUnderTest(name, model_of(name), likeness_db=0, one_rate=True, sizes=sizes))
    else:
        check(testing.CodecUnderTest(name))


@pytest.mark.parametrize("name", sorted({*CODECS} - FIXED))
def test_quality_spans_a_useful_range(name: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    worst, best = (encoder.encode(picture, each, key=True) for each in (0, 1))
    assert len(best) > 2 * len(worst)
    shown = [quality.psnr(decoder.decode(each, ()).picture, picture) for each in (worst, best)]
    assert shown[1] > shown[0] + 2


def test_side_information_of_another_size_is_used(picture: np.ndarray) -> None:
    encoder = codec.open_encoder("atn", 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    half = np.ascontiguousarray(picture[::2, ::2])
    decoded = decoder.decode(encoder.encode(picture, 0.3), [SideInformation(half, "other", 0)] * 2)
    assert decoded.picture.shape == picture.shape
    assert (decoded.picture != decoded.alone).any()


def test_identical_side_picture_improves_quality_most(picture: np.ndarray) -> None:
    encoder = codec.open_encoder("atn", 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    moved = np.roll(picture, 3, axis=1)
    decoded = decoder.decode(encoder.encode(picture, 0.3), [SideInformation(moved, "other", 0)])
    assert quality.psnr(decoded.picture, picture) > quality.psnr(decoded.alone, picture) + 1


def test_atn_and_its_backbone_send_equal_bytes(picture: np.ndarray) -> None:
    payloads = [codec.open_encoder(name, 200, 120).encode(picture, 0.6)[8:] for name in ("atn", "ndic", "lowres")]
    assert payloads[0] == payloads[1] == payloads[2]


def test_unknown_codec_is_named() -> None:
    with pytest.raises(
        ModelError, match=r"h266: unknown codec \(did you mean .h264.\?\); expected one of atn, atn-paper"
    ):
        codec.open_encoder("h266", 64, 64)


def test_unknown_model_is_named() -> None:
    with pytest.raises(ModelError, match="zzzzzzzz: unknown model; expected one of atn, atn-free, factorized, fuse"):
        codec.open_encoder("atn", 64, 64, "zzzzzzzz")


@pytest.mark.parametrize("open_it", [codec.open_encoder, lambda name, *_: codec.open_encoder("lowres", 64, 64, name)])
def test_replaced_name_says_what_took_its_place(open_it: Callable[..., object]) -> None:
    with pytest.raises(ModelError, match="checkerboard: lowres took its place"):
        open_it("checkerboard", 64, 64)


def test_model_of_another_codec_is_refused() -> None:
    with pytest.raises(ModelError, match="is for codec factorized"):
        codec.open_encoder("atn", 64, 64, "factorized")


@pytest.mark.parametrize("field", ["checkpoint_digest", "tables_digest"])
def test_stream_with_another_digest_is_refused(field: str) -> None:
    announcement = codec.open_encoder("atn", 64, 64).announcement
    with pytest.raises(ModelError, match="this machine has"):
        codec.open_decoder(dataclasses.replace(announcement, **{field: "0" * 16}))


def test_tiny_pictures_decode_with_side_information() -> None:
    for shape in ((1, 1, 3), (3, 17, 3), (11, 40, 3)):
        image = np.full(shape, 90, np.uint8)
        encoder = codec.open_encoder("atn", shape[1], shape[0])
        side = SideInformation(np.full((7, 9, 3), 80, np.uint8), "other", 0)
        decoded = codec.open_decoder(encoder.announcement).decode(encoder.encode(image, 0.5), [side])
        assert decoded.picture.shape == shape


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_oversized_picture_is_refused(name: str) -> None:
    with pytest.raises(PictureError, match="cannot encode it"):
        codec.open_encoder(name, 70_000, 1).encode(np.zeros((1, 70_000, 3), np.uint8), 0.5)
