"""The side-information stage: behind any codec, and what it says of where it looked."""

import dataclasses
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from simnet import codec, quality, shipped
from simnet.codec.learned.alignment import CANDIDATES, Aligner
from simnet.codec.learned.fusion_restraint import restrained
from simnet.codec.learned.side_fusion import CELL
from simnet.codec.protocols import Explainer
from simnet.errors import ModelError
from simnet.records import SideInformation

FUSED = ["avif+fuse", "webp+fuse", "jpeg+fuse"]


def moved(picture: np.ndarray, pixels: int) -> SideInformation:
    return SideInformation(np.roll(picture, pixels, axis=1), "other", 0)


@pytest.mark.parametrize("name", FUSED)
def test_fusing_improves_quality_without_changing_bytes(name: str, picture: np.ndarray) -> None:
    plain = codec.open_encoder(name.removesuffix("+fuse"), 200, 120)
    encoder = codec.open_encoder(name, 200, 120)
    frame = encoder.encode(picture, 0.2)
    assert frame == plain.encode(picture, 0.2)
    decoder = codec.open_decoder(encoder.announcement)
    alone = codec.open_decoder(plain.announcement).decode(frame, ()).picture
    decoded = decoder.decode(frame, [moved(picture, 3)])
    np.testing.assert_array_equal(decoded.alone, alone)
    np.testing.assert_array_equal(decoder.decode(frame, ()).picture, alone)
    assert quality.psnr(decoded.picture, picture) > quality.psnr(alone, picture) + 1


@pytest.mark.parametrize("name", ["hevc-intra+fuse", *FUSED])
@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_unrelated_side_picture_costs_nothing_at_any_rate(name: str, rate: float, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120)
    frame = encoder.encode(picture, rate, key=True)
    coarse = np.random.default_rng(3).integers(0, 256, (12, 20, 3), np.uint8)
    stranger = SideInformation(cv2.resize(coarse, (200, 120), interpolation=cv2.INTER_CUBIC), "other", 0)
    decoded = codec.open_decoder(encoder.announcement).decode(frame, [stranger])
    assert quality.psnr(decoded.picture, picture) > quality.psnr(decoded.alone, picture) - 0.05


@pytest.mark.parametrize("name", ["hevc-intra+fuse", "avif+fuse"])
def test_related_side_picture_does_not_harm_a_nearly_lossless_one(name: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120)
    frame = encoder.encode(picture, 1.0, key=True)
    decoded = codec.open_decoder(encoder.announcement).decode(frame, [moved(picture, 3)])
    assert quality.psnr(decoded.picture, picture) > quality.psnr(decoded.alone, picture) - 0.05


def test_change_that_is_not_finite_is_not_hidden() -> None:
    alone = np.full((1, 3, 32, 32), 0.5, np.float32)
    assert np.isnan(restrained(alone, np.full_like(alone, np.nan), np.zeros((8, 8), np.float32))).all()
    np.testing.assert_array_equal(restrained(alone, alone + 0.1, np.ones((8, 8), np.float32)), alone)


def test_side_information_codec_takes_no_fusing_stage() -> None:
    with pytest.raises(ModelError, match=r"atn\+fuse: uses side information by itself"):
        codec.open_encoder("atn+fuse", 64, 64)
    with pytest.raises(ModelError, match=r"atn\+fuse: uses side information by itself"):
        codec.declared_times("atn+fuse")
    announcement = codec.open_encoder("atn", 64, 64).announcement
    with pytest.raises(ModelError, match=r"atn\+fuse: uses side information by itself"):
        codec.open_decoder(dataclasses.replace(announcement, codec="atn+fuse", model="atn+fusefuse"))


def test_fusing_stage_may_be_replaced(picture: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(shipped.folder("models") / "fuse", folder)
    encoder = codec.open_encoder("avif+fuse", 200, 120, str(folder))
    frame = encoder.encode(picture, 0.2)
    sides = [moved(picture, 3)]
    fused = codec.open_decoder(encoder.announcement).decode(frame, sides)
    default = codec.open_decoder(codec.open_encoder("avif+fuse", 200, 120).announcement).decode(frame, sides)
    np.testing.assert_array_equal(fused.picture, default.picture)
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="unknown model"):
        codec.open_decoder(encoder.announcement)


def test_aligner_offers_candidates(picture: np.ndarray) -> None:
    side = moved(picture, 4).picture
    candidates = Aligner().align(picture, side)
    assert len(candidates) == CANDIDATES
    for candidate in candidates:
        assert quality.psnr(candidate[:, 16:-16], picture[:, 16:-16]) > quality.psnr(side, picture) + 3


@pytest.mark.parametrize("name", ["atn", "avif+fuse"])
def test_attention_is_explained(name: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    assert isinstance(decoder, Explainer)
    frame = encoder.encode(picture, 0.8)
    explained = decoder.explain(frame, [moved(picture, 5)])
    rows, columns = 128 // CELL, 208 // CELL
    assert explained.cell == CELL
    assert explained.matches.shape[:2] == explained.trust.shape == (rows, columns)
    sources, x, y, weight = np.moveaxis(explained.matches, -1, 0)
    assert (sources == 0).all()
    assert (np.diff(weight, axis=2) <= 0).all()
    assert (weight.sum(axis=2) <= explained.trust + 1e-2).all()
    assert ((explained.trust >= -1e-2) & (explained.trust <= 1 + 1e-2)).all()
    # The scene moved five pixels to the right: that is where the strongest matches lie.
    inside = (slice(4, 26), slice(6, 44))
    centre_y, centre_x = (np.arange(n) * CELL + CELL // 2 for n in (rows, columns))
    assert abs(np.median((x[..., 0] - centre_x)[inside]) - 5) < 1
    assert abs(np.median((y[..., 0] - centre_y[:, None])[inside])) < 1
    np.testing.assert_array_equal(explained.private, decoder.decode(frame, ()).picture)
    assert quality.psnr(explained.common[:, 16:-16], picture[:, 16:-16]) > 22


def test_unaligned_decoder_reports_no_matches(picture: np.ndarray) -> None:
    encoder = codec.open_encoder("ndic", 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    assert isinstance(decoder, Explainer)
    explained = decoder.explain(encoder.encode(picture, 0.8), [moved(picture, 5)])
    assert explained.matches.shape[2] == 0
    assert explained.common.shape == picture.shape
