"""A ROS 2 bag or MCAP file as a drive: cameras by their topics, on the bodies that carry them.

    BagSurvey ──frames, or names of topics──▶ bodies ──poses, or fixes──▶ paths
         └──── pictures, calibrations ──▶ cameras of each body

The drive begins with the first picture of any camera.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.drives import attitude, bag_survey, message_log, ros_images, topic_names, video_messages
from simnet.drives.attitude import IDENTITY, RigidTransform
from simnet.drives.drive import DriveCamera, DriveNode, DrivePath, RecordedDrive, name_of, unique, usual_period_ns
from simnet.drives.frame_tree import is_world
from simnet.drives.message_records import RAW, VIDEO
from simnet.errors import PictureError
from simnet.notices import tell
from simnet.printable import printable
from simnet.tracks import cleaning, track
from simnet.tracks.cleaning import LoggedPoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.drives.bag_survey import BagSurvey
    from simnet.drives.message_records import CameraModel, ImageMessage

BEST = {RAW: 0, VIDEO: 2}
"""Of two topics with the pictures of one camera, the one with fewer losses is taken; files of pictures come between."""
USUAL_NODE = "vehicle"


def describe(path: Path, sequence: str | None, origin: tuple[float, ...] | None) -> RecordedDrive:
    """Return the nodes of a bag; places on the globe are in metres around an origin, or around the first of them.

    Raises:
        BagError, PictureError: It cannot be read, or holds no picture that can.
    """
    del sequence
    found = surveyed(path)
    start_ns = begin_ns(path)
    nodes: list[DriveNode] = []
    names: dict[str, object] = {}
    for body, topics in _bodies(found, cameras_of(path)).items():
        name = unique(name_of(topic_names.node_name(body) or USUAL_NODE, "node"), names)
        names[name] = body
        way, origin = _path(found, body, list(topics), start_ns, origin)
        nodes.append(DriveNode(name, way, _cameras(found, name, topics, start_ns)))
    return RecordedDrive(tuple(nodes), (origin[0], origin[1], origin[2]) if origin and len(origin) == 3 else None)


def surveyed(path: Path) -> BagSurvey:
    """Return what a bag holds; it is read once, until one of its files changes."""
    states = tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in message_log.files_of(path))
    return _surveyed(str(path), states)


@lru_cache(maxsize=8)
def _surveyed(path: str, states: tuple[tuple[str, int, int], ...]) -> BagSurvey:
    del states
    return bag_survey.BagSurveyor(Path(path)).read()


def begin_ns(path: Path) -> int:
    """Return the time of the first picture of any camera, on the clock of the bag's headers."""
    found = surveyed(path)
    return min(times_ns(found, topic)[0] for topic in cameras_of(path))


def cameras_of(path: Path) -> dict[str, tuple[int, int]]:
    """Return the topics that are cameras, each with the size of its pictures.

    Raises:
        PictureError: No picture of any can be read.
    """
    found = surveyed(path)
    best: dict[tuple[str, ...], str] = {}
    sizes: dict[str, tuple[int, int]] = {}
    faults: list[str] = []
    for topic, each in sorted(found.topics.items(), key=lambda pair: (_rank(pair[1].head[0][1]), pair[0])):
        camera = tuple(topic_names.camera_parts(topic))
        if camera in best:
            tell(f"{path}: {printable(topic)} left out: {printable(best[camera])} has that camera's pictures")
            continue
        try:
            sizes[topic] = _size(path, topic, each.head[0][1])
            best[camera] = topic
        except PictureError as error:
            faults.append(f"{path}: {printable(topic)}: {error}")
    if not sizes:
        raise PictureError(faults[0])
    for fault in faults:
        tell(f"{fault}; the topic is left out")
    return dict(sorted(sizes.items()))


def _rank(image: ImageMessage) -> int:
    return BEST.get(image.kind, 1)


def _size(path: Path, topic: str, image: ImageMessage) -> tuple[int, int]:
    if ros_images.video_decoder(image) is None:
        return ros_images.size_of(image)
    return video_messages.first_size(path, topic)


def times_ns(found: BagSurvey, topic: str) -> list[int]:
    """Return the times of a topic's first pictures, on the clock of the bag's headers."""
    return sorted(
        found.time_ns(topic, log_ns, image.stamp_ns)
        for log_ns, image in found.topics[topic].head
        if found.is_zero[topic] or found.is_timed(topic, image.stamp_ns)
    )


