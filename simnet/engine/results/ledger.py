"""The ledger of a run: every event in virtual order for the fingerprint, every frame's story for its row."""

from __future__ import annotations

import json
import zlib
from functools import cache, partial
from itertools import takewhile
from typing import TYPE_CHECKING

from simnet.engine.results.event_digest import EventDigest
from simnet.engine.results.frame_story import FrameStory, RowMaker
from simnet.net import settles_at_delivery
from simnet.sliced_frames import sent_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simnet.net import Transfer
    from simnet.records import Row, Scenario
    from simnet.records.grants import Coded, Decision, Feedback
    from simnet.records.score import Score

    WriteRows = Callable[[Sequence[tuple[object, ...]]], None]
    """Takes rows as the values of their fields, in order of capture."""

PART = 32_768
"""How many frames are captured between two looks for those that are over."""


class Ledger:
    """Collects a run's events, which the kernel tells in virtual order; pictures and scores come at any time.

        captured ──▶ story ── coded, arrived, decided, scored ──▶ row ──▶ `write`, in order of capture

    Without pictures, a story ends as soon as nothing more happens to its frame and to any frame before it. With pictures,
    scores and figures of tasks come from other threads, and pictures take far more memory: all rows are written at the end.
    """

    def __init__(
        self,
        run: str,
        scenario: Scenario,
        write: WriteRows,
        *,
        has_pictures: bool,
    ) -> None:
        """Begin the ledger of a run.

        Args:
            run: Its name, for its rows.
            scenario: What is run.
            write: Takes the rows.
            has_pictures: Whether frames are decoded to pictures and scored.
        """
        self._events = EventDigest()
        self._lines = self._events.lines
        self._stories: dict[tuple[str, int], FrameStory] = {}
        """Frames that are not written yet, in order of capture."""
        self._rows, self._write, self._has_pictures = RowMaker(run, scenario), write, has_pictures
        self._settles = {stream.name: settles_at_delivery(stream) for stream in scenario.streams}
        """Whether the counts of a stream's frames are final with their delivery."""
        self._slices = {stream.name: stream.slices for stream in scenario.streams}
        self._digests: dict[str, list[str]] = {}
        """Digests of the pictures of the frames that are written, by stream, from frame 0 on."""
        self.frames = 0
        """How many frames have been captured."""

    def captured(self, stream: str, sequence: int, now_ns: int) -> None:
        """A camera was granted a capture."""
        self._stories[stream, sequence] = FrameStory(now_ns, self._settles[stream])
        self._events.append_line(f'["capture",{now_ns},{_quoted(stream)},{sequence}]')
        self.frames += 1
        if self.frames % PART == 0 and not self._has_pictures:
            self._write_finished()

    def coded(self, stream: str, coded: Coded, now_ns: int) -> None:
        """A frame's coding is done."""
        story = self._stories[stream, coded.sequence]
        data, quality = coded.data, coded.quality
        story.quality, story.encode_ns = quality, now_ns
        story.size_bytes = sent_bytes(len(data), self._slices[stream])
        story.key = coded.key
        frame = f"{_quoted(stream)},{coded.sequence},{quality!r},{len(data)},{zlib.crc32(data)}"
        self._lines.append(f'["coded",{now_ns},{frame}]')

    def arrived(self, stream: str, sequence: int, transfer: Transfer, now_ns: int) -> None:
        """A transfer ended, complete or not."""
        self._stories[stream, sequence].transfer = transfer
        at = "null" if transfer.arrived_ns is None else transfer.arrived_ns
        packets = f"{transfer.packets_sent},{transfer.packets_lost}"
        sizes = f"{transfer.link_bytes},{transfer.queue_ns},{at}"
        self._lines.append(f'["arrival",{now_ns},{_quoted(stream)},{sequence},{packets},{sizes}]')

    def closed(self, stream: str, sequence: int, transfer: Transfer, now_ns: int) -> None:
        """A transport is done with a frame, and more has been sent than when it was delivered."""
        self._stories[stream, sequence].transfer = transfer
        counts = (transfer.packets_sent, transfer.packets_lost, transfer.link_bytes, transfer.retransmissions)
        self._events.append(("closed", now_ns, stream, sequence, *counts))

    def settled(self, stream: str, sequence: int) -> None:
        """Nothing more is sent of a frame, and its counts are final."""
        self._stories[stream, sequence].is_settled = True

    def carried_traffic(self, link: str, sent_bytes: int, delivered_bytes: int, now_ns: int) -> None:
        """The run is over, and a link carried background traffic."""
        self._events.append(("traffic", now_ns, link, sent_bytes, delivered_bytes))

    def decided(self, decision: Decision, now_ns: int) -> None:
        """Fusion decided what becomes of a frame."""
        self._stories[decision.stream, decision.sequence].decision = decision
        frame = f"{_quoted(decision.stream)},{decision.sequence},{_quoted(decision.outcome)}"
        times = f"{_number(decision.start_ns)},{_number(decision.ready_ns)}"
        sides = ""
        if decision.sides:
            sides = ",".join([f"[{_quoted(side.source)},{side.sequence},{side.age_ns}]" for side in decision.sides])
        self._lines.append(f'["decision",{now_ns},{frame},{times},[{sides}]]')
        if decision.concealed:
            fillers = [(each.source, each.sequence) for each in decision.fillers]
            self._events.append(("concealed", decision.concealed, *fillers))

    def fed_back(self, feedback: Feedback, now_ns: int, arrived: bool) -> None:
        """A feedback message reached its camera, or was lost."""
        told = (feedback.time_ns, feedback.frames, feedback.received_bytes, feedback.packets_lost, feedback.queue_ns)
        event = ("feedback", now_ns, feedback.stream, arrived, *told, feedback.undecodable)
        self._events.append(event if feedback.allotted_bps is None else (*event, feedback.allotted_bps))

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

    def scored(self, stream: str, sequence: int, score: Score | None) -> None:
        """A frame's picture has been compared with the original; None if it was not to be."""
        self._stories[stream, sequence].score = score

    def measured(self, stream: str, sequence: int, figures: Mapping[str, float]) -> None:
        """Tasks of the receiver gave these figures for a frame; they are no part of the fingerprint."""
        story = self._stories[stream, sequence]
        story.tasks = {**(story.tasks or {}), **figures}

    def fingerprint(self) -> str:
        """Return the digest of all events in virtual order and of all pictures: the same for the same scenario."""
        total = self._events.copy()
        pictures = {stream: list(enumerate(digests)) for stream, digests in self._digests.items()}
        for (stream, sequence), story in self._stories.items():
            pictures.setdefault(stream, []).append((sequence, story.digest))
        for stream in sorted(pictures):
            total.update(
                "".join([f"{stream} {sequence} {digest}\n" for sequence, digest in sorted(pictures[stream])]).encode()
            )
        return total.hexdigest()

    def sent(self, stream: str, sequence: int) -> tuple[int, int]:
        """Return when a frame was captured, and what of it is known to have entered the first link, in bytes."""
        story = self._stories[stream, sequence]
        return story.capture_ns, story.transfer.link_bytes if story.transfer else 0

    def row_of(self, stream: str, sequence: int) -> Callable[[], Row]:
        """Return what makes one frame's row, now or later, once what became of it has been decided."""
        return partial(self._rows.row, stream, sequence, self._stories[stream, sequence])

    def finish(self) -> None:
        """The run is over: write the rows of all frames that are left."""
        self._end(list(self._stories))

    def _write_finished(self) -> None:
        """Write the rows of the oldest frames, up to the first one to which something may still happen."""
        stories = self._stories
        self._end(list(takewhile(lambda frame: stories[frame].is_over, stories)))

    def _end(self, frames: list[tuple[str, int]]) -> None:
        rows: list[tuple[object, ...]] = []
        for stream, sequence in frames:
            story = self._stories.pop((stream, sequence))
            self._digests.setdefault(stream, []).append(story.digest)
            rows.append(self._rows.values(stream, sequence, story))
        if rows:
            self._write(rows)


@cache
def _quoted(name: str) -> str:
    """Return a name, one of a run's few, as JSON."""
    return json.dumps(name)


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)
