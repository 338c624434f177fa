"""Messages of ROS 2 and Foxglove that a drive is made of, as records of one kind whatever their encoding.

sensor_msgs/msg/Image, foxglove.CompressedImage, ...  ──▶ ImageMessage
sensor_msgs/msg/CameraInfo, foxglove.CameraCalibration ──▶ CameraModel
tf2_msgs/msg/TFMessage, nav_msgs/msg/Odometry, foxglove.FrameTransforms ──▶ FramePose each
sensor_msgs/msg/NavSatFix, foxglove.LocationFix        ──▶ SatelliteFix
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet.drives.attitude import RigidTransform, of_quaternion
from simnet.drives.message_log import BagError
from simnet.printable import printable
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.drives.message_log import LoggedMessage

RAW, FILE, VIDEO = "raw", "file", "video"
"""Kinds of pictures: pixels, a picture file each, packets of a video."""
NO_FIX = -1
_FOXGLOVE = {
    "foxglove_msgs/msg/CompressedVideo": "builtin_interfaces/Time timestamp\nstring frame_id\nuint8[] data\nstring format\n",
    "foxglove_msgs/msg/CompressedImage": "builtin_interfaces/Time timestamp\nstring frame_id\nuint8[] data\nstring format\n",
}
"""Definitions of types that no distribution of ROS brings, for bags without them."""


@dataclass(frozen=True, slots=True)
class ImageMessage:
    """A picture as logged. `format` is a raw picture's encoding, or the name that the sender gives its file or video."""

    stamp_ns: int
    frame: str
    kind: str
    format: str
    data: memoryview
    width: int = 0
    height: int = 0
    row_bytes: int = 0
    is_big_endian: bool = False


@dataclass(frozen=True, slots=True)
class CameraModel:
    """A calibration: the width that it is for, and the focal length, both in pixels."""

    stamp_ns: int
    frame: str
    width: float
    focal_px: float
    lens: str


@dataclass(frozen=True, slots=True)
class FramePose:
    """A frame's pose in its parent at a time."""

    stamp_ns: int
    parent: str
    child: str
    pose: RigidTransform


@dataclass(frozen=True, slots=True)
class SatelliteFix:
    """A place on the globe; no place if the receiver had none."""

    stamp_ns: int
    frame: str
    place: tuple[float, float, float | None] | None


Read = ImageMessage | CameraModel | SatelliteFix | tuple[FramePose, ...]


def kind_of(channel_type: str) -> str:
    """Return what a type's messages become: image, model, poses or fix; empty if they are of no use here."""
    return _KINDS.get(channel_type, ("", None))[0]


def read(message: LoggedMessage) -> Read:
    """Return the record of a message.

    Raises:
        BagError: It is damaged, or not encoded as its type is.
    """
    channel = message.channel
    if channel.encoding not in {"cdr", "json"}:
        found = printable(channel.encoding)[:20]
        raise BagError(f"{printable(channel.topic)}: messages in '{found}'; expected cdr (ROS 2) or json")
    try:
        if channel.encoding == "json":
            plain = json.loads(message.data, object_hook=lambda found: SimpleNamespace(**found))
        else:
            plain = _typestore(channel.type, channel.definition).deserialize_cdr(message.data, channel.type)
        return _KINDS[channel.type][1](plain)
    except Exception as error:  # whatever deserialisers raise for damaged bytes or another definition
        reason = " ".join(printable(str(error)).split())[:100]
        raise BagError(
            f"{printable(channel.topic)}: a damaged {printable(channel.type)} ({type(error).__name__}: {reason})"
        ) from error


