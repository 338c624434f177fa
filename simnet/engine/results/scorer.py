"""The score: decoded pictures against what the camera saw, by a part that has the world and is apart from the decoder."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from queue import Full, Queue
from typing import TYPE_CHECKING

import numpy as np

from simnet import quality
from simnet.runfolder.folder_names import stream_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.results.ledger import Ledger
    from simnet.engine.timing.thread_timer import Stopwatch

KEPT_AT = (1 / 6, 1 / 2, 9 / 10)
"""Pictures are kept of the first decoded frame after each of these shares of a stream."""

BACKLOG = 16
"""How many pictures may wait to be scored."""


@dataclass(frozen=True, slots=True)
class Score:
    """How good a picture is, and how good it would have been without side information."""

    psnr_db: float
    ms_ssim: float
    alone_psnr_db: float
    alone_ms_ssim: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A decoded picture to score, as bytes; `alone` is None where no side information was used."""

    stream: str
    sequence: int
    capture_ns: int
    picture: bytes
    alone: bytes | None
    digest: str = ""


if TYPE_CHECKING:
    Show = Callable[[Shown, np.ndarray, np.ndarray, Score], None]


class Scorer:
    """Scores pictures in a thread of its own, and keeps a few of each stream in `folder`.

    `counts` is how many frames each stream has. From the scorer's thread, scores go into `ledger`; each of `show` is called with
    every picture scored, its original, itself and its score; and at last `record` with the picture's digest and score.
    """

    def __init__(
        self,
        world: LazyWorld,
        folder: Path,
        counts: dict[str, int],
        stopwatch: Stopwatch,
        ledger: Ledger,
        show: Sequence[Show] = (),
        record: Callable[[str, int, str, Score], None] = lambda *_: None,
    ) -> None:
        self._show = tuple(show)
        self._world, self._folder, self._stopwatch, self._ledger = world, folder, stopwatch, ledger
        self._record = record
        self._keep = {stream: sorted({int(share * count) for share in KEPT_AT}) for stream, count in counts.items()}
        self._queue: Queue[Shown | None] = Queue(BACKLOG)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="scorer", daemon=True)
        self._thread.start()

    def put(self, shown: Shown) -> None:
        """Hand a picture over; waits while too many are waiting."""
        self._put(shown)

    def passed(self, stream: str, sequence: int) -> None:
        """An earlier process has scored this picture, and kept it where it is to be; nothing has been put yet."""
        self._due(stream, sequence)

    def finish(self) -> None:
        """Wait until every picture is scored."""
        self._put(None)
        while self._thread.is_alive():
            self._thread.join(0.2)
        self._raise_error()

    def _put(self, item: Shown | None) -> None:
        while True:
            self._raise_error()
            try:
                return self._queue.put(item, timeout=0.5)
            except Full:
                continue

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while (shown := self._queue.get()) is not None:
                self._score(shown)
        except BaseException as error:
            self._error = error

    def _score(self, shown: Shown) -> None:
        original = self._world.frame(shown.stream, shown.capture_ns)
        picture = np.frombuffer(shown.picture, np.uint8).reshape(original.shape)
        alone = picture if shown.alone is None else np.frombuffer(shown.alone, np.uint8).reshape(original.shape)
        with self._stopwatch.part("scoring"):
            seen = quality.Original(original)
            own = (seen.psnr(picture), seen.ms_ssim(picture))
            bare = own if alone is picture else (seen.psnr(alone), seen.ms_ssim(alone))
        score = Score(*own, *bare)
        self._ledger.scored(shown.stream, shown.sequence, score)
        for show in self._show:
            show(shown, original, picture, score)
        if self._due(shown.stream, shown.sequence):
            self._save(shown, {"original": original, "decoded": picture, "alone": alone})
        self._record(shown.stream, shown.sequence, shown.digest, score)

    def _due(self, stream: str, sequence: int) -> bool:
        """Return whether a picture of the stream is to be kept by now; this one is it then."""
        keep = self._keep[stream]
        is_due = bool(keep) and sequence >= keep[0]
        while keep and sequence >= keep[0]:
            keep.pop(0)
        return is_due

    def _save(self, shown: Shown, pictures: dict[str, np.ndarray]) -> None:
        from PIL import Image

        folder = self._folder / stream_folder(shown.stream)
        folder.mkdir(parents=True, exist_ok=True)
        with self._stopwatch.part("keeping pictures"):
            for kind, picture in pictures.items():
                Image.fromarray(picture).save(folder / f"{shown.sequence}_{kind}.png", compress_level=3)
