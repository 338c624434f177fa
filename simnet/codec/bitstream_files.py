"""Bitstream files, written by `simnet encode` and read by `simnet decode`.

SNET | version (1) | length (2) | announcement, msgpack | CRC-32 of the bytes before it (4) | frame, as on a link
"""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgpack
import numpy as np
from PIL import Image

from simnet import code_files, codec_names, picture_files
from simnet.codec import registry
from simnet.codec.bitstream import announcements
from simnet.codec.bitstream.announcements import LARGEST_SIDE
from simnet.codec.registry import open_decoder, open_encoder
from simnet.errors import BitstreamError, InputError, ModelError, PictureError
from simnet.library_threads import limited
from simnet.output_files import write_whole
from simnet.records import Announcement, Decoded, SideInformation

FRONT = struct.Struct(">4sBH")
MAGIC, VERSION = b"SNET", 1
LARGEST_BYTES = 1 << 26
"""Largest file of a frame: that of a message between nodes."""
LEAST_SIDE = 8
"""Pixels of the shortest side of a side picture: less than the smallest block that codecs compare."""
MOST_PIXELS = 1 << 23
"""Pixels of the largest picture that a file may announce unless the user says otherwise: those of 4K, 3840 x 2160, fit."""


def pack(announcement: Announcement, frame: bytes) -> bytes:
    """Return the content of a one-frame file."""
    fields = dataclasses.asdict(announcement)
    if announcement.slices == 1:
        del fields["slices"]  # as in files from before there were slices
    body = bytes(msgpack.packb(fields) or b"")
    front = FRONT.pack(MAGIC, VERSION, len(body)) + body
    return front + zlib.crc32(front).to_bytes(4, "big") + frame


def unpack(data: bytes) -> tuple[Announcement, bytes]:
    """Return announcement and frame from a file's content; raise BitstreamError if it is invalid or incomplete."""
    if len(data) < FRONT.size or not data.startswith(MAGIC):
        raise BitstreamError("not a simnet bitstream; expected a file that starts with SNET")
    _, version, length = FRONT.unpack_from(data)
    if version != VERSION:
        raise BitstreamError(f"version {version}; expected {VERSION}")
    end = FRONT.size + length
    if len(data) < end + 4:
        raise BitstreamError(f"truncated: {len(data)} bytes; its announcement alone takes {end + 4}")
    if zlib.crc32(data[:end]) != int.from_bytes(data[end : end + 4], "big"):
        raise BitstreamError("announcement altered: its CRC-32 does not match")
    try:
        plain = msgpack.unpackb(data[FRONT.size : end])
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise BitstreamError(f"announcement is not readable: {type(error).__name__} in its msgpack") from error
    announcement = announcements.restored(plain)
    return announcement, data[end + 4 :]


def read_picture(path: Path, most: int = picture_files.MOST_PIXELS) -> np.ndarray:
    """Read a picture file as uint8 H x W x 3 RGB (`picture_files.read_rgb`), its sides up to LARGEST_SIDE."""
    picture = picture_files.read_rgb(path, most=most)
    if max(picture.shape) > LARGEST_SIDE:
        size = f"{picture.shape[1]} x {picture.shape[0]}"
        raise PictureError(f"{path}: picture of {size}; expected sides up to {LARGEST_SIDE}")
    return picture


@limited()
def encode_file(
    image: Path,
    output: Path,
    codec: str,
    quality: float,
    model: str | None = None,
    most_pixels: int = picture_files.MOST_PIXELS,
) -> tuple[int, int]:
    """Encode a picture file; return the frame's size in bytes, header included, and the picture's number of pixels."""
    if output.exists() and image.exists() and output.samefile(image):
        raise InputError(f"{output}: the picture itself; expected another file to write")
    picture = read_picture(image, most_pixels)
    encoder = open_encoder(codec, picture.shape[1], picture.shape[0], model)
    frame = encoder.encode(picture, quality, key=True)
    write_whole(output, pack(encoder.announcement, frame))
    return len(frame), picture.shape[0] * picture.shape[1]


