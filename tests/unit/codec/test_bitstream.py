"""The frame's header: what is whole passes, what is not is refused by name."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.codec.bitstream import framing
from simnet.errors import BitstreamError
from simnet.records import Announcement

STREAM = Announcement("atn", "atn", "0123456789abcdef", "fedcba9876543210", 256, 128)
payloads = st.binary(min_size=1, max_size=400)


@given(st.integers(0, 100_000), st.integers(0, 255), st.booleans(), payloads)
def test_packed_frame_passes_verification(sequence: int, quality: int, key: bool, payload: bytes) -> None:
    data = framing.pack(framing.Header(sequence, quality, key), payload, STREAM)
    assert len(data) == 8 + len(payload)
    assert framing.verify(data, STREAM) == framing.Header(sequence % 65536, quality, key)
    assert framing.payload(data) == payload


@given(payloads, st.data())
def test_any_altered_byte_is_refused(payload: bytes, data: st.DataObject) -> None:
    whole = bytearray(framing.pack(framing.Header(3, 128, key=True), payload, STREAM))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BitstreamError):
        framing.verify(bytes(whole), STREAM)


@given(payloads, st.data())
def test_any_truncation_is_refused(payload: bytes, data: st.DataObject) -> None:
    whole = framing.pack(framing.Header(3, 128, key=True), payload, STREAM)
    with pytest.raises(BitstreamError, match="truncated"):
        framing.verify(whole[: data.draw(st.integers(0, len(whole) - 1))], STREAM)


@pytest.mark.parametrize(
    "change", [{"codec": "jpeg"}, {"checkpoint_digest": "0" * 16}, {"tables_digest": "0" * 16}, {"width": 128}]
)
def test_frame_of_another_stream_is_refused(change: dict) -> None:
    data = framing.pack(framing.Header(0, 0, key=True), b"payload", STREAM)
    with pytest.raises(BitstreamError, match="another codec"):
        framing.verify(data, dataclasses.replace(STREAM, **change))


@pytest.mark.parametrize("quality", [-0.1, 1.1, float("nan")])
def test_quality_outside_the_range_is_refused(quality: float) -> None:
    with pytest.raises(BitstreamError, match="from 0 to 1"):
        framing.quality_step(quality)
