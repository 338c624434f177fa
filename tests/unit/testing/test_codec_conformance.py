"""The conformance suite of codecs passes what is right; each check fails on what is wrong in just that."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from simnet import testing
from simnet.codec import plugin_codecs
from simnet.codec.bitstream import framing
from simnet.errors import BitstreamError
from simnet.records import Decoded
from support.spoilt_subjects import each_fails


class Sparse:
    """Every n-th pixel."""

    times_ns = (2_000_000, 1_000_000)
    takes_side = False

    def encode(self, image: np.ndarray, quality: float) -> bytes:
        step = 1 + round(7 * (1 - quality))
        return bytes([step]) + zlib.compress(image[::step, ::step].tobytes())

    def decode(self, payload: bytes, width: int, height: int, side: list[np.ndarray]) -> np.ndarray:
        step = payload[0]
        small = np.frombuffer(zlib.decompress(payload[1:]), np.uint8).reshape(-(-height // step), -(-width // step), 3)
        return small.repeat(step, 0).repeat(step, 1)[:height, :width]


class SlowBackwards(Sparse):
    times_ns = (-1, 1)


class Black(Sparse):
    def decode(self, payload: bytes, width: int, height: int, side: list[np.ndarray]) -> np.ndarray:
        return 0 * super().decode(payload, width, height, side)


class OneRate(Sparse):
    def encode(self, image: np.ndarray, quality: float) -> bytes:
        return super().encode(image, 1.0)


class Counting(Sparse):
    count = 0

    def encode(self, image: np.ndarray, quality: float) -> bytes:
        self.count += 1
        return bytes([self.count % 256]) + super().encode(image, quality)

    def decode(self, payload: bytes, width: int, height: int, side: list[np.ndarray]) -> np.ndarray:
        return super().decode(payload[1:], width, height, side)


class Family:
    """`Sparse` as a family, to be spoilt in one place."""

    takes_side = False
    declared_times = staticmethod(lambda _name, _model: (1, 1))

    def __init__(self) -> None:
        self._plain = plugin_codecs._PlainFamily(Sparse(), "sparse", lambda: "0")

    def open_encoder(self, *asked: Any) -> Any:
        inner = self._plain.open_encoder(*asked)
        inner.encode = partial(self.encode, inner, inner.encode)
        return inner

    def open_decoder(self, announcement: Any) -> Any:
        inner = self._plain.open_decoder(replace(announcement, checkpoint_digest="0"))
        inner.decode = partial(self.decode, inner, inner.decode)
        return inner

    def encode(
        self, _encoder: Any, encode: Callable[..., bytes], image: np.ndarray, quality: float, *, key: bool
    ) -> bytes:
        return encode(image, quality, key=key)

    def decode(self, _decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        return decode(data, side)


class Unnumbered(Family):
    def encode(
        self, encoder: Any, encode: Callable[..., bytes], image: np.ndarray, quality: float, *, key: bool
    ) -> bytes:
        return framing.renumbered(encode(image, quality, key=key), 0, encoder.announcement)


class Remembering(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        picture = decode(data, side).picture
        before, decoder.before = getattr(decoder, "before", picture), picture
        mixed = picture - picture // 8 + before // 8
        return Decoded(mixed, mixed)


class Cropping(Family):
    def encode(
        self, encoder: Any, encode: Callable[..., bytes], image: np.ndarray, quality: float, *, key: bool
    ) -> bytes:
        announced = encoder.announcement
        fitted = np.resize(image.astype(np.uint8), (announced.height, announced.width, 3))
        return encode(fitted, quality, key=key)


class Gullible(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        try:
            return decode(data, side)
        except BitstreamError:
            grey = np.full((decoder._announcement.height, decoder._announcement.width, 3), 128, np.uint8)
            return Decoded(grey, grey)


class Crashing(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        framing.verify(data, decoder._announcement)
        if framing.payload(data)[0] > 8:
            raise IndexError("no such step")
        return decode(data, side)


class SidedAlone(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        picture = decode(data, ()).picture
        mixed = picture // 2 if side else picture
        return Decoded(mixed, mixed)


BAD_CODECS = {
    "declares_itself": SlowBackwards,
    "decodes_any_size": Black,
    "rate_rises_with_quality": OneRate,
    "two_encoders_agree": Counting,
    "frames_are_numbered": Unnumbered,
    "key_frames_stand_alone": Remembering,
    "other_sizes_are_refused": Cropping,
    "damaged_frames_are_refused": Gullible,
    "garbage_crashes_nothing": Crashing,
    "side_information_is_optional": SidedAlone,
}


@pytest.mark.parametrize("codec", [Sparse, Sparse(), Family])
def test_good_codecs_pass(codec: object) -> None:
    testing.check_codec(codec)


def test_every_codec_check_detects_its_fault() -> None:
    each_fails(testing.CODEC_CHECKS, BAD_CODECS, testing.check_codec)
