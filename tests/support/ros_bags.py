"""Writes ROS 2 bags as `mcap-ros2-support` does: cameras, calibrations, transforms, odometry and fixes of small drives."""

from __future__ import annotations

import math
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from mcap_ros2.writer import Writer

MS = 1_000_000
T0 = 1_700_000_000_000_000_000
"""When bags begin, on their headers' clock."""
LATE = 40 * MS
"""How much later than measured messages are logged."""
OPTICAL = {"x": -0.5, "y": 0.5, "z": -0.5, "w": 0.5}
"""Rotation of an optical frame that looks along the body's x axis."""
_RULE = "=" * 80
_PARTS = {
    "std_msgs/Header": "builtin_interfaces/Time stamp\nstring frame_id",
    "builtin_interfaces/Time": "int32 sec\nuint32 nanosec",
    "sensor_msgs/RegionOfInterest": "uint32 x_offset\nuint32 y_offset\nuint32 height\nuint32 width\nbool do_rectify",
    "geometry_msgs/TransformStamped": "std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/Transform transform",
    "geometry_msgs/Transform": "geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation",
    "geometry_msgs/Vector3": "float64 x\nfloat64 y\nfloat64 z",
    "geometry_msgs/Point": "float64 x\nfloat64 y\nfloat64 z",
    "geometry_msgs/Quaternion": "float64 x\nfloat64 y\nfloat64 z\nfloat64 w",
    "geometry_msgs/Pose": "geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation",
    "geometry_msgs/PoseWithCovariance": "geometry_msgs/Pose pose\nfloat64[36] covariance",
    "geometry_msgs/Twist": "geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular",
    "geometry_msgs/TwistWithCovariance": "geometry_msgs/Twist twist\nfloat64[36] covariance",
    "sensor_msgs/NavSatStatus": "int8 status\nuint16 service",
}
_TYPES = {
    "sensor_msgs/msg/Image": "std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\n"
    "uint32 step\nuint8[] data",
    "sensor_msgs/msg/CompressedImage": "std_msgs/Header header\nstring format\nuint8[] data",
    "foxglove_msgs/msg/CompressedVideo": "builtin_interfaces/Time timestamp\nstring frame_id\nuint8[] data\nstring format",
    "sensor_msgs/msg/CameraInfo": "std_msgs/Header header\nuint32 height\nuint32 width\nstring distortion_model\nfloat64[] d\n"
    "float64[9] k\nfloat64[9] r\nfloat64[12] p\nuint32 binning_x\nuint32 binning_y\nsensor_msgs/RegionOfInterest roi",
    "tf2_msgs/msg/TFMessage": "geometry_msgs/TransformStamped[] transforms",
    "nav_msgs/msg/Odometry": "std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/PoseWithCovariance pose\n"
    "geometry_msgs/TwistWithCovariance twist",
    "sensor_msgs/msg/NavSatFix": "std_msgs/Header header\nsensor_msgs/NavSatStatus status\nfloat64 latitude\nfloat64 longitude\n"
    "float64 altitude\nfloat64[9] position_covariance\nuint8 position_covariance_type",
}


def definition(name: str) -> str:
    """Return a type's definition with those of its parts, as bags store it."""
    found, needed = [], [_TYPES[name]]
    seen: set[str] = set()
    while needed:
        text = needed.pop()
        for part, own in _PARTS.items():
            if part in text and part not in seen:
                seen.add(part)
                found.append(f"{_RULE}\nMSG: {part}\n{own}")
                needed.append(own)
    return "\n".join([_TYPES[name], *found])


def turned(yaw: float) -> dict[str, float]:
    return {"x": 0.0, "y": 0.0, "z": math.sin(yaw / 2), "w": math.cos(yaw / 2)}


