"""One frame's story as far as it has come, and the row that it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet import codec_names
from simnet.records import Outcome, Row

if TYPE_CHECKING:
    from simnet.net import Transfer
    from simnet.records import Scenario
    from simnet.records.grants import Decision
    from simnet.records.score import Score


class FrameStory:
    """A frame between its capture and the end of all that happens to it; a run has many of them at a time."""

    __slots__ = (
        "capture_ns", "decision", "digest", "encode_ns", "is_settled", "key", "node_lost", "quality", "score", "size_bytes",
        "tasks", "transfer",
    )  # fmt: skip

    def __init__(self, capture_ns: int, is_settled: bool) -> None:
        """Begin with the capture; `is_settled` says that counts are final with the delivery."""
        self.capture_ns, self.is_settled = capture_ns, is_settled
        self.encode_ns = self.size_bytes = 0
        self.quality, self.digest = 0.0, ""
        self.key, self.node_lost = True, False
        self.transfer: Transfer | None = None
        self.decision: Decision | None = None
        self.score: Score | None = None
        self.tasks: dict[str, float] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to the frame in virtual time."""
        return self.node_lost or (self.is_settled and self.transfer is not None and self.decision is not None)


class RowMaker:
    """Makes the rows of one run."""

    def __init__(self, run: str, scenario: Scenario) -> None:
        """Make rows of the run called `run`."""
        cameras = scenario.cameras
        self._run = run
        self._constants = {
            stream.name: (codec_names.shown(stream.codec), cameras[stream.name].width * cameras[stream.name].height)
            for stream in scenario.streams
        }
        """Codec and pixels by stream."""

    def row(self, stream: str, sequence: int, story: FrameStory) -> Row:
        """Return one frame's row; what became of it must have been decided."""
        return Row(*self.values(stream, sequence, story))  # pyright: ignore[reportArgumentType]

    def values(self, stream: str, sequence: int, story: FrameStory) -> tuple[object, ...]:
        """Return one frame's row as the values of its fields, in order."""
        codec, pixels = self._constants[stream]
        start = self._run, stream, codec, sequence, story.capture_ns, story.encode_ns
        if story.node_lost:
            sent = (None, None, story.size_bytes, 0, 0.0, story.quality, 0, 0, 0, Outcome.NODE_LOST, (), None)
            return (*start, *sent, *_scores(story.score), 0, story.digest, story.key, 0.0, _tasks(story))
        decision, transfer, score = story.decision, story.transfer, story.score
        assert decision is not None, f"{stream} {sequence} was never decided"
        assert transfer is not None, f"{stream} {sequence} never arrived"
        sides = decision.sides
        return (
            *start,
            transfer.arrived_ns,
            decision.ready_ns,
            story.size_bytes,
            transfer.link_bytes,
            8 * transfer.link_bytes / pixels,
            story.quality,
            transfer.packets_sent,
            transfer.packets_lost,
            transfer.retransmissions,
            decision.outcome,
            tuple([side.source for side in sides]) if sides else (),
            max([side.age_ns for side in sides]) if sides else None,
            *((None, None, None, None) if score is None else _scores(score)),
            transfer.queue_ns,
            story.digest,
            story.key,
            decision.concealed,
            _tasks(story),
        )


def _scores(score: Score | None) -> tuple[float | None, ...]:
    if score is None:
        return (None, None, None, None)
    return (score.psnr_db, score.ms_ssim, score.alone_psnr_db, score.alone_ms_ssim)


def _tasks(story: FrameStory) -> dict[str, float]:
    return {} if story.tasks is None else dict(sorted(story.tasks.items()))
