"""All exports of one run behind one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from simnet.exports.export import Export, ExportedPicture, FinishedRun, FrameDecision
    from simnet.net import PacketObserver
    from simnet.records import Announcement


class Exports:
    """Context manager of all exports of a run; its exit abandons unfinished exports. See `Export` for the methods."""

    def __init__(self, exports: Sequence[Export]) -> None:
        self._exports = exports
        self._unfinished = list(exports)

    def __enter__(self) -> Exports:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._unfinished:
            each.abandon()

    @property
    def packets(self) -> PacketObserver | None:
        """Observer of the network's packets; None if no export has one."""
        return next((each.packets for each in self._exports if each.packets is not None), None)

    @property
    def paths(self) -> list[Path]:
        """Files that the exports write."""
        return [path for each in self._exports for path in each.paths]

    def opened(self, announcements: Mapping[str, Announcement]) -> None:
        """See `Export`."""
        for each in self._exports:
            each.opened(announcements)

    def coded(self, stream: str, sequence: int, data: bytes, quality: float, now_ns: int) -> None:
        """See `Export`."""
        for each in self._exports:
            each.coded(stream, sequence, data, quality, now_ns)

    def decided(self, decision: FrameDecision) -> None:
        """See `Export`."""
        for each in self._exports:
            each.decided(decision)

    def pictured(self, picture: ExportedPicture) -> None:
        """See `Export`."""
        for each in self._exports:
            each.pictured(picture)

    def finish(self, ended: FinishedRun) -> None:
        """See `Export`."""
        while self._unfinished:
            self._unfinished[0].finish(ended)
            self._unfinished.pop(0)
