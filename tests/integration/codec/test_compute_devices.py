"""A stream of one device decodes on another: the same symbols, nearly the same pictures. torch on the CPU stands for a GPU."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import compute_device
from simnet.codec import open_decoder, open_encoder
from simnet.codec.learned.inference import outputs
from simnet.codec.learned.lowres_codec import PassMeans
from simnet.codec.learned.lowres_indexes import places
from simnet.codec.learned.lowres_layout import PASSES
from simnet.codec.model import load
from simnet.codec.protocols import Decoder
from simnet.errors import ModelError
from simnet.records import Decoded, SideInformation
from simnet.testing.codec_suite import picture
from support import small_lowres

GPU = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch finds on this machine")
)
OTHERS = ["torch-cpu", GPU]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_lowres.export(tmp_path_factory.mktemp("small"))


def side_of(image: np.ndarray) -> list[SideInformation]:
    return [SideInformation(np.roll(image, 3, axis=1), "other", 0)]


def coded(device: str, name: str, image: np.ndarray, quality: float, model: str | None = None) -> tuple[bytes, Any]:
    with compute_device.using(device):
        encoder = open_encoder(name, image.shape[1], image.shape[0], model)
        return encoder.encode(image, quality), encoder.announcement


def symbols(
    monkeypatch: pytest.MonkeyPatch, decoder: Decoder, data: bytes, side: list[SideInformation]
) -> tuple[Decoded, list]:
    """Decode; return the picture and the integers of all passes but the last, as they are added to the means."""
    told, seen = PassMeans.__call__, []

    def noted(self: PassMeans, number: int, y_hat: np.ndarray) -> np.ndarray:
        mean = told(self, number, y_hat)
        seen.append((mean, y_hat.copy()))
        return mean

    with monkeypatch.context() as patch:
        patch.setattr(PassMeans, "__call__", noted)
        decoded = decoder.decode(data, side)
    last = seen[-1][1]
    found = [
        last[where] - seen[number][0][where] for number in range(len(seen) - 1) for where in places(number, len(last))
    ]
    assert all(np.abs(each - np.rint(each)).max(initial=0) < 1e-3 for each in found)
    return decoded, [np.rint(each).astype(int).tolist() for each in found]


def furthest(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - other).max())


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(
    ("codec", "width", "height", "quality"),
    [
        ("atn", 256, 128, 0.6),
        ("lowres", 32, 32, 0.2),
        ("ndic", 47, 33, 0.9),
        ("factorized", 256, 128, 1.0),
        ("avif+fuse", 47, 33, 0.4),
    ],
)
def test_streams_decode_on_the_other_device(
    codec: str, width: int, height: int, quality: float, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture(width, height)
    for made_on in ("cpu", other):
        data, announcement = coded(made_on, codec, image, quality)
        found = []
        for device in ("cpu", other):
            with compute_device.using(device):
                decoder = open_decoder(announcement)
                if codec in {"lowres", "atn", "ndic"}:
                    found.append(symbols(monkeypatch, decoder, data, side_of(image)))
                else:
                    found.append((decoder.decode(data, side_of(image)), []))
        (one, sent), (two, sent_too) = found
        assert sent == sent_too
        assert furthest(one.picture, two.picture) <= 1
        assert furthest(one.alone, two.alone) <= 1
        assert len(sent) == (0 if codec in {"factorized", "avif+fuse"} else 4 * (PASSES - 1))


@settings(max_examples=8, deadline=None)
@given(quality=st.floats(0, 1), seed=st.integers(0, 2**32), size=st.sampled_from([(32, 32), (47, 33)]))
def test_any_picture_decodes_on_the_other_device(small: str, quality: float, seed: int, size: tuple[int, int]) -> None:
    width, height = size
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    made_on, shown_on = ("cpu", "torch-cpu")[:: 1 if seed % 2 else -1]
    data, announcement = coded(made_on, "lowres", image, quality, small)
    with compute_device.using(made_on):
        own = open_decoder(announcement).decode(data, ()).picture
    with compute_device.using(shown_on):
        assert furthest(own, open_decoder(announcement).decode(data, ()).picture) <= 1


@pytest.mark.parametrize("other", OTHERS)
def test_networks_agree_in_float32(small: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFloat-32, which GPUs take if they are let, would be wrong by a thousandth."""
    monkeypatch.setattr("simnet.processor.is_fast_in_bfloat16", lambda: False)
    shares = np.eye(9, dtype=np.float32)[4:5]
    given = np.random.default_rng(0).random((1, 3, 80, 48), np.float32)
    found = []
    for device in ("cpu", other, other):
        with compute_device.using(device):
            found.append(outputs(load(small), "analysis", given, shares))
    for one, two, again in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, atol=2e-5 * max(1.0, np.abs(one).max()))
        np.testing.assert_array_equal(two, again)


def test_inputs_that_do_not_fit_are_refused(small: str) -> None:
    with (
        compute_device.using("torch-cpu"),
        pytest.raises(ModelError, match="graph hyper does not take inputs of 1 x 7 x 2 x 2"),
    ):
        outputs(load(small), "hyper", np.zeros((1, 7, 2, 2), np.float32), np.zeros((1, 9), np.float32))