def _bodies(found: BagSurvey, sizes: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return the topics of the cameras that each body carries, by the body's frame; bodies without cameras too."""
    known = {found.frames.body_of(body)[0]: topic for topic, body in found.bodies.items()}
    known |= {_fixed_body(found, topic): topic for topic in found.fixes if _fixed_body(found, topic)}
    bodies: dict[str, dict[str, tuple[int, int]]] = {}
    for topic, size in sizes.items():
        frame = found.topics[topic].head[0][1].frame
        body = found.frames.body_of(frame)[0] if frame in found.frames.edges else ""
        # A body that nothing moves is one that moves under another name, if there is only one.
        if not body or (body not in found.frames.edges and body not in known):
            body = _of_namespace(topic, known) or _only_mover(found) or body
        bodies.setdefault(body, {})[topic] = size
    for body in known:
        bodies.setdefault(body, {})
    return bodies


def _only_mover(found: BagSurvey) -> str:
    """Return the only body that frames move in a world; empty if there are several."""
    moving = [
        child
        for child, edge in found.frames.edges.items()
        if is_world(edge.parent) and not edge.is_fixed and not is_world(child)
    ]
    return moving[0] if len(moving) == 1 else ""


def _fixed_body(found: BagSurvey, topic: str) -> str:
    """Return the body that carries a receiver, if frames tell it."""
    frame = found.fixes[topic][0].frame if found.fixes[topic] else ""
    return found.frames.body_of(frame)[0] if frame in found.frames.edges else ""


def _of_namespace(topic: str, known: Mapping[str, str]) -> str:
    """Return the body whose topic shares the most with a camera's; the only one if there is one."""
    if len(known) == 1:
        return next(iter(known))
    shared = {body: topic_names.common(topic, other) for body, other in known.items()}
    return max(shared, key=shared.__getitem__) if any(shared.values()) else ""


def _cameras(
    found: BagSurvey, node: str, topics: Mapping[str, tuple[int, int]], start_ns: int
) -> tuple[DriveCamera, ...]:
    cameras: dict[str, DriveCamera] = {}
    for topic, size in topics.items():
        image = found.topics[topic].head[0][1]
        taken_ns = times_ns(found, topic)
        name = unique(name_of(topic_names.camera_name(topic, node), "camera"), cameras)
        _, pose = found.frames.body_of(image.frame) if image.frame in found.frames.edges else ("", None)
        yaw_deg, pitch_deg = (0.0, 0.0) if pose is None else attitude.camera_angles_deg(image.frame, pose.rotation)
        mount = (pose or IDENTITY).translation
        cameras[name] = DriveCamera(
            name=name,
            source=topic,
            size=size,
            period_ns=usual_period_ns(taken_ns),
            phase_ns=taken_ns[0] - start_ns,
            view_deg=_view_deg(found, topic, image.frame, size[0]),
            mount_m=(float(mount[0]), float(mount[1]), float(mount[2])),
            yaw_deg=yaw_deg,
            pitch_deg=pitch_deg,
        )
    return tuple(cameras.values())


def _view_deg(found: BagSurvey, topic: str, frame: str, width: int) -> float | None:
    beside = [found.models[name] for name in topic_names.info_topics(topic) if name in found.models]
    same = [model for model in found.models.values() if frame and model.frame == frame]
    model: CameraModel | None = next(iter(beside or same), None)
    return None if model is None else attitude.horizontal_view_deg(model.width or width, model.focal_px, model.lens)


def _path(
    found: BagSurvey, body: str, topics: list[str], start_ns: int, origin: tuple[float, ...] | None
) -> tuple[DrivePath, tuple[float, ...] | None]:
    """Return a body's path by its frame, or else by a receiver; it stands if neither says more."""
    times_ns, poses = found.frames.path_of(body)
    fixes = [topic for topic in found.fixes if _carries(found, body, topics, topic)]
    if not times_ns and fixes:
        return _geographic(found, fixes[0], start_ns, origin)
    source = f"{found.path.name} {body}" if body else ""
    if not times_ns:
        pose = poses[0] if poses else IDENTITY
        return DrivePath([_place(pose)], (), [attitude.heading_deg(pose.rotation)], source), origin
    kept = [k for k in range(len(times_ns)) if k == 0 or times_ns[k] > times_ns[k - 1]]
    way = DrivePath(
        [_place(poses[k]) for k in kept],
        [times_ns[k] - start_ns for k in kept],
        [attitude.heading_deg(poses[k].rotation) for k in kept],
        source,
    )
    return (way if len(kept) > 1 else DrivePath(way.places_m[:1], (), way.headings_deg[:1], source)), origin


def _carries(found: BagSurvey, body: str, topics: list[str], fixes: str) -> bool:
    """Return whether a body carries a receiver: by its frame, or else by the names of topics."""
    if not found.fixes[fixes]:
        return False
    if own := _fixed_body(found, fixes):
        return own == body
    others = [topic for topic in found.topics if topic not in topics]
    mine = max((topic_names.common(fixes, topic) for topic in topics), default=0)
    return mine >= max((topic_names.common(fixes, topic) for topic in others), default=0)


def _geographic(
    found: BagSurvey, topic: str, start_ns: int, origin: tuple[float, ...] | None
) -> tuple[DrivePath, tuple[float, ...]]:
    fixes = sorted(found.fixes[topic], key=lambda fix: fix.stamp_ns)
    points = [
        LoggedPoint(f"{found.path}: {printable(topic)}, fix {number}", fix.place, fix.stamp_ns)
        for number, fix in enumerate(fixes, 1)
        if fix.place is not None
    ]
    cleaned = cleaning.cleaned(found.path, points, geographic=True)
    first = cleaned.places[0]
    ground_m = first[2] or 0.0
    own = (first[0], first[1], ground_m) if origin is None else (*origin, ground_m)[:3]
    places = track.to_metres(cleaned, (own[0], own[1], own[2]))
    source = f"{found.path.name} {topic}"
    if len(places) < 2:
        return DrivePath(places, (), (), source), own
    return DrivePath(places, [t_ns - start_ns for t_ns in cleaned.times_ns], (), source), own


def _place(pose: RigidTransform) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in pose.translation)
    if not all(map(math.isfinite, (x, y, z))):
        return 0.0, 0.0, 0.0
    return x, y, z
