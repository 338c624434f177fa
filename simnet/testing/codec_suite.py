"""Conformance suite of codecs."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet import codec as codecs
from simnet import quality
from simnet.codec import plugin_codecs
from simnet.codec.bitstream import framing
from simnet.errors import BitstreamError, PictureError
from simnet.records import Announcement, Decoded, SideInformation
from simnet.testing.require import refused, require, run

if TYPE_CHECKING:
    from simnet.codec.protocols import Decoder, Encoder

SIZES = ((200, 120), (47, 33), (19, 17), (16, 16))
"""Width and height of coded pictures: no multiple of a network's stride, odd, small, the minimum of a scenario."""
ALTERATIONS = 60


@dataclass(frozen=True)
class CodecUnderTest:
    """A codec by name, or the object that an entry point names; `model` is one of its models."""

    codec: Any
    model: str | None = None
    likeness_db: float = 18.0
    """Minimum PSNR (dB) at the best quality, on a picture with fine texture."""
    one_rate: bool = False
    """Whether quality has no effect, as in codecs with one rate per model."""
    sizes: tuple[tuple[int, int], ...] = SIZES
    """Picture sizes; most checks use the first. Use smaller ones for slow codecs."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height for most checks."""
        return self.sizes[0]

    @property
    def name(self) -> str:
        """Name under which the codec is announced."""
        return self.codec if isinstance(self.codec, str) else "under_test"

    def picture(self, shift: int = 0) -> np.ndarray:
        """Return the picture that most checks code, moved by `shift` pixels."""
        return picture(*self.size, shift)

    def encoder(self, width: int | None = None, height: int | None = None) -> Encoder:
        """Open a new encoder."""
        width, height = width or self.size[0], height or self.size[1]
        if isinstance(self.codec, str):
            return codecs.open_encoder(self.codec, width, height, self.model)
        return self._family.open_encoder(self.name, width, height, self.model)

    def decoder(self, announcement: Announcement) -> Decoder:
        """Open a new decoder."""
        return (
            codecs.open_decoder(announcement)
            if isinstance(self.codec, str)
            else self._family.open_decoder(announcement)
        )

    def times(self) -> tuple[int, int]:
        """Return the declared coding times."""
        if isinstance(self.codec, str):
            return codecs.declared_times(self.codec, self.model)
        return self._family.declared_times(self.name, self.model)

    @property
    def _family(self) -> plugin_codecs.Family:
        # A new object for each encoder would hide state that encoders share, so a class is instantiated once.
        made = _made(self.codec) if inspect.isclass(self.codec) else self.codec
        return plugin_codecs.of(made, self.name, f"codec {self.codec!r:.60}", lambda: "0" * 16)


@lru_cache(maxsize=8)
def _made(codec: type) -> Any:
    return codec()


def check_codec(codec: Any, *, model: str | None = None, likeness_db: float = 18.0, one_rate: bool = False) -> None:
    """Run the whole suite on a codec; see `CodecUnderTest` for the arguments.

    Raises:
        AssertionError: A check fails; the text states the expectation.
    """
    run(CODEC_CHECKS, CodecUnderTest(codec, model, likeness_db, one_rate))


