"""JSON Schemas of the messages in a recording: Foxglove's well-known schemas and simnet's own.

Foxglove's schemas are copied from github.com/foxglove/foxglove-sdk. A message omits numbers and texts that its frame lacks.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

_TYPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "Outcome": {"type": "string"},
    "tuple[str, ...]": {"type": "array", "items": {"type": "string"}},
    "Mapping[str, float]": {"type": "object", "additionalProperties": {"type": "number"}},
}
_TEXT, _NUMBER = _TYPES["str"], _TYPES["float"]
_NUMBERS = {"type": "array", "items": _NUMBER}
_BYTES = {"type": "string", "contentEncoding": "base64"}
_TIME = {
    "type": "object",
    "title": "time",
    "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}},
}


def _object(title: str, **properties: Any) -> dict[str, Any]:
    return {"title": title, "type": "object", "properties": properties}


_VECTOR = _object("foxglove.Vector3", x=_NUMBER, y=_NUMBER, z=_NUMBER)
_QUATERNION = _object("foxglove.Quaternion", x=_NUMBER, y=_NUMBER, z=_NUMBER, w=_NUMBER)
_TRANSFORM = _object(
    "foxglove.FrameTransform",
    timestamp=_TIME,
    parent_frame_id=_TEXT,
    child_frame_id=_TEXT,
    translation=_VECTOR,
    rotation=_QUATERNION,
)
_LEVELS = ("UNKNOWN", "DEBUG", "INFO", "WARNING", "ERROR", "FATAL")
WARNING = _LEVELS.index("WARNING")

IMAGE = _object("foxglove.CompressedImage", timestamp=_TIME, frame_id=_TEXT, data=_BYTES, format=_TEXT)
VIDEO = _object("foxglove.CompressedVideo", timestamp=_TIME, frame_id=_TEXT, data=_BYTES, format=_TEXT)
CALIBRATION = _object(
    "foxglove.CameraCalibration",
    timestamp=_TIME,
    frame_id=_TEXT,
    width=_TYPES["int"],
    height=_TYPES["int"],
    distortion_model=_TEXT,
    D=_NUMBERS,
    K=_NUMBERS,
    R=_NUMBERS,
    P=_NUMBERS,
)
TRANSFORMS = _object("foxglove.FrameTransforms", transforms={"type": "array", "items": _TRANSFORM})
LOG = _object(
    "foxglove.Log",
    timestamp=_TIME,
    level={"oneOf": [{"title": name, "const": number} for number, name in enumerate(_LEVELS)]},
    message=_TEXT,
    name=_TEXT,
    file=_TEXT,
    line=_TYPES["int"],
)
BITSTREAM = _object(
    "simnet.Bitstream",
    timestamp={**_TIME, "description": "When the frame was captured"},
    stream=_TEXT,
    sequence=_TYPES["int"],
    codec={**_TEXT, "description": "What else a decoder must know is the channel's metadata"},
    quality={**_NUMBER, "description": "What was asked for, from 0 to 1"},
    key={"type": "boolean", "description": "Whether the frame refers to no other"},
    data={
        **_BYTES,
        "description": "As on the link: 8 bytes of header (sequence, quality, flags, CRC-32), then the payload",
    },
)


def of_record(title: str, kind: type) -> dict[str, Any]:
    """Return the schema of a record of numbers, texts, lists of texts and named numbers."""
    return _object(title, **{item.name: _TYPES[str(item.type).removesuffix(" | None")] for item in fields(kind)})
