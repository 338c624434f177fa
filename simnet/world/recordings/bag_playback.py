"""A camera's topic of a ROS 2 bag or MCAP file, played by the times in its headers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from av.video.frame import VideoFrame

from simnet.drives import bag_drive, message_log, message_records, ros_images, video_messages
from simnet.drives.drive import usual_period_ns
from simnet.drives.message_log import BagError
from simnet.drives.message_records import ImageMessage
from simnet.errors import PictureError
from simnet.notices import count, tell
from simnet.printable import printable
from simnet.world.recordings.timed_playback import TimedPlayback
from simnet.world.recordings.video_frames import rgb_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np


class BagPlayback(TimedPlayback["ImageMessage | VideoFrame"]):
    """The pictures of a topic over the time of its bag, which begins with the first picture of any camera."""

    def __init__(self, path: Path, topic: str | None, camera: str) -> None:
        """Open a topic of a bag.

        Raises:
            PictureError: The bag has no such topic of pictures, or none of its pictures can be read.
        """
        known = bag_drive.cameras_of(path)
        if topic not in known:
            found = "no source" if topic is None else f"source {topic!r}"
            raise PictureError(
                f"{path}: camera {camera} has {found}; expected a topic of: {printable(', '.join(known))}"
            )
        self._path, self._topic = path, topic
        self._found = bag_drive.surveyed(path)
        self._start_ns = bag_drive.begin_ns(path)
        super().__init__(f"{path}: {printable(topic)}", usual_period_ns(bag_drive.times_ns(self._found, topic)))

    def close(self) -> None:
        """Do nothing: a bag is closed where it has been read to the end, or is forgotten."""

    def _begin(self) -> Iterator[tuple[int, ImageMessage | VideoFrame]]:
        head = self._found.topics[self._topic].head[0][1]
        images = self._images()
        timed = images if ros_images.video_decoder(head) is None else video_messages.frames(images)
        last_ns, skipped = -1, 0
        try:
            for t_ns, stored in timed:
                if t_ns <= last_ns:
                    skipped += 1
                    continue
                last_ns = t_ns
                yield t_ns, stored
        except (BagError, PictureError) as error:
            self.fault = str(error).removeprefix(f"{self.where}: ").removeprefix(f"{self._path}: ")
        if skipped:
            tell(f"{self.where}: {count(skipped, 'picture')} not after the one before, left out")

    def _images(self) -> Iterator[tuple[int, ImageMessage]]:
        """Yield pictures with their times in the drive; a picture without a time among others with one is left out."""
        topic, found = self._topic, self._found
        channel = found.topics[topic].channel
        lost = 0
        for message in message_log.read(self._path, lambda each: each.topic == topic and each.type == channel.type):
            image = message_records.read(message)
            assert isinstance(image, ImageMessage)
            if not (found.is_zero[topic] or found.is_timed(topic, image.stamp_ns)):
                lost += 1
                continue
            yield found.time_ns(topic, message.log_ns, image.stamp_ns) - self._start_ns, image
        if lost:
            tell(f"{self.where}: {count(lost, 'picture')} without a time among others with one, left out")

    def _picture(self, stored: ImageMessage | VideoFrame) -> np.ndarray:
        if isinstance(stored, VideoFrame):
            return rgb_of(stored)
        try:
            return ros_images.rgb(stored)
        except PictureError as error:
            raise PictureError(f"{self.where}: {error}") from error
