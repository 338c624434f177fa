"""Recording of a run as MCAP, for Foxglove and any `mcap` reader: JSON messages, bytes in base64 (compressed by zstd).

    /<camera>/original    foxglove.CompressedImage   lossless PNG of what was captured, of sensors at fusion too
    /<camera>/calibration foxglove.CameraCalibration with each original
    /<stream>/decoded     foxglove.CompressedImage   lossless PNG; log time: picture ready, timestamp: capture
    /<stream>/video       foxglove.CompressedVideo   a coded frame of h264, hevc or av1, for any decoder
    /<stream>/bitstream   simnet.Bitstream           a coded frame; the channel's metadata is the stream's announcement
    /<stream>/row         simnet.Row                 all measurements of a frame, logged at the row's latest time
    /links/<link>         simnet.LinkBin             100 ms of a link
    /events               foxglove.Log               outages, hand-overs, frames that are not in time
    /transforms           foxglove.FrameTransforms   poses of nodes, as they report them, and of their cameras, every 100 ms
    /true_transforms      foxglove.FrameTransforms   true poses of nodes with a pose_error

Log times are virtual: a run begins at 0, which is 1970-01-01T00:00:00Z. Originals make the file a world of its own
(`kind: rosbag`); frames of which no picture arrived, and sensors' frames, are written at the end.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import cv2
from mcap.writer import Writer

from simnet.codec.bitstream import framing
from simnet.exports import frame_transforms, recording_schemas, video_packets
from simnet.exports.export import Export
from simnet.output_files import PartialFile
from simnet.records import SECOND_NS, Row
from simnet.records.link_bin import LinkBin
from simnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np

    from simnet.exports.export import ExportedPicture, FinishedRun
    from simnet.records import Announcement, Scenario

FILE = "run.mcap"
EPOCH = "log times are virtual nanoseconds; the run begins at 0, 1970-01-01T00:00:00Z"
COMPRESS_LEVEL = 3
"""PNG compression level."""


class McapRecording(Export):
    """Export that writes messages during the run; rows, links, events and transforms are written at its end."""

    def __init__(self, folder: Path, scenario: Scenario, frame: Callable[[str, int], np.ndarray]) -> None:
        """Create the file; `frame` returns the frame of a camera at a time.

        Raises:
            OutputError: The file cannot be written.
        """
        self._scenario = scenario
        self._frame = frame
        self._announcements: Mapping[str, Announcement] = {}
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._writing = threading.Lock()
        self._file = PartialFile(folder / FILE)
        with self._file.telling():
            self._out = self._file.partial.open("wb")
            self._writer = Writer(self._out)
            self._writer.start(library=f"simnet {__version__}")

    def opened(self, announcements: Mapping[str, Announcement]) -> None:
        """See `Export`."""
        self._announcements = announcements

    def coded(self, stream: str, sequence: int, data: bytes, quality: float, now_ns: int) -> None:
        """See `Export`."""
        announcement = self._announcements[stream]
        message = {
            "timestamp": _time(self._capture_ns(stream, sequence)),
            "stream": stream,
            "sequence": sequence,
            "codec": announcement.codec,
            "quality": quality,
            "key": framing.is_key(data),
            "data": _text(data),
        }
        metadata = {name: str(value) for name, value in asdict(announcement).items()}
        self._write(f"/{stream}/bitstream", recording_schemas.BITSTREAM, now_ns, message, metadata)
        if (kind := video_packets.video_format(announcement)) is not None:
            video = {
                "timestamp": message["timestamp"],
                "frame_id": stream + frame_transforms.OPTICAL,
                "data": _text(video_packets.packet(announcement, data)),
                "format": kind,
            }
            self._write(f"/{stream}/video", recording_schemas.VIDEO, now_ns, video)

    def pictured(self, picture: ExportedPicture) -> None:
        """See `Export`."""
        decision = picture.decision
        assert decision.ready_ns is not None, "a frame that was decoded is there at some time"
        message = _image(decision.stream, decision.capture_ns, picture.decoded)
        self._write(f"/{decision.stream}/decoded", recording_schemas.IMAGE, decision.ready_ns, message)
        self._write_original(decision.stream, decision.capture_ns, picture.original)

    def finish(self, ended: FinishedRun) -> None:
        """See `Export`."""
        self._write_places()
        self._write_unseen(ended)
        row_schema, link_schema = (
            recording_schemas.of_record("simnet.Row", Row),
            recording_schemas.of_record("simnet.LinkBin", LinkBin),
        )
        for row in ended.rows:
            last_ns = max(t_ns for t_ns in (row.encode_ns, row.arrive_ns, row.decode_ns) if t_ns is not None)
            self._write(f"/{row.stream}/row", row_schema, last_ns, _record(row))
            if not row.outcome.in_time:
                self._log(last_ns, row.stream, f"frame {row.sequence}: {row.outcome.value}")
        for link in ended.links:
            for each in link.bins:
                self._write(f"/links/{link.link}", link_schema, each.t_ns, _record(each))
        for event in ended.events:
            self._log(event.time_ns, event.where, f"{event.kind} {event.detail}".strip())
        about = {"run": ended.run, "scenario": self._scenario.name, "seed": str(self._scenario.seed)}
        with self._file.telling():
            self._writer.add_metadata("simnet", about | {"fingerprint": ended.fingerprint, "epoch": EPOCH})
            self._writer.finish()
            self._out.close()
        self._file.keep()

    def abandon(self) -> None:
        """See `Export`."""
        self._file.drop(self._out)

    @property
    def paths(self) -> tuple[Path, ...]:
        """See `Export`."""
        return (self._file.path,)

    def _capture_ns(self, stream: str, sequence: int) -> int:
        camera = self._scenario.cameras[stream]
        return camera.phase_ns + sequence * camera.period_ns

    def _log(self, t_ns: int, name: str, text: str) -> None:
        message = {"timestamp": _time(t_ns), "level": recording_schemas.WARNING, "message": text, "name": name}
        self._write("/events", recording_schemas.LOG, t_ns, message)

    def _write_places(self) -> None:
        for t_ns in range(0, self._scenario.duration_ns, frame_transforms.STEP_NS):
            found = [{"timestamp": _time(t_ns), **each} for each in frame_transforms.transforms(self._scenario, t_ns)]
            self._write("/transforms", recording_schemas.TRANSFORMS, t_ns, {"transforms": found})
            true = [
                {"timestamp": _time(t_ns), **each} for each in frame_transforms.true_transforms(self._scenario, t_ns)
            ]
            if true:
                self._write("/true_transforms", recording_schemas.TRANSFORMS, t_ns, {"transforms": true})

    def _write_unseen(self, ended: FinishedRun) -> None:
        """Write the originals of frames of which fusion got no picture, and of sensors."""
        for row in ended.rows:
            if row.decode_ns is None:
                self._write_original(row.stream, row.capture_ns, self._frame(row.stream, row.capture_ns))
        streams = {stream.name for stream in self._scenario.streams}
        used = {name for stream in self._scenario.streams for name in stream.side_information}
        for name, camera in self._scenario.cameras.items():
            if name not in streams and (name in used or name.partition("/")[0] == self._scenario.fusion.node):
                for t_ns in range(camera.phase_ns, self._scenario.duration_ns, camera.period_ns):
                    self._write_original(name, t_ns, self._frame(name, t_ns))

    def _write_original(self, camera: str, t_ns: int, picture: np.ndarray) -> None:
        self._write(f"/{camera}/original", recording_schemas.IMAGE, t_ns, _image(camera, t_ns, picture))
        about = {"timestamp": _time(t_ns), **frame_transforms.calibration(self._scenario.cameras[camera])}
        self._write(f"/{camera}/calibration", recording_schemas.CALIBRATION, t_ns, about)

    def _write(
        self,
        topic: str,
        schema: dict[str, Any],
        t_ns: int,
        message: dict[str, Any],
        metadata: dict[str, str] | None = None,
    ) -> None:
        data = json.dumps(message, allow_nan=False).encode()
        with self._writing, self._file.telling():
            channel = self._channels.get(topic)
            if channel is None:
                channel = self._channels[topic] = self._open_channel(topic, schema, metadata or {})
            self._writer.add_message(channel, t_ns, data, t_ns)

    def _open_channel(self, topic: str, schema: dict[str, Any], metadata: dict[str, str]) -> int:
        name = schema["title"]
        if name not in self._schemas:
            self._schemas[name] = self._writer.register_schema(name, "jsonschema", json.dumps(schema).encode())
        return self._writer.register_channel(topic, "json", self._schemas[name], metadata)


def _time(t_ns: int) -> dict[str, int]:
    return {"sec": t_ns // SECOND_NS, "nsec": t_ns % SECOND_NS}


def _image(camera: str, t_ns: int, picture: np.ndarray) -> dict[str, Any]:
    settings = (cv2.IMWRITE_PNG_COMPRESSION, COMPRESS_LEVEL)
    file = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings)[1].tobytes()
    frame = camera + frame_transforms.OPTICAL
    return {"timestamp": _time(t_ns), "frame_id": frame, "data": _text(file), "format": "png"}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _record(record: Row | LinkBin) -> dict[str, Any]:
    """Return the fields of a record that are not None."""
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    return {name: value for name, value in values.items() if value is not None}
