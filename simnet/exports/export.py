"""Base class of exports, and the records passed to them during a run and at its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from simnet.net import LinkStatistics, NetworkEvent, PacketObserver
    from simnet.records import Announcement, Outcome, Row


@dataclass(frozen=True, slots=True)
class FrameDecision:
    """Fusion's decision about a frame, in virtual time."""

    stream: str
    sequence: int
    capture_ns: int
    outcome: Outcome
    ready_ns: int | None
    """Time at which the picture is ready; None if the frame has no picture."""
    link_bytes: int
    """Bytes that entered the first link before the decision, packet overhead included."""


@dataclass(frozen=True, slots=True)
class ExportedPicture:
    """A decoded picture and its original: uint8, H x W x 3, RGB, read-only."""

    decision: FrameDecision
    original: np.ndarray
    decoded: np.ndarray
    psnr_db: float | None


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """Results of a run that has ended."""

    run: str
    fingerprint: str
    rows: Iterable[Row]
    """In order of capture; each look at them may read the run's folder again."""
    links: Sequence[LinkStatistics]
    events: Sequence[NetworkEvent]
    lost_hosts: Sequence[str] = ()
    """Hosts that were lost while the run continued."""


class Export(ABC):
    """Writer of one kind of file during a run. It does not affect the run, and its memory does not grow with the run.

    The run's own thread calls `opened`, `coded` and `decided` in order of virtual time. The scorer's thread calls `pictured` in
    order of decoding, after the frame was decided. A method raises OutputError if it cannot write.
    """

    def opened(self, announcements: Mapping[str, Announcement]) -> None:
        """Take the announcements, which hold the constants of each stream."""
        del announcements

    def coded(self, stream: str, sequence: int, data: bytes, quality: float, now_ns: int) -> None:
        """Take a coded frame; `data` includes its header, `quality` is the requested quality."""
        del stream, sequence, data, quality, now_ns

    def decided(self, decision: FrameDecision) -> None:
        """Take the decision about a frame; frames of lost nodes have decisions too."""
        del decision

    def pictured(self, picture: ExportedPicture) -> None:
        """Take a decoded picture."""
        del picture

    @abstractmethod
    def finish(self, ended: FinishedRun) -> None:
        """Complete the files of a run that has ended."""

    @abstractmethod
    def abandon(self) -> None:
        """Remove the files of a run that has failed."""

    @property
    def packets(self) -> PacketObserver | None:
        """Observer of the network's packets, called from the run's own thread; None if the export needs no packets."""
        return None

    @property
    @abstractmethod
    def paths(self) -> tuple[Path, ...]:
        """Files that the export writes."""
