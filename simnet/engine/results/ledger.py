"""The ledger of a run: every event in virtual order for the fingerprint, every frame's story for its row."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from simnet import codec_names
from simnet.engine.results.event_digest import EventDigest
from simnet.net import Transfer
from simnet.records import Outcome, Row
from simnet.records.grants import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.records import CameraConfig, StreamConfig
    from simnet.records.grants import Coded, Feedback
    from simnet.records.score import Score

_NEVER_SENT = Transfer("", "", 0, 0, 0, 0, 0, None, 0, complete=False)


@dataclass(slots=True)
class _Story:
    """One frame as far as it has come."""

    capture_ns: int
    quality: float = 0.0
    encode_ns: int = 0
    size_bytes: int = 0
    key: bool = True
    transfer: Transfer | None = None
    decision: Decision | None = None
    score: Score | None = None
    digest: str = ""
    node_lost: bool = False
    tasks: dict[str, float] = field(default_factory=dict[str, float])


class Ledger:
    """Collects a run's events, which the kernel tells in virtual order; pictures and scores come at any time."""

    def __init__(self) -> None:
        self._events = EventDigest()
        self._stories: dict[tuple[str, int], _Story] = {}

    @property
    def frames(self) -> int:
        """How many frames have been captured."""
        return len(self._stories)

    def captured(self, stream: str, sequence: int, now_ns: int) -> None:
        """A camera was granted a capture."""
        self._stories[stream, sequence] = _Story(now_ns)
        self._events.append_line(f'["capture",{now_ns},{_quoted(stream)},{sequence}]')

    def coded(self, stream: str, coded: Coded, now_ns: int) -> None:
        """A frame's coding is done."""
        story = self._stories[stream, coded.sequence]
        data, quality = coded.data, coded.quality
        story.quality, story.encode_ns, story.size_bytes = quality, now_ns, len(data)
        story.key = coded.key
        frame = f"{_quoted(stream)},{coded.sequence},{quality!r},{len(data)},{zlib.crc32(data)}"
        self._events.append_line(f'["coded",{now_ns},{frame}]')

    def arrived(self, stream: str, sequence: int, transfer: Transfer, now_ns: int) -> None:
        """A transfer ended, complete or not."""
        self._stories[stream, sequence].transfer = transfer
        packets = f"{transfer.packets_sent},{transfer.packets_lost}"
        sizes = f"{transfer.link_bytes},{transfer.queue_ns},{_number(transfer.arrived_ns)}"
        self._events.append_line(f'["arrival",{now_ns},{_quoted(stream)},{sequence},{packets},{sizes}]')

    def closed(self, stream: str, sequence: int, transfer: Transfer, now_ns: int) -> None:
        """A transport is done with a frame, and more has been sent than when it was delivered."""
        self._stories[stream, sequence].transfer = transfer
        counts = (transfer.packets_sent, transfer.packets_lost, transfer.link_bytes, transfer.retransmissions)
        self._events.append(("closed", now_ns, stream, sequence, *counts))

    def carried_traffic(self, link: str, sent_bytes: int, delivered_bytes: int, now_ns: int) -> None:
        """The run is over, and a link carried background traffic."""
        self._events.append(("traffic", now_ns, link, sent_bytes, delivered_bytes))

    def decided(self, decision: Decision, now_ns: int) -> None:
        """Fusion decided what becomes of a frame."""
        self._stories[decision.stream, decision.sequence].decision = decision
        frame = f"{_quoted(decision.stream)},{decision.sequence},{_quoted(decision.outcome)}"
        times = f"{_number(decision.start_ns)},{_number(decision.ready_ns)}"
        sides = ",".join(f"[{_quoted(side.source)},{side.sequence},{side.age_ns}]" for side in decision.sides)
        self._events.append_line(f'["decision",{now_ns},{frame},{times},[{sides}]]')

    def fed_back(self, feedback: Feedback, now_ns: int, arrived: bool) -> None:
        """A feedback message reached its camera, or was lost."""
        told = (feedback.time_ns, feedback.frames, feedback.received_bytes, feedback.packets_lost, feedback.queue_ns)
        self._events.append(("feedback", now_ns, feedback.stream, arrived, *told, feedback.undecodable))

    def fault(self, host: str, reason: str, now_ns: int) -> None:
        """The run continues without a host."""
        del reason
        self._events.append(("fault", now_ns, host))

    def node_lost(self, stream: str, sequence: int, now_ns: int) -> None:
        """A frame was never coded: its camera's process is gone for good."""
        story = self._stories[stream, sequence]
        story.node_lost, story.encode_ns = True, now_ns
        self._events.append(("node lost", now_ns, stream, sequence))

    def pictured(self, stream: str, sequence: int, digest: str) -> None:
        """A frame's picture is there."""
        self._stories[stream, sequence].digest = digest

    def scored(self, stream: str, sequence: int, score: Score) -> None:
        """A frame's picture has been compared with the original."""
        self._stories[stream, sequence].score = score

    def measured(self, stream: str, sequence: int, figures: Mapping[str, float]) -> None:
        """Tasks of the receiver gave these figures for a frame; they are no part of the fingerprint."""
        self._stories[stream, sequence].tasks.update(figures)

    def fingerprint(self) -> str:
        """Return the digest of all events in virtual order and of all pictures: the same for the same scenario."""
        total = self._events.copy()
        pictures: dict[str, list[tuple[int, str]]] = {}
        for (stream, sequence), story in self._stories.items():
            pictures.setdefault(stream, []).append((sequence, story.digest))
        for stream in sorted(pictures):
            total.update(
                "".join(f"{stream} {sequence} {digest}\n" for sequence, digest in sorted(pictures[stream])).encode()
            )
        return total.hexdigest()

    def sent(self, stream: str, sequence: int) -> tuple[int, int]:
        """Return when a frame was captured, and what of it is known to have entered the first link, in bytes."""
        story = self._stories[stream, sequence]
        return story.capture_ns, story.transfer.link_bytes if story.transfer else 0

    def row(self, run: str, stream: StreamConfig, camera: CameraConfig, sequence: int) -> Row:
        """Return one frame's row; what became of it must have been decided."""
        return _row(run, stream, camera, sequence, self._stories[stream.name, sequence])

    def rows(self, run: str, streams: dict[str, StreamConfig], cameras: dict[str, CameraConfig]) -> list[Row]:
        """Return a row for each frame, in order of capture."""
        return [self.row(run, streams[stream], cameras[stream], sequence) for stream, sequence in self._stories]


