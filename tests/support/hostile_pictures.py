"""Small picture files that ask for much more memory than their pictures need, made by altering headers of small ones."""

import io
import os
import struct
import zlib
from collections.abc import Iterator

import av
import numpy as np
from PIL import Image

from simnet.codec.video import libav, scheduling

WIDTH, HEIGHT = 64, 48
HUGE = 13_000
"""Side of a picture that Pillow alone would take: below its own limit of 178 million pixels."""


STYLES = {
    "precincts of two pixels": {"precinct": 0x11},
    "precincts of two pixels in a tile": {"precinct": 0x11, "in_tile": True},
    "precincts of two pixels in a component": {"precinct": 0x11, "of_component": True},
    "code-blocks of four pixels": {"block": 0},
    "many layers": {"layers": 65_535},
}
"""What a JPEG 2000 header asks for beside pixels."""


def styled(
    codestream: bytes | bytearray,
    *,
    block: int = 4,
    precinct: int = 0xFF,
    layers: int = 1,
    in_tile: bool = False,
    of_component: bool = False,
) -> bytes:
    """A codestream whose coding style (of all, of component 0, or in the first tile-part) is another."""
    at = codestream.index(b"\xff\x52")
    length = int.from_bytes(codestream[at + 2 : at + 4], "big")
    levels = codestream[at + 9]
    coded = bytes([levels, block, block, 0, 1, *[precinct] * (levels + 1)])
    if of_component:
        content, marker = b"\0\1" + coded, b"\xff\x53"
    else:
        content, marker = b"\1\0" + layers.to_bytes(2, "big") + b"\0" + coded, b"\xff\x52"
    segment = marker + (len(content) + 2).to_bytes(2, "big") + content
    if not in_tile and not of_component:
        return bytes(codestream[:at]) + segment + bytes(codestream[at + 2 + length :])
    part = codestream.index(b"\xff\x90")
    where = part + 12 if in_tile else part
    whole = bytearray(codestream[:where] + segment + codestream[where:])
    if in_tile:
        size = int.from_bytes(whole[part + 6 : part + 10], "big")
        whole[part + 6 : part + 10] = (size + len(segment) if size else 0).to_bytes(4, "big")
    return bytes(whole)


def small(kind: str, **options: object) -> bytearray:
    """A grey picture of WIDTH x HEIGHT as a file."""
    file = io.BytesIO()
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 99, np.uint8)).save(file, kind, **options)
    return bytearray(file.getvalue())


def pictures() -> Iterator[tuple[str, bytes]]:
    """(name, file) of each: huge pictures, huge canvases and tiles, sizes that do not agree; the name begins with the codec."""
    yield "jpeg huge", _patched(small("JPEG"), b"\xff\xc0\0\x11\x08", 5, ">HH", HUGE, HUGE)
    yield (
        "jpeg progressive huge",
        _patched(small("JPEG", progressive=True), b"\xff\xc2\0\x11\x08", 5, ">HH", HUGE, HUGE),
    )
    codestream = small("JPEG2000", no_jp2=True)
    huge = struct.pack(">8I", HUGE, HUGE, 0, 0, HUGE, HUGE, 0, 0)
    yield "jpeg2000 huge", bytes(codestream[:8]) + huge + bytes(codestream[40:])
    yield "jpeg2000 components", bytes(codestream[:40]) + b"\x3f\xff" + bytes(codestream[42:])
    container = small("JPEG2000", no_jp2=False)
    at = container.index(b"\xff\x4f\xff\x51")
    yield "jpeg2000 sizes of box and codestream differ", bytes(container[: at + 8]) + huge + bytes(container[at + 40 :])
    canvas = (HUGE - 1).to_bytes(3, "little") * 2
    plain = small("WEBP")[12:]
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas + bytes(plain)
    yield "webp huge canvas", b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    yield "avif huge", _patched(small("AVIF", speed=10), b"ispe", 8, ">II", HUGE, HUGE)
    yield "avif sizes of box and frame differ", _avif_of_two_sizes()
    for library, codec in (("libsvtav1", "av1"), ("libx264", "h264"), ("libx265", "hevc")):
        yield f"{codec} larger", coded(library, 2048, 2048)
        yield f"{codec} ten bits", coded(library, WIDTH, HEIGHT, "yuv420p10le")
    yield "av1 odd size", coded("libsvtav1", WIDTH - 1, HEIGHT - 1)


