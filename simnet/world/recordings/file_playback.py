"""Picture files with times, as data sets with several sensors have them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simnet import picture_files
from simnet.drives.drive import usual_period_ns
from simnet.world.recordings.timed_playback import TimedPlayback

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from simnet.drives.stored_pictures import StoredPicture


class FilePlayback(TimedPlayback[Path]):
    """The picture files of a camera over the time of its drive."""

    def __init__(self, where: str, pictures: Sequence[StoredPicture]) -> None:
        """Play files in order of time; there is at least one."""
        self._pictures = pictures
        super().__init__(where, usual_period_ns([each.t_ns for each in pictures]))

    def files_before(self, t_ns: int) -> list[Path]:
        """Return the files that are read before a time, and the first after it, which tells where the last one ends."""
        kept = [each.path for each in self._pictures if each.t_ns <= t_ns]
        return kept + [each.path for each in self._pictures[len(kept) : len(kept) + 1]]

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    def _begin(self) -> Iterator[tuple[int, Path]]:
        yield from self._pictures

    def _picture(self, stored: Path) -> np.ndarray:
        return picture_files.read_rgb(stored)
