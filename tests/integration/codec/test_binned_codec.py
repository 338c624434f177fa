"""`atn` with binning: the pictures of plain `atn`, requests for more syndromes, refusal of what strangers send."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from simnet import codec
from simnet.codec.binning.binned_codec import REQUEST, BinnedDecoder, BinnedEncoder
from simnet.codec.bitstream import framing
from simnet.errors import BitstreamError
from simnet.records import SideInformation
from simnet.testing.codec_suite import picture

WIDTH, HEIGHT, QUALITY = 192, 128, 0.7
SIDE = [SideInformation(picture(WIDTH, HEIGHT, 4), "other", 0)]


def opened(least: int = 300) -> tuple[BinnedEncoder, BinnedDecoder]:
    """An encoder that sends planes of a small picture too, and its decoder."""
    encoder = BinnedEncoder(WIDTH, HEIGHT)
    encoder.rate.least = least
    return encoder, BinnedDecoder(encoder.announcement)


def unasked(_request: bytes) -> bytes:
    raise AssertionError("asked for more; expected enough")


@pytest.mark.parametrize("side", [SIDE, []])
def test_pictures_are_those_of_plain_atn(side: list[SideInformation]) -> None:
    encoder, decoder = opened()
    plain = codec.open_encoder("atn", WIDTH, HEIGHT)
    image = picture(WIDTH, HEIGHT)
    decoded = decoder.decode(encoder.encode(image, QUALITY), side, encoder.supplement)
    expected = codec.open_decoder(plain.announcement).decode(plain.encode(image, QUALITY), side)
    assert (decoded.picture == expected.picture).all()
    assert (decoded.alone == expected.alone).all()
    assert {tuple(each.which) for each in decoder.reports} >= {(3, 0), (3, 1)}


def test_related_side_picture_saves_syndromes() -> None:
    spent = []
    for side in (SIDE, []):
        encoder, decoder = opened()
        decoder.decode(encoder.encode(picture(WIDTH, HEIGHT), QUALITY), side, encoder.supplement)
        spent.append(sum(each.side_bits for each in decoder.reports))
    assert spent[0] < 0.95 * spent[1]


def test_without_planes_a_frame_has_six_bytes_more_than_plain_atn_at_most() -> None:
    encoder, decoder = opened(least=1 << 20)
    frame = encoder.encode(picture(WIDTH, HEIGHT), QUALITY)
    plain = codec.open_encoder("atn", WIDTH, HEIGHT).encode(picture(WIDTH, HEIGHT), QUALITY)
    assert len(plain) < len(frame) <= len(plain) + 6
    decoder.decode(frame, SIDE, unasked)


def test_too_few_syndromes_without_a_way_to_ask_are_an_error() -> None:
    encoder, decoder = opened()
    encoder.rate.learn((3, 0), 1000.0, 2, asked=False)
    with pytest.raises(
        BitstreamError, match=r"frame 0: its syndromes do not suffice for plane 0 of pass 3; expected a way to ask"
    ):
        decoder.decode(encoder.encode(picture(WIDTH, HEIGHT), QUALITY), SIDE)


def test_encoder_sends_more_of_a_frame_after_a_request() -> None:
    encoder, decoder = opened()
    encoder.rate.learn((3, 0), 1000.0, 2, asked=False)
    asked: list[bytes] = []

    def ask(request: bytes) -> bytes:
        asked.append(request)
        return encoder.supplement(request)

    decoder.decode(encoder.encode(picture(WIDTH, HEIGHT), QUALITY), SIDE, ask)
    before = len(asked)
    decoder.decode(encoder.encode(picture(WIDTH, HEIGHT), QUALITY), SIDE, ask)
    assert len(asked) - before < before


def test_plain_decoder_refuses_a_binned_frame() -> None:
    encoder, _ = opened()
    decoder = codec.open_decoder(codec.open_encoder("atn", WIDTH, HEIGHT).announcement)
    with pytest.raises(BitstreamError, match="CRC"):
        decoder.decode(encoder.encode(picture(WIDTH, HEIGHT), QUALITY), [])


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (b"\0", "request of 1 bytes"),
        (REQUEST.pack(9, 0x30, 5), "not there"),
        (REQUEST.pack(0, 0x00, 5), "not there"),
        (REQUEST.pack(0, 0x30, 9999), "expected no more than these"),
    ],
)
def test_encoder_refuses_what_is_no_request(request_: bytes, text: str) -> None:
    encoder, _ = opened()
    encoder.encode(picture(WIDTH, HEIGHT), QUALITY)
    with pytest.raises(BitstreamError, match=text):
        encoder.supplement(request_)


def answers(encoder: BinnedEncoder) -> list[Callable[[bytes], bytes]]:
    """What a stranger may answer to a request."""

    def framed(number: int, payload: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        return lambda request: framing.pack(framing.Header(number, 9, key=True), payload(request), encoder.announcement)

    return [
        lambda _: b"",
        lambda request: encoder.supplement(request)[:-1],
        framed(0, lambda request: bytes([request[2] ^ 1, 5, 5])),
        framed(3, lambda request: bytes([request[2], 5, 5])),
        framed(0, lambda request: bytes([request[2]]) + bytes(3000)),
    ]


@pytest.mark.parametrize("number", range(5))
def test_foreign_supplements_are_refused(number: int) -> None:
    encoder, decoder = opened()
    encoder.rate.learn((3, 0), 1000.0, 2, asked=False)
    frame = encoder.encode(picture(WIDTH, HEIGHT), QUALITY)
    with pytest.raises(BitstreamError):
        decoder.decode(frame, SIDE, answers(encoder)[number])


def test_damaged_payloads_are_refused_or_asked_about() -> None:
    encoder, decoder = opened()
    header = framing.Header(0, framing.quality_step(QUALITY), key=True)
    payload = framing.payload(encoder.encode(picture(WIDTH, HEIGHT), QUALITY))
    draw = np.random.default_rng(4)
    words = 6 + 4 * int.from_bytes(payload[4:6], "big")
    bad = [
        b"\0",
        payload[:-1],
        payload + b"\0",
        payload[: words + 2],
        b"\xff" + payload[1:],
        payload[:4] + b"\0\0" + payload[6:],
    ]
    for each in [*bad, *(draw.bytes(int(size)) for size in draw.integers(6, 300, size=8))]:
        with pytest.raises(BitstreamError):
            decoder.decode(framing.pack(header, each, encoder.announcement), [])