def files() -> Iterator[tuple[str, bytes]]:
    """(name, file) of each further file that no codec of ours sends."""
    png = small("PNG")
    header = b"IHDR" + struct.pack(">II", HUGE, HUGE) + bytes(png[24:29])
    yield "huge.png", bytes(png[:12]) + header + zlib.crc32(header).to_bytes(4, "big") + bytes(png[33:])
    text = zlib.compress(bytes(1 << 28), 9)
    for name, front in (("iccp.png", b"iCCPa\0\0"), ("ztxt.png", b"zTXta\0\0"), ("itxt.png", b"iTXta\0\1\0\0\0")):
        chunk = front + text
        whole = struct.pack(">I", len(chunk) - 4) + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        yield name, bytes(png[:33]) + whole + bytes(png[33:])
    yield "tiles.tif", tiled_tiff(60_000, 60_000)
    codestream = small("JPEG2000", no_jp2=True)
    large = struct.pack(">8I", 2000, 2000, 0, 0, 2000, 2000, 0, 0)
    for name, change in STYLES.items():
        yield f"{name}.jp2", styled(bytes(codestream[:8]) + large + bytes(codestream[40:]), **change)
    tiles = struct.pack(">8I", 8000, 8000, 0, 0, 1, 1, 0, 0)
    yield "tiles.jp2", bytes(codestream[:8]) + tiles + bytes(codestream[40:])
    bitmap = small("BMP")
    yield "huge.bmp", bytes(bitmap[:18]) + struct.pack("<ii", HUGE, HUGE) + bytes(bitmap[26:])
    yield "huge.ppm", f"P6 {HUGE} {HUGE} 255\n".encode() + bytes(100)
    gif = small("GIF")
    yield "huge.gif", bytes(gif[:6]) + struct.pack("<HH", HUGE, HUGE) + bytes(gif[10:])
    icon = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT)).save(icon, "ICO")
    yield "icon.png", icon.getvalue()
    yield "program.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"


def tiled_tiff(width: int, height: int) -> bytes:
    """A grey TIFF of WIDTH x HEIGHT in one compressed tile of width x height."""
    data = zlib.compress(bytes(WIDTH * HEIGHT))
    tags = {256: WIDTH, 257: HEIGHT, 258: 8, 259: 8, 262: 1, 277: 1, 322: width, 323: height, 324: 8, 325: len(data)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def coded(library: str, width: int, height: int, pixels: str = "yuv420p") -> bytes:
    """A key frame, parameter sets in front of it."""
    context = av.CodecContext.create(library, "w")
    context.width, context.height, context.pix_fmt, context.time_base = width, height, pixels, libav.TICK
    context.thread_count = 1
    context.options = {
        "libsvtav1": {"preset": "8", "svtav1-params": "pred-struct=1:lp=1"},
        "libx264": {"preset": "ultrafast", "tune": "zerolatency"},
        "libx265": {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none:pools=none"},
    }[library]
    frame = av.VideoFrame(width, height, pixels)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts = 0
    os.environ.setdefault("SVT_LOG", "0")
    with scheduling.kept():
        return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def _patched(file: bytearray, mark: bytes, after: int, shape: str, *values: int) -> bytes:
    at = file.index(mark) + after
    struct.pack_into(shape, file, at, *values)
    return bytes(file)


def _avif_of_two_sizes() -> bytes:
    """A picture of 4096 x 4096 in a container that says WIDTH x HEIGHT."""
    file = io.BytesIO()
    Image.new("L", (4096, 4096)).save(file, "AVIF", speed=10)
    return _patched(bytearray(file.getvalue()), b"ispe", 8, ">II", WIDTH, HEIGHT)