@cache
def _quoted(name: str) -> str:
    """Return a name, one of a run's few, as JSON."""
    return json.dumps(name)


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _row(run: str, stream: StreamConfig, camera: CameraConfig, sequence: int, story: _Story) -> Row:
    decision, transfer, score = story.decision, story.transfer, story.score
    if story.node_lost:
        transfer, decision = _NEVER_SENT, Decision(stream.name, sequence, Outcome.NODE_LOST)
    assert decision is not None, f"{stream.name} {sequence} was never decided"
    assert transfer is not None, f"{stream.name} {sequence} never arrived"
    sides = decision.sides
    return Row(
        run=run,
        stream=stream.name,
        codec=codec_names.shown(stream.codec),
        sequence=sequence,
        capture_ns=story.capture_ns,
        encode_ns=story.encode_ns,
        arrive_ns=transfer.arrived_ns,
        decode_ns=decision.ready_ns,
        size_bytes=story.size_bytes,
        link_bytes=transfer.link_bytes,
        bpp=8 * transfer.link_bytes / (camera.width * camera.height),
        quality=story.quality,
        packets_sent=transfer.packets_sent,
        packets_lost=transfer.packets_lost,
        retransmissions=transfer.retransmissions,
        outcome=Outcome(decision.outcome),
        side_sources=tuple([side.source for side in sides]),
        side_age_ns=max([side.age_ns for side in sides]) if sides else None,
        psnr_db=score and score.psnr_db,
        ms_ssim=score and score.ms_ssim,
        alone_psnr_db=score and score.alone_psnr_db,
        alone_ms_ssim=score and score.alone_ms_ssim,
        queue_ns=transfer.queue_ns,
        picture_digest=story.digest,
        key=story.key,
        tasks=dict(sorted(story.tasks.items())),
    )
