"""Decoded pictures that may yet serve as side information, in files, so that a fusion host or a broker that died can go on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simnet.nodes.fusion_setup import FusionSetup
from simnet.output_files import make_folder, write_own
from simnet.runfolder.folder_names import stream_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from simnet.records import Scenario

    Key = tuple[str, int]


class PictureSpool:
    """Keeps what fusion may still choose, and what the latest decodings chose, since not all of these are done or on record yet.

    `behind` is how many decodings may be on their way or unscored at once, here or in a process that goes on from the record.
    """

    def __init__(self, folder: Path, scenario: Scenario, behind: int) -> None:
        self._folder, self._setup = folder, FusionSetup.of(scenario)
        self._serving = self._setup.serving()
        self._kept: dict[Key, None] = {}
        self._chosen: deque[list[Key]] = deque(maxlen=behind)
        self._made: set[Path] = set()
        self._now_ns = 0

    def pass_time(self, now_ns: int) -> None:
        """Fusion has had a turn at `now_ns`."""
        self._now_ns = now_ns

    def choose(self, sides: Sequence[Key]) -> None:
        """A picture is to be decoded with the side pictures `sides`, some of which may not be here yet."""
        self._chosen.append(list(sides))

    def put(self, stream: str, sequence: int, picture: bytes | None) -> None:
        """Keep a picture (None if an earlier process kept it).

        Raises:
            OutputError: It cannot be written.
        """
        if stream in self._serving:
            file = self._file(stream, sequence)
            if picture is not None:
                # Each system call of the clock's thread may have to wait for the interpreter's lock.
                if file.parent not in self._made:
                    make_folder(file.parent)
                    self._made.add(file.parent)
                write_own(file, picture)
            self._kept[stream, sequence] = None
        self._let_go()

    def pictures(self) -> Iterator[tuple[Key, bytes]]:
        """Yield what is kept, in order of decoding."""
        for stream, sequence in self._kept:
            file = self._file(stream, sequence)
            # A broker that died later than where its successor is now has dropped pictures that no decoding will choose.
            if file.exists():
                yield (stream, sequence), file.read_bytes()

    def _let_go(self) -> None:
        oldest_ns = self._now_ns - self._setup.memory_ns
        wanted = {key for sides in self._chosen for key in sides}
        sources = self._setup.sources
        for key in [key for key in self._kept if sources[key[0]].schedule.capture_ns(key[1]) < oldest_ns]:
            if key not in wanted:
                del self._kept[key]
                self._file(*key).unlink(missing_ok=True)

    def _file(self, stream: str, sequence: int) -> Path:
        return self._folder / stream_folder(stream) / f"{sequence}.rgb"