@cache
def _typestore(name: str, definition: str) -> Any:
    """Return what reads a type: by the file's own definition, or else by that of a distribution of ROS 2."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    if definition:
        store = get_typestore(Stores.EMPTY)
        store.register(get_types_from_msg(definition, name))
        return store
    store = get_typestore(Stores.ROS2_HUMBLE)
    if name in _FOXGLOVE:
        store.register(get_types_from_msg(_FOXGLOVE[name], name))
    return store


def _ns(stamp: Any) -> int:
    small = stamp.nanosec if hasattr(stamp, "nanosec") else stamp.nsec
    return int(stamp.sec) * SECOND_NS + int(small)


def _bytes(data: Any) -> memoryview:
    """Return the bytes of a sequence: an array in CDR, base64 in JSON."""
    if isinstance(data, str):
        return memoryview(base64.b64decode(data, validate=True))
    return np.ascontiguousarray(data, np.uint8).data.cast("B")


def _image(found: Any) -> ImageMessage:
    header = found.header
    return ImageMessage(
        _ns(header.stamp), _frame(header.frame_id), RAW, str(found.encoding), _bytes(found.data),
        int(found.width), int(found.height), int(found.step), bool(found.is_bigendian),
    )  # fmt: skip


def _raw_image(found: Any) -> ImageMessage:
    return ImageMessage(
        _ns(found.timestamp), _frame(found.frame_id), RAW, str(found.encoding), _bytes(found.data),
        int(found.width), int(found.height), int(found.step),
    )  # fmt: skip


def _compressed(found: Any) -> ImageMessage:
    header = found.header
    return ImageMessage(_ns(header.stamp), _frame(header.frame_id), FILE, str(found.format), _bytes(found.data))


def _of_foxglove(kind: str) -> Callable[[Any], ImageMessage]:
    return lambda found: ImageMessage(
        _ns(found.timestamp), _frame(found.frame_id), kind, str(found.format), _bytes(found.data)
    )


def _camera_info(found: Any) -> CameraModel:
    matrix, projection = [float(value) for value in found.k], [float(value) for value in found.p]
    region = found.roi
    width = float(region.width or found.width)
    header = found.header
    return CameraModel(
        _ns(header.stamp), _frame(header.frame_id), width, matrix[0] or projection[0], str(found.distortion_model)
    )


def _calibration(found: Any) -> CameraModel:
    focal_px = float(found.K[0] if getattr(found, "K", None) is not None else found.k[0])
    return CameraModel(
        _ns(found.timestamp), _frame(found.frame_id), float(found.width), focal_px, str(found.distortion_model)
    )


def _pose(place: Any, turn: Any) -> RigidTransform:
    where = np.array([float(place.x), float(place.y), float(place.z)])
    if not np.isfinite(where).all():
        raise ValueError("a place that is no number")
    return RigidTransform(of_quaternion(float(turn.x), float(turn.y), float(turn.z), float(turn.w)), where)


def _transform(found: Any) -> FramePose:
    parent, child = str(found.header.frame_id), str(found.child_frame_id)
    moved = found.transform
    return FramePose(_ns(found.header.stamp), _frame(parent), _frame(child), _pose(moved.translation, moved.rotation))


def _frame_transform(found: Any) -> FramePose:
    pose = _pose(found.translation, found.rotation)
    return FramePose(_ns(found.timestamp), _frame(found.parent_frame_id), _frame(found.child_frame_id), pose)


def _odometry(found: Any) -> tuple[FramePose, ...]:
    header, pose = found.header, found.pose.pose
    child = _frame(found.child_frame_id)
    return (FramePose(_ns(header.stamp), _frame(header.frame_id), child, _pose(pose.position, pose.orientation)),)


def _fix(found: Any) -> SatelliteFix:
    header = found.header
    return SatelliteFix(_ns(header.stamp), _frame(header.frame_id), _place(found, found.status.status))


def _location(found: Any) -> SatelliteFix:
    return SatelliteFix(_ns(found.timestamp), _frame(found.frame_id), _place(found, 0))


def _place(found: Any, status: int) -> tuple[float, float, float | None] | None:
    latitude, longitude, height = float(found.latitude), float(found.longitude), float(found.altitude)
    if status <= NO_FIX or not np.isfinite([latitude, longitude]).all():
        return None
    return latitude, longitude, height if np.isfinite(height) else None


def _frame(name: object) -> str:
    """Return a frame's name without the slash that ROS 1 put before it."""
    return str(name).lstrip("/")


_KINDS: dict[str, tuple[str, Any]] = {
    "sensor_msgs/msg/Image": ("image", _image),
    "sensor_msgs/msg/CompressedImage": ("image", _compressed),
    "sensor_msgs/msg/CameraInfo": ("model", _camera_info),
    "sensor_msgs/msg/NavSatFix": ("fix", _fix),
    "nav_msgs/msg/Odometry": ("odometry", _odometry),
    "tf2_msgs/msg/TFMessage": ("poses", lambda found: tuple(_transform(each) for each in found.transforms)),
}
for _prefix in ("foxglove.", "foxglove_msgs/msg/"):
    _KINDS |= {
        f"{_prefix}CompressedVideo": ("image", _of_foxglove(VIDEO)),
        f"{_prefix}CompressedImage": ("image", _of_foxglove(FILE)),
        f"{_prefix}RawImage": ("image", _raw_image),
        f"{_prefix}CameraCalibration": ("model", _calibration),
        f"{_prefix}LocationFix": ("fix", _location),
        f"{_prefix}FrameTransform": ("poses", lambda found: (_frame_transform(found),)),
        f"{_prefix}FrameTransforms": ("poses", lambda found: tuple(map(_frame_transform, found.transforms))),
    }