@limited()
def decode_file(
    file: Path,
    output: Path,
    side: Sequence[Path] = (),
    models: Sequence[str] | None = (),
    most_pixels: int = MOST_PIXELS,
    code: str | None = None,
) -> Decoded:
    """Decode a file with side pictures from files, and write the picture.

    Args:
        file: The bitstream.
        output: The picture to write.
        side: Side pictures.
        models: Models that the bitstream may name besides the shipped ones; see `registry.open_decoder`.
        code: The codec, if the bitstream names a file of code: a bitstream never chooses what code runs.
        most_pixels: Largest picture; decoders of networks take some hundred bytes for each pixel that is announced.
    """
    data = _content(file)
    pictures = [SideInformation(_side_picture(path), str(path), 0) for path in side]
    try:
        announcement, frame = unpack(data)
        if (count := announcement.width * announcement.height) > most_pixels:
            raise BitstreamError(  # noqa: TRY301 - one place adds the file's name
                f"announced picture of {announcement.width} x {announcement.height} has {count} pixels; expected up to "
                f"{most_pixels} (--max-pixels {count} takes it)"
            )
        announcement = _by_own_code(announcement, code)
        decoder = open_decoder(announcement, models)
        _check_asked(announcement, side, models)
        decoded = decoder.decode(frame, pictures)
    except (BitstreamError, ModelError) as error:
        raise type(error)(f"{file}: {error}") from error
    write_whole(output, _picture_file(output, decoded.picture))
    return decoded


def _by_own_code(announcement: Announcement, code: str | None) -> Announcement:
    """Return the announcement with the user's own file of code in place of the one that it names.

    Raises:
        ModelError: It names code, and the user has named none, or other code.
    """
    named = codec_names.shown(announcement.codec)
    if code_files.parse(codec_names.bare(announcement.codec)) is None:
        if code is not None:
            raise ModelError(f"codec {announcements.shown(named)}: no code of a file; expected no --codec")
        return announcement
    if code is None or codec_names.shown(code) != named:
        wanted = announcements.shown(named)
        raise ModelError(f"coded by code of a file, {wanted}; expected --codec with its file, and --allow-code")
    return dataclasses.replace(announcement, codec=code)


def _check_asked(announcement: Announcement, side: Sequence[Path], models: Sequence[str] | None) -> None:
    """Refuse side pictures that the codec has no use for, and models that do not exist, whatever the bitstream needs."""
    codec = announcement.codec
    if side and not registry.takes_side(codec):
        raise BitstreamError(f"codec {codec} uses no side pictures; expected none of them (--side)")
    # Models of CompressAI are architectures, those of the user's own code are what that takes.
    if codec.removesuffix(registry.FUSE) != "compressai" and code_files.parse(codec_names.bare(codec)) is None:
        for name in models or ():
            registry.check_model(name)


def _side_picture(path: Path) -> np.ndarray:
    """Read a side picture; one of a few pixels is a mistake."""
    picture = read_picture(path)
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise PictureError(
            f"{path}: a side picture of {width} x {height} cannot help; expected at least {LEAST_SIDE} x {LEAST_SIDE}"
        )
    return picture


def _content(file: Path) -> bytes:
    """Return the content of a bitstream file; devices and pipes, which may never end, are refused."""
    try:
        if file.exists() and not file.is_file():
            raise BitstreamError(f"{file}: not a regular file; expected a bitstream")
        with file.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BitstreamError(f"{file}: {getattr(error, 'strerror', None) or error}; expected a bitstream") from error
    if len(data) > LARGEST_BYTES:
        raise BitstreamError(f"{file}: more than {LARGEST_BYTES} bytes; expected one frame")
    return data


def _picture_file(path: Path, picture: np.ndarray) -> bytes:
    """Return a picture in the format that the name of its file says."""
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path}: cannot be written as a picture: unknown ending {path.suffix!r}; expected one such as .png"
        )
    content = io.BytesIO()
    try:
        Image.fromarray(picture).save(content, kind)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: cannot be written as a picture: {error}; expected a name such as out.png") from error
    return content.getvalue()
