"""One reading of a bag for everything but pixels: first pictures of each camera, calibrations, poses, fixes.

Times are those of the headers, when something was measured. Where a topic's headers are all zero, its times are those of the
log, moved by as much as the other topics' headers differ from the log, if the two are clocks of different days.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from simnet.drives import message_log, message_records
from simnet.drives.frame_tree import FrameTree
from simnet.drives.message_log import BagError
from simnet.drives.message_records import CameraModel, ImageMessage, SatelliteFix
from simnet.drives.topic_names import parts
from simnet.errors import InputError
from simnet.notices import tell
from simnet.printable import names_of_file, printable
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.drives.message_log import LogChannel, LoggedMessage
    from simnet.drives.message_records import FramePose

HEAD = 50
"""Pictures of each topic that are looked at: they tell its clock, its rate and its size."""
APART_NS = 3600 * SECOND_NS
"""Clocks that differ by more are not of the same day."""
EARLY_NS = 1000 * SECOND_NS
"""A clock whose first time is before this began at zero."""
ORIGINALS = "/original"
"""How topics of simnet's own recordings end that hold what a camera saw."""
TRUE = "/true"
"""How frames of nodes end in simnet's own recordings that report other poses than they have."""
STATIC = "/tf_static"


@dataclass(slots=True)
class SurveyedTopic:
    """First pictures of a topic; `count` is of all."""

    channel: LogChannel
    head: list[tuple[int, ImageMessage]] = field(default_factory=list)
    """When each was logged, and the picture; of all but the first the pixels are forgotten."""
    count: int = 0


@dataclass(slots=True)
class BagSurvey:
    """What a bag holds, on the clock of its headers."""

    path: Path
    topics: dict[str, SurveyedTopic] = field(default_factory=dict)
    models: dict[str, CameraModel] = field(default_factory=dict)
    frames: FrameTree = field(default_factory=FrameTree)
    bodies: dict[str, str] = field(default_factory=dict)
    """By topic of an odometry, the frame that it moves."""
    fixes: dict[str, list[SatelliteFix]] = field(default_factory=dict)
    is_zero: dict[str, bool] = field(default_factory=dict)
    """By topic, whether all times in headers have been zero."""
    from_zero: set[str] = field(default_factory=set)
    """Topics on a clock that begins at zero, as a simulator's."""
    offset_ns: int = 0
    """What is added to times of the log to get times of headers."""

    def is_timed(self, topic: str, stamp_ns: int) -> bool:
        """Return whether a header says when a message was measured: a zero among other times is none."""
        return bool(stamp_ns) or topic in self.from_zero

    def time_ns(self, topic: str, log_ns: int, stamp_ns: int) -> int:
        """Return when a message was measured."""
        return log_ns + self.offset_ns if self.is_zero[topic] else stamp_ns


@dataclass(slots=True)
class _Waiting:
    """Messages with the time 0, and the log's: of use if none of their topic has another time."""

    poses: list[tuple[str, int, tuple[FramePose, ...]]] = field(default_factory=list)
    fixes: list[tuple[str, int, SatelliteFix]] = field(default_factory=list)
    apart_ns: list[int] = field(default_factory=list)
    """Times of headers less those of the log, of other messages."""


