"""Logs of messages: MCAP and SQLite files of ROS 2, alone or in a bag's folder, read in the order in which they were written.

    folder ──metadata.yaml, or names──▶ files ──▶ records ──chunks unpacked up to their stated size──▶ LoggedMessage

A file may come from anywhere: every size that it states is compared with a limit before memory is taken.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import lz4.frame
import yaml
import zstandard
from mcap.records import Channel, Chunk, DataEnd, Header, Message, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from simnet import input_files
from simnet.drives import packed_logs
from simnet.errors import InputError
from simnet.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mcap.records import McapRecord

EXPECTED = "a ROS 2 bag (its folder, .mcap or .db3) or another MCAP file"
LARGEST_BYTES = 1 << 29
"""Most bytes of a record, a chunk or a message: a picture of the largest size with 16 bits a channel fits twice."""
SUFFIXES = (".mcap", ".db3")
METADATA = "metadata.yaml"
_MCAP, _SQLITE = b"\x89MCAP0\r\n", b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class LogChannel:
    """Channel of a log: its topic, the type of its messages, and how they are encoded (`cdr`, `json`, ...)."""

    topic: str
    type: str
    encoding: str
    definition: str = ""
    """Definition of a ROS type as text, if the file has it."""
    is_own: bool = False
    """Whether simnet has written the file."""


class LoggedMessage(NamedTuple):
    """A message, and when it was logged (ns)."""

    channel: LogChannel
    log_ns: int
    data: bytes


class BagError(InputError):
    """A bag is damaged, cut off, or none."""


def files_of(path: Path) -> list[Path]:
    """Return the files of a bag in the order of recording.

    Raises:
        BagError: There is no such file or folder, or none that is a log.
    """
    input_files.check_regular(path, EXPECTED)
    if not path.is_dir():
        if not path.is_file():
            raise BagError(f"{path}: no such file or folder; expected {EXPECTED}")
        return [path]
    named = [path / name for name in _metadata(path).get("relative_file_paths", [])]
    found = [file for file in named if file.is_file()] or sorted(
        (file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file()),
        key=lambda file: (len(file.name), file.name),
    )
    missing = [file.name for file in named if not file.is_file()]
    if missing and found == [file for file in named if file.is_file()]:
        raise BagError(f"{path}: {printable(missing[0])} is missing, which {METADATA} lists; expected {EXPECTED}")
    if not found:
        raise BagError(f"{path}: no file {' or '.join(f'*{suffix}' for suffix in SUFFIXES)} in it; expected {EXPECTED}")
    return found


def read(path: Path, wanted: Callable[[LogChannel], bool]) -> Iterator[LoggedMessage]:
    """Yield the messages of the channels that are wanted.

    Raises:
        BagError: The bag cannot be read on; what has been yielded is sound.
    """
    files = files_of(path)
    packs_messages = path.is_dir() and str(_metadata(path).get("compression_mode", "")).lower() == "message"
    for file in files:
        try:
            plain = packed_logs.unpacked(file) if _head(file).startswith(packed_logs.MAGIC) else file
            for message in _reader(file, _head(plain))(plain, wanted):
                yield message._replace(data=_unpacked("zstd", message.data)) if packs_messages else message
        except (InputError, GeneratorExit):
            raise
        except Exception as error:  # the readers raise almost any exception for a damaged file
            raise BagError(f"{file}: {_what(error)}; expected {EXPECTED}") from error


def _head(file: Path) -> bytes:
    input_files.check_regular(file, EXPECTED)
    with file.open("rb") as stream:
        return stream.read(16)


def _reader(file: Path, head: bytes) -> Callable[[Path, Callable[[LogChannel], bool]], Iterator[LoggedMessage]]:
    """Return what reads a file, by its first bytes."""
    if head.startswith(_MCAP):
        return _mcap
    if head.startswith(_SQLITE):
        return _sqlite
    raise BagError(_no_log(file, head))


def _no_log(file: Path, head: bytes) -> str:
    if head.startswith(b"#ROSBAG"):
        return f"{file}: a bag of ROS 1; expected {EXPECTED} (`rosbags-convert --src {file.name} --dst DIR` makes one)"
    return f"{file}: {'empty' if not head else 'no log of messages'}; expected {EXPECTED}"


def _metadata(folder: Path) -> dict[str, Any]:
    file = folder / METADATA
    if not file.exists():
        return {}
    text = input_files.read_text(file, input_files.TRACK_BYTES, "the metadata of a ROS 2 bag")
    try:
        found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["rosbag2_bagfile_information"]
        names = [str(name).rpartition("/")[2] for name in found.get("relative_file_paths", [])]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise BagError(f"{file}: no metadata of a ROS 2 bag ({type(error).__name__}); expected {EXPECTED}") from None
    return {**found, "relative_file_paths": names}


def _mcap(file: Path, wanted: Callable[[LogChannel], bool]) -> Iterator[LoggedMessage]:
    """Read a file from its beginning, so that one without an index, or without an end, is read as far as it goes."""
    schemas: dict[int, Schema] = {}
    channels: dict[int, LogChannel | None] = {}
    is_own = False
    with file.open("rb") as stream:
        for outer in StreamReader(stream, emit_chunks=True, record_size_limit=LARGEST_BYTES).records:
            if isinstance(outer, DataEnd):
                return
            for record in _inside(outer):
                if isinstance(record, Header):
                    is_own = record.library.startswith("simnet ")
                elif isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    channel = _channel(record, schemas.get(record.schema_id), is_own=is_own)
                    channels[record.id] = channel if wanted(channel) else None
                elif isinstance(record, Message):
                    if record.channel_id not in channels:
                        raise ValueError("a message of a channel that there is not")
                    if (of := channels[record.channel_id]) is not None:
                        yield LoggedMessage(of, record.log_time, record.data)


def _channel(record: Channel, schema: Schema | None, *, is_own: bool) -> LogChannel:
    name = schema.name if schema else ""
    if name.count("/") == 1:
        name = name.replace("/", "/msg/")
    is_ros = schema is not None and schema.encoding == "ros2msg"
    definition = schema.data.decode("utf-8", "replace") if schema and is_ros else ""
    return LogChannel(record.topic, name, record.message_encoding, definition, is_own)


def _inside(record: McapRecord) -> list[McapRecord]:
    """Return the records of a chunk, or another record alone."""
    if not isinstance(record, Chunk):
        return [record]
    data = _unpacked(record.compression, record.data, record.uncompressed_size)
    if record.uncompressed_crc and zlib.crc32(data) != record.uncompressed_crc:
        raise ValueError("a chunk that does not fit its checksum")
    plain = Chunk(
        compression="",
        data=data,
        message_start_time=record.message_start_time,
        message_end_time=record.message_end_time,
        uncompressed_crc=0,
        uncompressed_size=len(data),
    )
    return breakup_chunk(plain)


def _unpacked(compression: str, data: bytes, size: int | None = None) -> bytes:
    """Return packed bytes, which have this size; ValueError if they have another, or are too many."""
    if not compression:
        return data
    most = LARGEST_BYTES if size is None else size
    if most > LARGEST_BYTES:
        raise ValueError(f"a chunk of {most} bytes; at most {LARGEST_BYTES} are read")
    if compression == "zstd":
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as stream:
            found = stream.read(most + 1)
    elif compression == "lz4":
        found = lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=most + 1)
    else:
        raise ValueError(f"compression '{printable(compression)[:20]}', which is not read")
    if len(found) > most or (size is not None and len(found) != size):
        raise ValueError("a chunk of another size than it states")
    return found


def _sqlite(file: Path, wanted: Callable[[LogChannel], bool]) -> Iterator[LoggedMessage]:
    from rosbags.rosbag2 import Reader

    with Reader(file) as reader:
        channels: dict[Any, LogChannel] = {}
        for each in reader.connections:
            ext: Any = each.ext
            is_text = each.msgdef.format.name == "MSG"
            channel = LogChannel(
                each.topic, each.msgtype, ext.serialization_format, each.msgdef.data if is_text else ""
            )
            if wanted(channel):
                channels[each.id] = channel
        if channels:
            chosen = [each for each in reader.connections if each.id in channels]
            for connection, log_ns, data in reader.messages(chosen):
                yield LoggedMessage(channels[connection.id], log_ns, bytes(data))


def _what(error: Exception) -> str:
    """Return what is wrong with a file, from the exception of a reader."""
    name = type(error).__name__
    if name == "EndOfFile" or isinstance(error, EOFError):
        return "cut off: it ends within a record (`mcap recover` completes what there is)"
    reason = " ".join(printable(str(error)).split())[:120]
    return f"damaged ({reason or name})"