def picture(width: int, height: int, shift: int = 0) -> np.ndarray:
    """A read-only picture with edges, gradients and fine texture; `shift` moves it by that many pixels."""
    y, x = np.mgrid[0:height, shift : shift + width]
    noise = np.random.default_rng(5).normal(0, 6, (height, width + 64))[:, shift : shift + width]
    base = 90 + 60 * np.sin(x / 17) + 40 * ((x // 25 + y // 20) % 2) + noise
    made = np.clip(np.stack([base, base * 0.9 + 10, 255 - base], axis=2), 0, 255).astype(np.uint8)
    made.setflags(write=False)
    return made


def declares_itself(subject: CodecUnderTest) -> None:
    """Coding times are declared, and an encoder's announced name and size never change."""
    times = subject.times()
    require(len(times) == 2 and min(times) >= 0, f"declared_times: {times}; expected (encode ns, decode ns)")
    encoder = subject.encoder()
    announced = encoder.announcement
    told = (announced.codec, announced.width, announced.height)
    expected = (subject.name, *subject.size)
    require(told == expected, f"announcement: {told}; expected {expected}")
    encoder.encode(subject.picture(), 0.5)
    require(encoder.announcement == announced, "announcement: another after a frame; expected what was announced once")


def decodes_any_size(subject: CodecUnderTest) -> None:
    """At the best quality, the announcement and the frame suffice to decode a similar picture of any size."""
    for width, height in subject.sizes:
        image = picture(width, height)
        encoder = subject.encoder(width, height)
        decoded = subject.decoder(encoder.announcement).decode(encoder.encode(image, 1.0), ())
        _require_whole(decoded, width, height)
        psnr = quality.psnr(decoded.picture, image)
        text = f"{width} x {height} at quality 1: PSNR {psnr:.1f} dB; expected {subject.likeness_db:g} dB or more"
        require(psnr >= subject.likeness_db, text)


def rate_rises_with_quality(subject: CodecUnderTest) -> None:
    """Frame size and PSNR rise with quality; a codec with one rate sends the same frame at any quality."""
    encoder = subject.encoder()
    decoder = subject.decoder(encoder.announcement)
    frames = [encoder.encode(subject.picture(), each, key=True) for each in np.linspace(0, 1, 9)]
    if subject.one_rate:
        require(
            len({framing.payload(frame) for frame in frames}) == 1, "quality: changes the payload; expected one rate"
        )
        return
    sizes = [len(frame) for frame in frames]
    require(sizes == sorted(sizes), f"quality 0 to 1: frames of {sizes} bytes; expected them to grow")
    require(sizes[-1] > sizes[0], f"quality 0 to 1: frames of {sizes[0]} bytes throughout; expected them to grow")
    worst, best = (quality.psnr(decoder.decode(frames[at], ()).picture, subject.picture()) for at in (0, -1))
    require(best > worst, f"quality 0 to 1: PSNR {worst:.1f} to {best:.1f} dB; expected it to rise")


def two_encoders_agree(subject: CodecUnderTest) -> None:
    """Encoders with equal inputs give equal bytes, independent of other encoders; two decoders give equal pictures."""
    first, second, other = subject.encoder(), subject.encoder(), subject.encoder()
    decoders = [subject.decoder(first.announcement) for _ in range(2)]
    for number in range(3):
        frames = []
        for encoder in (first, second):
            other.encode(subject.picture(shift=40 - number), 0.9)
            frames.append(encoder.encode(subject.picture(shift=number), 0.4))
        require(frames[0] == frames[1], f"frame {number}: two encoders make other bytes of it; expected the same")
        pictures = [decoder.decode(frames[0], ()).picture for decoder in decoders]
        require(
            (pictures[0] == pictures[1]).all(),
            f"frame {number}: two decoders make other pictures of it; expected the same",
        )


def frames_are_numbered(subject: CodecUnderTest) -> None:
    """Headers count from 0 and contain the quality; the first frame is a key frame."""
    encoder = subject.encoder()
    headers = [framing.header(encoder.encode(subject.picture(), 0.2)) for _ in range(3)]
    numbers = [header.sequence for header in headers]
    require(numbers == [0, 1, 2], f"sequence numbers: {numbers}; expected [0, 1, 2]")
    require(headers[0].key, "frame 0: refers to an earlier one; expected a key frame")


def key_frames_stand_alone(subject: CodecUnderTest) -> None:
    """A key frame gives the same picture in a new decoder as in one that decoded all earlier frames."""
    encoder = subject.encoder()
    frames = [encoder.encode(subject.picture(shift=number), 0.5, key=number == 2) for number in range(3)]
    require(framing.header(frames[2]).key, "frame 2, with key=True: no key frame; expected one")
    old, new = (subject.decoder(encoder.announcement) for _ in range(2))
    seen = [old.decode(frame, ()).picture for frame in frames][2]
    alone = new.decode(frames[2], ()).picture
    require((seen == alone).all(), "frame 2, a key frame: depends on earlier ones; expected that it refers to none")


def other_sizes_are_refused(subject: CodecUnderTest) -> None:
    """An encoder accepts only pictures of its size: uint8, height x width x 3."""
    encoder = subject.encoder()
    width, height = subject.size
    for bad in (picture(width - 1, height), subject.picture().astype(np.float32), subject.picture()[..., :1]):
        with refused(
            PictureError, f"a picture of {' x '.join(map(str, bad.shape))} {bad.dtype} in a {width} x {height} stream"
        ):
            encoder.encode(bad, 0.5)


def damaged_frames_are_refused(subject: CodecUnderTest) -> None:
    """Frames that are truncated, altered, or from another stream are never decoded to a picture."""
    encoder = subject.encoder()
    decoder = subject.decoder(encoder.announcement)
    whole = encoder.encode(subject.picture(), 0.1)
    draw = np.random.default_rng(1)
    for length in {0, 4, 8, len(whole) // 2, len(whole) - 1}:
        with refused(BitstreamError, f"a frame cut off after {length} of {len(whole)} bytes"):
            decoder.decode(whole[:length], ())
    for place in draw.integers(len(whole), size=ALTERATIONS):
        altered = bytearray(whole)
        altered[place] ^= int(draw.integers(1, 256))
        with refused(BitstreamError, f"a frame with byte {place} altered"):
            decoder.decode(bytes(altered), ())
    turned = subject.size[::-1]
    foreign = subject.encoder(*turned).encode(picture(*turned), 0.1)
    with refused(BitstreamError, "a frame of another size's stream"):
        decoder.decode(foreign, ())


def garbage_crashes_nothing(subject: CodecUnderTest) -> None:
    """An arbitrary payload with a valid checksum is refused, or decodes to a picture of the right size."""
    encoder = subject.encoder()
    header = framing.header(encoder.encode(subject.picture(), 0.5, key=True))
    draw = np.random.default_rng(2)
    payload = framing.payload(encoder.encode(subject.picture(), 0.5, key=True))
    payloads = [b"\0", b"\xff" * 40, payload + b"\0" * 40, payload[: len(payload) // 2], payload[::-1]]
    payloads += [draw.bytes(int(size)) for size in draw.integers(1, 400, size=10)]
    for bad in payloads:
        # A new decoder for each: another check covers the state that a bad frame leaves behind.
        decoder = subject.decoder(encoder.announcement)
        try:
            decoded = decoder.decode(framing.pack(header, bad, encoder.announcement), ())
        except BitstreamError:
            continue
        except Exception as error:
            raise AssertionError(
                f"a payload of {bad[:12]!r}...: raises {type(error).__name__} ({error}); expected BitstreamError or a picture"
            ) from error
        _require_whole(decoded, *subject.size)


def side_information_is_optional(subject: CodecUnderTest) -> None:
    """Frames decode with any number and size of side pictures, or none; `alone` is always the picture without them."""
    encoder = subject.encoder()
    data = encoder.encode(subject.picture(), 0.3, key=True)
    alone = subject.decoder(encoder.announcement).decode(data, ())
    require(
        (alone.picture == alone.alone).all(), "without side information: picture and alone differ; expected the same"
    )
    near, small = subject.picture(shift=3), picture(*(side // 2 for side in subject.size))
    for sides in ([near], [small], [near, small, near]):
        given = [SideInformation(each, "other", 0) for each in sides]
        decoded = subject.decoder(encoder.announcement).decode(data, given)
        _require_whole(decoded, *subject.size)
        text = f"with {len(sides)} side pictures: alone is not what decoding without gives; expected the same"
        require((decoded.alone == alone.picture).all(), text)
    other = subject.decoder(replace(encoder.announcement)).decode(data, ())
    require(
        (other.picture == alone.picture).all(), "after side information: another picture without; expected the same"
    )


def _require_whole(decoded: Decoded, width: int, height: int) -> None:
    for name in ("picture", "alone"):
        made = getattr(decoded, name)
        found = f"{' x '.join(map(str, made.shape))} {made.dtype}"
        text = f"decoded.{name}: {found}; expected {height} x {width} x 3 uint8"
        require(made.shape == (height, width, 3) and made.dtype == np.uint8, text)


CODEC_CHECKS = (
    declares_itself,
    decodes_any_size,
    rate_rises_with_quality,
    two_encoders_agree,
    frames_are_numbered,
    key_frames_stand_alone,
    other_sizes_are_refused,
    damaged_frames_are_refused,
    garbage_crashes_nothing,
    side_information_is_optional,
)
