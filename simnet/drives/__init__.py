"""Recorded drives: what bags and data sets with poses say of nodes, paths and cameras.

    a bag, a data set's folder ──reader──▶ RecordedDrive ──tree──▶ nodes of a scenario      (the scenario's room asks)
              └───────────────────────────────────────────▶ pictures over time      (the world's room asks)

- **drive**: the records that every reader returns, and the tree of nodes that they become.
- **bag_drive** reads ROS 2 bags and MCAP files: `message_log` opens them, `message_records` reads messages, `bag_survey` reads a
  bag once, `frame_tree` knows where bodies and cameras are, `ros_images` and `video_messages` make pictures.

- **opv2v_drive** and **dair_drive** read data sets of cooperative driving; `stored_pictures` is what they share.

Rules of this package: a reader opens files and returns records; it knows no scenario and no world, which both use it. Files may
come from anywhere: sizes are compared before memory is taken, and whatever is wrong with a file is one line that names it.
Readers are imported by their names when a drive is read, so that nothing heavy is imported earlier.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.serial_imports import imported

if TYPE_CHECKING:
    from simnet.drives.drive import RecordedDrive

READERS = {
    "rosbag": "simnet.drives.bag_drive",
    "opv2v": "simnet.drives.opv2v_drive",
    "dair_v2x": "simnet.drives.dair_drive",
}
KINDS = tuple(READERS)
"""Kinds of worlds whose files say where nodes and cameras are."""
FILES = frozenset(("rosbag",))
"""Those that may be a file as well as a folder."""


def describe(kind: str, path: Path, sequence: str | None, origin: tuple[float, ...] | None) -> RecordedDrive:
    """Return the nodes of a drive.

    Args:
        kind: One of `KINDS`.
        path: The file or folder.
        sequence: Name of one of several drives in a folder.
        origin: Latitude, longitude and, if given, altitude of the place (0, 0, 0).

    Raises:
        InputError: It cannot be read.
    """
    return imported(READERS[kind]).describe(path, sequence, origin)


def tree(drive: RecordedDrive) -> dict[str, Any]:
    """Return the nodes of a drive as a scenario file has them."""
    return imported("simnet.drives.drive").tree(drive)