class BagWriter:
    """Writer of an MCAP file; times are in ms after `T0`, or None for a header without a time."""

    def __init__(self, path: Path, **options: Any) -> None:
        self._out = path.open("wb")
        self._writer = Writer(self._out, **options)
        self._schemas: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.finish()
        self._out.close()

    def write(
        self, topic: str, name: str, message: dict[str, Any], t_ms: float, logged_ms: float | None = None
    ) -> None:
        if name not in self._schemas:
            self._schemas[name] = self._writer.register_msgdef(name, definition(name))
        log_ns = T0 + LATE + round((t_ms if logged_ms is None else logged_ms) * MS)
        self._writer.write_message(topic, self._schemas[name], message, log_time=log_ns)

    def image(
        self, topic: str, t_ms: float, pixels: np.ndarray, encoding: str = "rgb8", frame: str = "optical", **more: Any
    ) -> None:
        height, width = more.get("size", pixels.shape[:2])
        data = pixels.tobytes()
        step = more.get("step", len(data) // height)
        raw = {
            "height": height,
            "width": width,
            "encoding": encoding,
            "is_bigendian": more.get("big", 0),
            "step": step,
            "data": data,
        }
        stamp = 0 if more.get("unstamped") else None
        self.write(topic, "sensor_msgs/msg/Image", {"header": header(t_ms, frame, stamp), **raw}, t_ms)

    def info(self, topic: str, width: int, focal_px: float, lens: str = "plumb_bob", frame: str = "optical") -> None:
        matrix = [focal_px, 0.0, width / 2, 0.0, focal_px, 24.0, 0.0, 0.0, 1.0]
        region = {"x_offset": 0, "y_offset": 0, "height": 0, "width": 0, "do_rectify": False}
        message = {
            "header": header(0, frame), "height": 48, "width": width, "distortion_model": lens, "d": [0.0] * 5, "k": matrix,
            "r": [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0], "p": [0.0] * 12, "binning_x": 0, "binning_y": 0, "roi": region,
        }  # fmt: skip
        self.write(topic, "sensor_msgs/msg/CameraInfo", message, 0)

    def transforms(
        self, t_ms: float, *moved: tuple[str, str, tuple[float, ...], dict[str, float]], static: bool = False
    ) -> None:
        sent = [
            {
                "header": header(t_ms, parent),
                "child_frame_id": child,
                "transform": {"translation": dict(zip("xyz", place, strict=True)), "rotation": turn},
            }
            for parent, child, place, turn in moved
        ]
        self.write("/tf_static" if static else "/tf", "tf2_msgs/msg/TFMessage", {"transforms": sent}, t_ms)

    def odometry(self, topic: str, t_ms: float, x: float, y: float, yaw: float, child: str = "base_link") -> None:
        none = {"x": 0.0, "y": 0.0, "z": 0.0}
        pose = {"position": {"x": x, "y": y, "z": 0.0}, "orientation": turned(yaw)}
        message = {
            "header": header(t_ms, "odom"),
            "child_frame_id": child,
            "pose": {"pose": pose, "covariance": [0.0] * 36},
            "twist": {"twist": {"linear": none, "angular": none}, "covariance": [0.0] * 36},
        }
        self.write(topic, "nav_msgs/msg/Odometry", message, t_ms)

    def fix(self, topic: str, t_ms: float, latitude: float, longitude: float, altitude: float, status: int = 0) -> None:
        place = {"latitude": latitude, "longitude": longitude, "altitude": altitude}
        known = {"position_covariance": [0.0] * 9, "position_covariance_type": 0}
        message = {"header": header(t_ms, "gps"), "status": {"status": status, "service": 1}, **place, **known}
        self.write(topic, "sensor_msgs/msg/NavSatFix", message, t_ms)

    def compressed(self, topic: str, t_ms: float, file: bytes, name: str = "jpeg") -> None:
        message = {"header": header(t_ms, "optical"), "format": name, "data": file}
        self.write(topic, "sensor_msgs/msg/CompressedImage", message, t_ms)

    def video(self, topic: str, t_ms: float, packet: bytes, name: str) -> None:
        message = {"timestamp": stamp_of(t_ms), "frame_id": "optical", "data": packet, "format": name}
        self.write(topic, "foxglove_msgs/msg/CompressedVideo", message, t_ms)


def stamp_of(t_ms: float, stamp_ns: int | None = None) -> dict[str, int]:
    ns = T0 + round(t_ms * MS) if stamp_ns is None else stamp_ns
    return {"sec": ns // 10**9, "nanosec": ns % 10**9}


def header(t_ms: float, frame: str, stamp_ns: int | None = None) -> dict[str, Any]:
    return {"stamp": stamp_of(t_ms, stamp_ns), "frame_id": frame}


def grey(number: int) -> np.ndarray:
    """Return a picture that tells its number (48 x 64)."""
    return np.full((48, 64, 3), 10 * number, np.uint8)
