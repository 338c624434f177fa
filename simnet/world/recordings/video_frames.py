"""Decoded video frames as RGB, as they say of themselves: colour matrix and range, and how they are turned."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from av.sidedata.sidedata import Type as SideType
from av.video.reformatter import ColorRange, Colorspace

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_LOG = logging.getLogger(__name__)

TALL = 576
"""Height above which a picture that does not name its colour matrix has BT.709's, as players take it; else BT.601's."""
_UNSPECIFIED = 2
_RIGHT_ANGLE_DEG = 90
_JPEG_RANGE = 2


def rgb_of(frame: VideoFrame) -> np.ndarray:
    """Return a frame as uint8 H x W x 3."""
    matrix, values = int(frame.colorspace), int(frame.color_range)
    if matrix == _UNSPECIFIED:
        matrix = int(Colorspace.ITU709 if frame.height > TALL else Colorspace.ITU601)
    full = values == _JPEG_RANGE or frame.format.name.startswith("yuvj")
    return frame.reformat(
        format="rgb24",
        src_colorspace=matrix,
        src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    ).to_ndarray()


def turns_of(frame: VideoFrame, where: str) -> tuple[int, bool]:
    """Return how a picture becomes upright: its quarter turns to the left, then whether its sides are swapped."""
    side: Any = next((each for each in cast("Any", frame.side_data) if each.type == SideType.DISPLAYMATRIX), None)
    if side is None:
        return 0, False
    matrix = np.frombuffer(bytes(side), np.int32)[:9].reshape(3, 3)[:2, :2].astype(float) / (1 << 16)
    flipped = bool(np.linalg.det(matrix) < 0)
    if flipped:
        matrix[:, 0] *= -1
    angle = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    turns = round(angle / _RIGHT_ANGLE_DEG)
    if abs(angle - turns * _RIGHT_ANGLE_DEG) > 1:
        _LOG.warning(
            "%s: its pictures are turned by %.0f degrees; they are shown as if by %d", where, angle, turns * 90
        )
    return turns % 4, flipped
