"""All exports of one run, told together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from simnet.exports.export import Ended, Export, Fate, Picture
    from simnet.net import PacketObserver
    from simnet.records import Announcement


class Exports:
    """A context: what is not finished when it ends is abandoned. See `Export` for who tells what."""

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
        """Who wants to be told of the network's packets."""
        return next((each.packets for each in self._exports if each.packets is not None), None)

    @property
    def paths(self) -> list[Path]:
        """What is written."""
        return [path for each in self._exports for path in each.paths]

    def opened(self, announcements: Mapping[str, Announcement]) -> None:
        """All streams are open."""
        for each in self._exports:
            each.opened(announcements)

    def coded(self, stream: str, sequence: int, data: bytes, quality: float, now_ns: int) -> None:
        """A frame was coded."""
        for each in self._exports:
            each.coded(stream, sequence, data, quality, now_ns)

    def decided(self, fate: Fate) -> None:
        """What becomes of a frame is decided."""
        for each in self._exports:
            each.decided(fate)

    def pictured(self, picture: Picture) -> None:
        """A frame was decoded."""
        for each in self._exports:
            each.pictured(picture)

    def finish(self, ended: Ended) -> None:
        """The run is over: make all files whole."""
        while self._unfinished:
            self._unfinished[0].finish(ended)
            self._unfinished.pop(0)
