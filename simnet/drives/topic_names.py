"""Names of topics, as names of nodes and cameras: what all drivers append to them says nothing."""

from __future__ import annotations

import re

ENDINGS = frozenset(
    (
        "image", "image_raw", "image_color", "image_rect", "image_rect_color", "image_rect_raw", "image_mono", "image_raw_color",
        "image_compressed", "image_video", "compressed", "video", "original", "h264", "h265", "hevc", "av1", "ffmpeg", "raw",
        "color", "rect", "jpeg", "png",
    )
)  # fmt: skip
"""Last parts of topics of pictures that do not tell cameras apart."""
_BASE = re.compile(r"(?:^|[/_])(?:base_link|base_footprint|base|base_stabilized|body|chassis|vehicle)$")


def parts(topic: str) -> list[str]:
    """Return the parts of a topic or frame."""
    return [part for part in topic.split("/") if part]


def camera_parts(topic: str) -> list[str]:
    """Return the parts of a picture's topic that name its camera."""
    found = parts(topic)
    while len(found) > 1 and found[-1].lower() in ENDINGS:
        found.pop()
    return found


def camera_name(topic: str, node: str) -> str:
    """Return a camera's name, without its node's."""
    found = camera_parts(topic)
    if len(found) > 1 and found[0].lower() == node.lower():
        found = found[1:]
    return "_".join(found)


def node_name(body: str) -> str:
    """Return a node's name from its frame: that of the vehicle, not of its base."""
    return _BASE.sub("", body.strip("/")).strip("/_")


def info_topics(topic: str) -> list[str]:
    """Return where the calibration of a picture's camera is published: beside it, or beside what it was compressed from."""
    found = parts(topic)
    return ["/" + "/".join([*found[:k], name]) for k in range(len(found) - 1, 0, -1) for name in _INFOS]


_INFOS = ("camera_info", "calibration")


def common(a: str, b: str) -> int:
    """Return how many parts two topics begin with together, the last one aside."""
    shared = 0
    for one, other in zip(parts(a)[:-1], parts(b)[:-1], strict=False):
        if one != other:
            break
        shared += 1
    return shared
