"""Codec without pictures: frame sizes drawn at random from the rows of a recorded run.

It serves network studies with many cameras, where coding real pictures would take hours. The size of a frame is drawn at random
from the recorded frames with the nearest quality; key frames are drawn from key frames, other frames from other frames. Draws
are independent, so the correlation of sizes between successive frames of a scene is lost. The bitstreams have valid headers and
the drawn length, but the payload cannot be decoded to a picture: such a stream has no PSNR.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.codec.bitstream import framing
from simnet.errors import InputError
from simnet.records import Announcement

if TYPE_CHECKING:
    import numpy as np

NAME = "recorded"
SEPARATOR = "#"
"""Separator in a stream's model: FILE, or FILE#STREAMS."""
NEAREST = 64
"""Minimum number of frames in a draw (fewer only if fewer exist); a draw includes all frames within `ALIKE` of the quality."""
ALIKE = 0.02
COLUMNS = ("stream", "codec", "size_bytes", "quality", "key", "link_bytes", "bpp")
LARGEST_BYTES = 2**26
"""Largest frame size: the limit of a message between nodes."""
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of recorded frames in bytes, sorted by quality."""

    qualities: list[float]
    sizes_bytes: list[int]

    def nearest(self, quality: float) -> tuple[int, int]:
        """Return the index range of the frames from which a frame of `quality` is drawn."""
        low, high = bisect_left(self.qualities, quality - ALIKE), bisect_right(self.qualities, quality + ALIKE)
        last = len(self.qualities)
        while high - low < min(NEAREST, last):
            if high == last or (low > 0 and quality - self.qualities[low - 1] <= self.qualities[high] - quality):
                low -= 1
            else:
                high += 1
        return low, high


@dataclass(frozen=True, slots=True)
class RecordedSizes:
    """Frame sizes of one codec, read from a run's rows."""

    codec: str
    digest: str
    pixels: int
    key: Sizes
    other: Sizes
    """Frames that refer to other frames; empty for still pictures."""

    @property
    def qualities(self) -> tuple[float, float]:
        """Lowest and highest recorded quality."""
        every = [*self.key.qualities, *self.other.qualities]
        return min(every), max(every)


def check(stream: str, model: str | None, width: int, height: int, quality: float | None) -> None:
    """Raise InputError if a stream of this size and fixed quality (if any) cannot be drawn from the rows of `model`."""
    recording = opened(model or "")
    if recording.pixels != width * height:
        raise InputError(
            f"stream {stream}: pictures of {width} x {height} have {width * height} pixels; expected {recording.pixels}, "
            f"as those recorded in {model}"
        )
    low, high = recording.qualities
    if quality is not None and not low - ALIKE <= quality <= high + ALIKE:
        raise InputError(
            f"stream {stream}: quality {quality:g}; expected {low:.3g} to {high:.3g}, as recorded in {model}"
        )


@lru_cache(maxsize=64)
def opened(model: str) -> RecordedSizes:
    """Return the sizes in the rows of `model`.

    Raises:
        InputError: The file does not exist, is not a run's rows, lacks these streams, or the streams cannot be mixed.
    """
    file, _, pattern = model.partition(SEPARATOR)
    table, digest = _read(file)
    chosen = [at for at, stream in enumerate(table["stream"]) if not pattern or fnmatchcase(stream, pattern)]
    streams = sorted(set(table["stream"]))
    if not chosen:
        raise InputError(f"{file}: no rows of stream {pattern!r}; expected one of: {', '.join(streams)}")
    _check_values(file, table, chosen)
    codecs = sorted({table["codec"][at] for at in chosen})
    sizes = {round(8 * table["link_bytes"][at] / table["bpp"][at]) for at in chosen}
    if len(codecs) > 1 or len(sizes) > 1:
        what = f"codecs {', '.join(codecs)}" if len(codecs) > 1 else "pictures of several sizes"
        raise InputError(f"{file}: {what}; expected one, chosen by stream: one of {', '.join(streams)}, or a pattern")
    kinds = [_sizes(table, [at for at in chosen if table["key"][at] is key]) for key in (True, False)]
    return RecordedSizes(codecs[0], digest, sizes.pop(), *kinds)


