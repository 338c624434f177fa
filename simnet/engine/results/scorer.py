"""The scorer: it compares decoded pictures with what the camera saw, apart from the decoder."""

from __future__ import annotations

from queue import Full, Queue
from typing import TYPE_CHECKING

import numpy as np

from simnet import quality
from simnet.codec_names import RECORDED
from simnet.engine.timing.backlog import MOST
from simnet.records.score import Score, ScoredPicture
from simnet.runfolder.kept_picture_files import PictureKind, write_picture
from simnet.service_thread import ServiceThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.watched_ledger import RunWatcher
    from simnet.engine.timing.thread_timer import ThreadTimer
    from simnet.records import Scenario
    from simnet.records.score import DecodedPicture

    Frame = Callable[[str, int], np.ndarray]
    """Returns what a camera sees at a time."""
    RecordScore = Callable[[str, int, str, Score | None], None]
    """Takes stream, sequence, digest and score of a picture."""

KEPT_AT = (1 / 6, 1 / 2, 9 / 10)
"""Pictures are kept of the first decoded frame after each of these shares of a stream."""
KINDS = (PictureKind.ORIGINAL, PictureKind.DECODED, PictureKind.ALONE)
PACKED = 0.5
"""Size of a PNG of a scene against its pixels' own."""


def kept_bytes(scenario: Scenario) -> int:
    """Estimate the size of the pictures that a run keeps."""
    cameras = [scenario.cameras[stream.name] for stream in scenario.streams if stream.codec != RECORDED]
    return int(sum(len(KEPT_AT) * len(KINDS) * 3 * each.width * each.height * PACKED for each in cameras))


class Scorer:
    """Scores pictures in a thread of its own, and keeps a few of each stream in the run's folder `out`.

    `frame` gives the originals, `counts` how many frames each stream has. From the scorer's thread, scores go into `ledger`,
    every picture to each of `watchers`, and at last the picture's digest and score to `record`. Frames whose number `scores`
    does not want have no score, and their pictures are not kept. `backlog` is how many pictures may wait.
    """

    def __init__(
        self,
        frame: Frame,
        out: Path,
        counts: dict[str, int],
        timer: ThreadTimer,
        ledger: Ledger,
        watchers: Sequence[RunWatcher] = (),
        record: RecordScore = lambda *_: None,
        scores: Callable[[int], bool] = lambda _: True,
        backlog: int = MOST,
    ) -> None:
        self._frame, self._out, self._timer, self._ledger = frame, out, timer, ledger
        self._watchers, self._record, self._scores = tuple(watchers), record, scores
        self._keep = {stream: sorted({int(share * count) for share in KEPT_AT}) for stream, count in counts.items()}
        self._queue: Queue[DecodedPicture | None] = Queue(backlog)
        self._thread = ServiceThread("scorer", self._run)

    def put(self, picture: DecodedPicture) -> None:
        """Hand a picture over; waits while too many are waiting."""
        self._put(picture)

    def passed(self, stream: str, sequence: int) -> None:
        """An earlier process has scored this picture, and kept it where it is to be; nothing has been put yet."""
        self._due(stream, sequence)

    def finish(self) -> None:
        """Wait until every picture is scored."""
        self._put(None)
        while self._thread.is_alive:
            self._thread.join(0.2)
        self._thread.check()

    def _put(self, item: DecodedPicture | None) -> None:
        while True:
            self._thread.check()
            try:
                return self._queue.put(item, timeout=0.5)
            except Full:
                continue

    def _run(self) -> None:
        while (picture := self._queue.get()) is not None:
            self._score(picture)

    def _score(self, picture: DecodedPicture) -> None:
        stream, sequence = picture.stream, picture.sequence
        original = self._frame(stream, picture.capture_ns)
        decoded = np.frombuffer(picture.picture, np.uint8).reshape(original.shape)
        alone = decoded if picture.alone is None else np.frombuffer(picture.alone, np.uint8).reshape(original.shape)
        score = self._measured(original, decoded, alone) if self._scores(sequence) else None
        self._ledger.scored(stream, sequence, score)
        scored = ScoredPicture(stream, sequence, picture.capture_ns, original, decoded, score)
        for watcher in self._watchers:
            watcher.scored(scored)
        if self._due(stream, sequence):
            self._save(picture, dict(zip(KINDS, (original, decoded, alone), strict=True)))
        self._record(stream, sequence, picture.digest, score)

    def _measured(self, original: np.ndarray, decoded: np.ndarray, alone: np.ndarray) -> Score:
        with self._timer.part("scoring"):
            reference = quality.Original(original)
            own = (reference.psnr(decoded), reference.ms_ssim(decoded))
            bare = own if alone is decoded else (reference.psnr(alone), reference.ms_ssim(alone))
        return Score(*own, *bare)

    def _due(self, stream: str, sequence: int) -> bool:
        """Return whether a picture of the stream is to be kept by now; this one is it then."""
        keep = self._keep[stream]
        is_due = bool(keep) and sequence >= keep[0] and self._scores(sequence)
        if not is_due:
            return False
        while keep and sequence >= keep[0]:
            keep.pop(0)
        return True

    def _save(self, picture: DecodedPicture, pictures: dict[PictureKind, np.ndarray]) -> None:
        with self._timer.part("keeping pictures"):
            for kind, pixels in pictures.items():
                write_picture(self._out, picture.stream, picture.sequence, kind, pixels)
