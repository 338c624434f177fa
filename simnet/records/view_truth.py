"""What a rendered world knows of a view besides its picture: depth, and the objects that can be seen."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simnet.records.plain_data import MismatchError, from_plain, to_plain

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class SeenObject:
    """An object of which something can be seen."""

    kind: str
    """car or drone."""
    number: int
    """Tells it from the other objects of its scene; the same in every view."""
    box_px: tuple[float, float, float, float]
    """Of what can be seen of it: left, top, width, height in pixels."""
    depth_m: float
    """Median distance of what can be seen of it, along the axis of view."""
    visible: float
    """Share of its outline's area in the picture that can be seen, about; the rest is hidden by something nearer."""
    position_m: tuple[float, float, float]
    """Middle of its body in the world."""


@dataclass(frozen=True, slots=True, eq=False)
class ViewTruth:
    """Depth along the axis of view in metres, H x W float32, infinite in the sky; and the objects in view, nearest first."""

    depth_m: npt.NDArray[np.float32]
    objects: tuple[SeenObject, ...]


@dataclass(frozen=True, slots=True)
class _Objects:
    height: int
    width: int
    objects: tuple[SeenObject, ...]


def packed(truth: ViewTruth) -> bytes:
    """Return a truth as bytes: a line of JSON, and the depth, compressed."""
    height, width = truth.depth_m.shape
    head = json.dumps(to_plain(_Objects(height, width, truth.objects)))
    return head.encode() + b"\n" + zlib.compress(truth.depth_m.astype("<f4").tobytes(), 1)


def unpacked(data: bytes) -> ViewTruth | None:
    """Return the truth in these bytes; None if they are not of `packed`."""
    import numpy as np

    head, _, depth = data.partition(b"\n")
    try:
        read: Any = from_plain(_Objects, json.loads(head))
        depth_m = np.frombuffer(zlib.decompress(depth), "<f4").reshape(read.height, read.width)
    except (ValueError, MismatchError, zlib.error):
        return None
    return ViewTruth(depth_m, read.objects)