class RecordedEncoder:
    """Encoder of one stream. It gets no picture, so it is not a `protocols.Encoder`."""

    def __init__(self, model: str, width: int, height: int, generator: np.random.Generator) -> None:
        """Create an encoder that draws from the rows of `model` with `generator`."""
        self._recording = opened(model)
        self.announcement = Announcement(NAME, model, self._recording.digest, "", width, height)
        low, high = self._recording.qualities
        self._bounds = low - ALIKE, high + ALIKE
        self._generator = generator
        self._draws: list[float] = []
        self._sequence = 0
        self._salt = framing.salt(self.announcement)
        self._as_before: tuple[float, bool] | None = None
        self._choice: tuple[list[int], int, float, bool] = [], 0, 0.0, True

    def skip_to(self, sequence: int) -> None:
        """Continue with a later frame, as if all frames before it had been drawn."""
        while self._sequence < sequence:
            self._refill()
            self._draws.pop()
            self._sequence += 1

    def encode(self, quality: float, *, key: bool = False) -> tuple[bytes, float, bool]:
        """Return a frame, its quality (the requested quality, if recorded) and whether it is a key frame."""
        if self._as_before != (quality, key):
            self._as_before, self._choice = (quality, key), self._choose(quality, key)
        sizes_bytes, step, settled, key = self._choice
        if not self._draws:
            self._refill()
        payload = bytes(sizes_bytes[int(self._draws.pop() * len(sizes_bytes))])
        data = framing.salted(self._sequence, step, key, payload, self._salt)
        self._sequence += 1
        return data, settled, key

    def _refill(self) -> None:
        if not self._draws:
            self._draws = self._generator.random(_BLOCK).tolist()

    def _choose(self, quality: float, key: bool) -> tuple[list[int], int, float, bool]:
        """Return the candidate payload sizes, the quality step, the quality, and whether it is a key frame."""
        low, high = self._bounds
        step = framing.quality_step(min(max(quality, low), high))
        key = key or not self._recording.other.sizes_bytes
        as_asked = low <= quality <= high or step == framing.quality_step(quality)
        settled = quality if as_asked else step / framing.QUALITY_STEPS
        return _payloads(self.announcement.model, key, step), step, settled, key


@lru_cache(maxsize=1024)
def _payloads(model: str, key: bool, step: int) -> list[int]:
    """Return the candidate payload sizes for a frame of this quality, one cached list for all streams of a run."""
    sizes = opened(model).key if key else opened(model).other
    first, last = sizes.nearest(step / framing.QUALITY_STEPS)
    return [max(1, size - framing.HEADER.size) for size in sizes.sizes_bytes[first:last]]


def _read(file: str) -> tuple[dict[str, list[Any]], str]:
    import hashlib

    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
        # Not read_table: it loads pandas first.
        with pq.ParquetFile(file) as opened_file:
            table = opened_file.read([name for name in COLUMNS if name in opened_file.schema_arrow.names])
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({error.strerror or error}); expected a run's rows.parquet"
        ) from error
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise InputError(f"{file}: not a run's rows; expected a rows.parquet of this version") from error
    if set(table.column_names) != set(COLUMNS) or not table.num_rows:
        raise InputError(f"{file}: no rows with {', '.join(COLUMNS)}; expected a rows.parquet of this version")
    columns = table.to_pydict()
    # Frames of a failed node have rows, but were never coded.
    coded = [at for at, size_bytes in enumerate(columns["size_bytes"]) if size_bytes != 0]
    if not coded:
        raise InputError(f"{file}: no frame was coded; expected the rows of a run that sent some")
    return {name: [values[at] for at in coded] for name, values in columns.items()}, digest


def _check_values(file: str, table: dict[str, list[Any]], places: list[int]) -> None:
    """Raise InputError if a row has a value that no run writes."""
    bounds = {"size_bytes": (1, LARGEST_BYTES), "link_bytes": (1, 2**40), "bpp": (1e-9, 1e9), "quality": (0, 1)}
    for name, (least, most) in bounds.items():
        for at in places:
            value = table[name][at]
            if not isinstance(value, (int, float)) or not least <= value <= most:
                raise InputError(
                    f"{file}: a row of {table['stream'][at]} has {name} {value!r}; expected a number from {least} to {most}"
                )


def _sizes(table: dict[str, list[Any]], places: list[int]) -> Sizes:
    found = sorted((table["quality"][at], table["size_bytes"][at]) for at in places)
    return Sizes([quality for quality, _ in found], [size_bytes for _, size_bytes in found])