class BagSurveyor:
    """Reader of a bag: it takes one message after the other."""

    def __init__(self, path: Path) -> None:
        self.found = BagSurvey(path)
        self._odometry = FrameTree()
        self._waiting = _Waiting()

    def read(self) -> BagSurvey:
        """Read the bag.

        Raises:
            BagError: Nothing of it can be read, or it holds no pictures; a bag that breaks off later is told.
        """
        found = self.found
        try:
            for message in message_log.read(found.path, is_wanted):
                self._take(message)
        except InputError as error:
            if not found.topics:
                raise
            tell(f"{error}; what comes before is read")
        if not found.topics:
            raise BagError(f"{found.path}: {_without_pictures(found.path)}")
        self._finish()
        return found

    def _take(self, message: LoggedMessage) -> None:
        topic, kind = message.channel.topic, message_records.kind_of(message.channel.type)
        surveyed = self.found.topics.get(topic)
        if surveyed is not None and len(surveyed.head) >= HEAD:
            surveyed.count += 1
            return
        record = message_records.read(message)
        if isinstance(record, ImageMessage):
            surveyed = self.found.topics.setdefault(topic, SurveyedTopic(message.channel))
            surveyed.count += 1
            self._clock(message, record.stamp_ns)
            kept = replace(record, data=memoryview(b"")) if surveyed.head else record
            surveyed.head.append((message.log_ns, kept))
        elif isinstance(record, CameraModel):
            self.found.models.setdefault(topic, record)
        elif isinstance(record, SatelliteFix):
            self._take_fix(message, record)
        else:
            self._take_poses(message, record, is_odometry=kind == "odometry")

    def _take_fix(self, message: LoggedMessage, fix: SatelliteFix) -> None:
        topic = message.channel.topic
        self._clock(message, fix.stamp_ns)
        if not self.found.is_timed(topic, fix.stamp_ns):
            self._waiting.fixes.append((topic, message.log_ns, fix))
        elif fix.place is not None:
            self.found.fixes.setdefault(topic, []).append(fix)

    def _take_poses(self, message: LoggedMessage, poses: tuple[FramePose, ...], *, is_odometry: bool) -> None:
        topic = message.channel.topic
        is_static = topic.endswith(STATIC)
        if is_odometry:
            body = poses[0].child or "/".join([*parts(topic)[:-1], "base_link"])
            poses = (replace(poses[0], child=body),)
            self.found.bodies.setdefault(topic, body)
        for each in poses:
            self._clock(message, each.stamp_ns)
        if is_static or all(self.found.is_timed(topic, each.stamp_ns) for each in poses):
            (self._odometry if is_odometry else self.found.frames).add(poses, is_static=is_static)
        else:
            self._waiting.poses.append((topic, message.log_ns, poses))

    def _clock(self, message: LoggedMessage, stamp_ns: int) -> None:
        found, topic = self.found, message.channel.topic
        is_own = message.channel.is_own
        if is_own or (found.is_zero.get(topic, True) and 0 < stamp_ns < EARLY_NS):
            found.from_zero.add(topic)
        found.is_zero[topic] = found.is_zero.get(topic, True) and not stamp_ns and not is_own
        if stamp_ns and len(self._waiting.apart_ns) < 10 * HEAD:
            self._waiting.apart_ns.append(stamp_ns - message.log_ns)

    def _finish(self) -> None:
        found, apart_ns = self.found, self._waiting.apart_ns
        if apart_ns and abs(statistics.median(apart_ns)) > APART_NS:
            found.offset_ns = round(statistics.median(apart_ns))
        for topic, log_ns, poses in self._waiting.poses:
            if found.is_zero[topic] or topic in found.from_zero:
                stamped = tuple(replace(each, stamp_ns=found.time_ns(topic, log_ns, each.stamp_ns)) for each in poses)
                (self._odometry if topic in found.bodies else found.frames).add(stamped)
        for topic, log_ns, fix in self._waiting.fixes:
            if (found.is_zero[topic] or topic in found.from_zero) and fix.place is not None:
                stamped = replace(fix, stamp_ns=found.time_ns(topic, log_ns, fix.stamp_ns))
                found.fixes.setdefault(topic, []).append(stamped)
        if any(each.channel.is_own for each in found.topics.values()):
            found.frames.replace_by(TRUE)
        found.frames.finish(otherwise=self._odometry)
        for topic, is_zero in found.is_zero.items():
            if is_zero and not topic.endswith(STATIC):
                tell(f"{found.path}: {printable(topic)}: all times in its headers are zero; those of the log are taken")


def is_wanted(channel: LogChannel) -> bool:
    """Return whether a channel holds something of a drive. What simnet decoded is no picture of a camera."""
    kind = message_records.kind_of(channel.type)
    return bool(kind) and (kind != "image" or not channel.is_own or channel.topic.endswith(ORIGINALS))


def _without_pictures(path: Path) -> str:
    """Return why a bag is no source of pictures."""
    types: set[str] = set()
    has_own = False

    def see(channel: LogChannel) -> bool:
        nonlocal has_own
        has_own |= channel.is_own
        types.add(channel.type)
        return False

    for _ in message_log.read(path, see):
        pass
    if has_own:
        return (
            f"a recording of simnet without originals; expected topics /<camera>{ORIGINALS}, as `--export mcap` writes"
        )
    return (
        f"no pictures in it (it has {names_of_file(sorted(types)) or 'no channels'}); expected sensor_msgs/msg/Image, "
        "sensor_msgs/msg/CompressedImage or foxglove_msgs/msg/CompressedVideo"
    )
