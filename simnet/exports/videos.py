"""Videos of a run, one MP4 for each stream: the camera's frame beside the picture on the receiver's screen.

    | stream            2.40 s   frame 24 |
    | original      | received   31.2 dB   212 kbit/s |
    |               |                    |
    | left          | right              |

The right side shows the receiver's screen at a frame's deadline: the frame's own picture if it is in time; otherwise the last
earlier picture that was in time (frozen, framed in red, with the reason as text); otherwise grey.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simnet.exports.export import Export
from simnet.exports.movie import Movie
from simnet.records import SECOND_NS
from simnet.runfolder.folder_names import stream_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simnet.exports.export import ExportedPicture, FinishedRun, FrameDecision
    from simnet.records import CameraConfig, Scenario

FOLDER = "video"
GREY = 128


@dataclass(slots=True)
class _StreamFilm:
    """Video of one stream and its pending frames."""

    movie: Movie
    camera: CameraConfig
    decisions: dict[int, FrameDecision] = field(default_factory=dict)
    """Decided frames that are not in the video yet."""
    pictures: dict[int, ExportedPicture] = field(default_factory=dict)
    next: int = 0
    on_screen: np.ndarray | None = None
    shown: int | None = None
    """Sequence number of the frame on the screen."""
    recent: deque[int] = field(default_factory=deque)
    """Bytes of the frames of the last second."""


class Videos(Export):
    """Export that writes each stream's frames in order of capture, once all earlier frames are decided.

    Decisions come from another thread than pictures; that thread only adds them to dictionaries.
    """

    def __init__(self, folder: Path, scenario: Scenario, frame: Callable[[str, int], np.ndarray]) -> None:
        """Create the files; `frame` returns the frame of a camera at a time.

        Raises:
            OutputError: A file cannot be written.
        """
        self._frame = frame
        self._streams: dict[str, _StreamFilm] = {}
        try:
            for stream in scenario.streams:
                camera = scenario.cameras[stream.name]
                path = folder / FOLDER / f"{stream_folder(stream.name)}.mp4"
                self._streams[stream.name] = _StreamFilm(
                    Movie(path, camera.width, camera.height, camera.period_ns), camera
                )
        except BaseException:
            self.abandon()
            raise

    def decided(self, decision: FrameDecision) -> None:
        """See `Export`."""
        self._streams[decision.stream].decisions[decision.sequence] = decision

    def pictured(self, picture: ExportedPicture) -> None:
        """See `Export`."""
        stream = self._streams[picture.decision.stream]
        stream.pictures[picture.decision.sequence] = picture
        self._show_known(stream)

    def finish(self, ended: FinishedRun) -> None:
        """See `Export`."""
        del ended
        for stream in self._streams.values():
            self._show_known(stream)
            stream.movie.finish()

    def abandon(self) -> None:
        """See `Export`."""
        for stream in self._streams.values():
            stream.movie.abandon()

    @property
    def paths(self) -> tuple[Path, ...]:
        """See `Export`."""
        return tuple(stream.movie.path for stream in self._streams.values() if stream.next)

    def _show_known(self, stream: _StreamFilm) -> None:
        while (decision := stream.decisions.get(stream.next)) is not None:
            picture = stream.pictures.get(stream.next)
            if decision.ready_ns is not None and picture is None:
                return
            del stream.decisions[stream.next]
            stream.pictures.pop(stream.next, None)
            self._show(stream, decision, picture)
            stream.next += 1

    def _show(self, stream: _StreamFilm, decision: FrameDecision, picture: ExportedPicture | None) -> None:
        is_new = picture is not None and decision.outcome.in_time
        original = self._frame(decision.stream, decision.capture_ns) if picture is None else picture.original
        if picture is not None and is_new:
            stream.on_screen, stream.shown = picture.decoded, decision.sequence
        screen = np.full_like(original, GREY) if stream.on_screen is None else stream.on_screen
        stream.recent.append(decision.link_bytes)
        if len(stream.recent) * stream.camera.period_ns > SECOND_NS and len(stream.recent) > 1:
            stream.recent.popleft()
        kbit_s = 8e6 * sum(stream.recent) / (len(stream.recent) * stream.camera.period_ns)
        title = f"{decision.stream}  {decision.capture_ns / SECOND_NS:.2f} s  frame {decision.sequence}"
        if picture is not None and is_new:
            state = "received" if picture.psnr_db is None else f"received {picture.psnr_db:.1f} dB"
        elif stream.shown is None:
            state = f"{decision.outcome.value}: nothing yet"
        else:
            state = f"{decision.outcome.value}: still frame {stream.shown}"
        stream.movie.add((original, screen), (title, f"{kbit_s:.0f} kbit/s"), ("original", state), is_frozen=not is_new)
