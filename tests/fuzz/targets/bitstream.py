"""Bitstreams of every registered codec: altered frames and files, and altered payloads behind checksums that are right."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from fuzz.mutations import altered
from simnet import codec
from simnet.codec import bitstream_files, identity
from simnet.codec.bitstream import framing
from simnet.codec.protocols import Decoder
from simnet.errors import BitstreamError, ModelError, PictureError
from simnet.records import Announcement, SideInformation

REFUSED = (BitstreamError, ModelError, PictureError)
WIDTH, HEIGHT = 80, 48
NEEDS_WEIGHTS = ("atn-paper", "ndic-bls17", "ndic-bmshj18", "bls17", "bmshj18", "dsin", "compressai")
"""Codecs without shipped weights; `model_folder` makes their models."""
CODECS = [
    name
    for name in (*codec.names(), "avif+fuse")
    if name not in NEEDS_WEIGHTS and codec.registry.plugin_of(name) is None
]
MEMORY_MIB = 768


class Stream(NamedTuple):
    announcement: Announcement
    frames: list[bytes]
    decoder: Decoder


STREAMS: dict[str, Stream] = {}


def prepare() -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    for name in CODECS:
        encoder = codec.open_encoder(name, WIDTH, HEIGHT)
        pictures = [
            np.stack([x * 3 + shift, y * 5, (x * y + 7 * shift) % 256], axis=2).astype(np.uint8) for shift in range(3)
        ]
        frames = [encoder.encode(each, quality) for each, quality in zip(pictures, (0.2, 0.4, 0.9), strict=True)]
        decoder = codec.open_decoder(encoder.announcement, [])
        for frame in frames:
            decoder.decode(frame, [SideInformation(pictures[0], "side", 0)])
        STREAMS[name] = Stream(encoder.announcement, frames, decoder)


class Trial(NamedTuple):
    """Bytes for a codec's decoder, right after its frame `before`."""

    codec: str
    before: int
    data: bytes
    in_file: bool
    side: bool


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    name = draw(st.sampled_from(CODECS))
    stream, number = STREAMS[name], draw(st.integers(0, 2))
    frame = stream.frames[number]
    if draw(st.sampled_from((True, True, True, False))):
        payload = draw(altered([framing.payload(frame)]) | st.binary(max_size=200))
        header = framing.Header(number, draw(st.integers(0, 255)), key=draw(st.booleans()) or number == 0)
        frame = framing.pack(header, payload, stream.announcement)
    else:
        frame = draw(altered([frame]))
    return Trial(name, number - 1, frame, draw(st.booleans()), draw(st.booleans()))


INPUTS = trials()


def attempt(trial: Trial) -> None:
    stream = STREAMS[trial.codec]
    data = trial.data
    if trial.in_file:
        announcement, data = bitstream_files.unpack(bitstream_files.pack(stream.announcement, data))
        assert announcement == stream.announcement
    if identity.refers(trial.codec) and trial.before >= 0:
        for frame in stream.frames[: trial.before + 1]:
            stream.decoder.decode(frame, ())
    side = [SideInformation(np.full((HEIGHT, WIDTH, 3), 99, np.uint8), "side", 0)] if trial.side else []
    decoded = stream.decoder.decode(data, side)
    for picture in (decoded.picture, decoded.alone):
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert picture.dtype == np.uint8
