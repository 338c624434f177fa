"""What an export is told while a run goes on, and at its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from simnet.net import LinkStatistics, NetworkEvent, PacketObserver
    from simnet.records import Announcement, Outcome, Row


@dataclass(frozen=True, slots=True)
class Fate:
    """What was decided about a frame, in virtual time."""

    stream: str
    sequence: int
    capture_ns: int
    outcome: Outcome
    ready_ns: int | None
    """When its picture is there; None where there will be none."""
    link_bytes: int
    """What entered the first link until then, every packet's overhead included."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and its original: uint8, H x W x 3, RGB, not to be written to."""

    fate: Fate
    original: np.ndarray
    decoded: np.ndarray
    psnr_db: float


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known of a run once it is over."""

    run: str
    fingerprint: str
    rows: Sequence[Row]
    links: Sequence[LinkStatistics]
    events: Sequence[NetworkEvent]
    lost_hosts: Sequence[str] = ()
    """That the run went on without."""


class Export(ABC):
    """Writes one kind of file while a run goes on. It is told; it changes nothing, and keeps nothing that grows with the run.

    `opened`, `coded` and `decided` come from the run's own thread in order of virtual time; `pictured` comes from the scorer's,
    in order of decoding, after the frame was decided. What cannot be written raises InputError.
    """

    def opened(self, announcements: Mapping[str, Announcement]) -> None:
        """All streams are open; this is what is constant in each."""
        del announcements

    def coded(self, stream: str, sequence: int, data: bytes, quality: float, now_ns: int) -> None:
        """A frame was coded into `data`, its header included; `quality` is what was asked for."""
        del stream, sequence, data, quality, now_ns

    def decided(self, fate: Fate) -> None:
        """Fusion has decided what becomes of a frame, or its node is lost."""
        del fate

    def pictured(self, picture: Picture) -> None:
        """A frame was decoded."""
        del picture

    @abstractmethod
    def finish(self, ended: Ended) -> None:
        """The run is over: make the files whole."""

    @abstractmethod
    def abandon(self) -> None:
        """The run has failed: leave no file."""

    @property
    def packets(self) -> PacketObserver | None:
        """Who is to be told of the network's packets, from the run's own thread; None where that is not wanted."""
        return None

    @property
    @abstractmethod
    def paths(self) -> tuple[Path, ...]:
        """What is written."""
