"""A recording with times: which of its pictures is on the screen at a time, as a player shows it.

The first picture is at time 0, or when the recording says. A picture stays on the screen until the next; where pictures come
regularly, that is the picture nearest in time, and over a gap the last one before it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from simnet.errors import PictureError
from simnet.notices import tell
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

Stored = TypeVar("Stored")
"""What a recording stores of a picture until it is shown."""


class TimedPlayback(ABC, Generic[Stored]):
    """Pictures over time. They are read in order: an earlier time than before starts the recording again."""

    where: str
    fault: str = ""
    """Why the recording cannot be read on, while it is read."""

    def __init__(self, where: str, usual_ns: int) -> None:
        """Begin to play; `usual_ns` is how far apart two pictures usually are.

        Raises:
            PictureError: No picture of it can be read.
        """
        self.where = where
        self._usual_ns = usual_ns
        self._restart()

    @abstractmethod
    def _begin(self) -> Iterator[tuple[int, Stored]]:
        """Yield times, which ascend, and what is stored from the first picture on; a fault ends them and sets `fault`."""

    @abstractmethod
    def _picture(self, stored: Stored) -> np.ndarray:
        """Return a picture as uint8 H x W x 3 RGB."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def end_ns(self, until_ns: int) -> int | None:
        """Return the time at which the recording ends, or can no longer be read; None if that is after `until_ns`."""
        self._restart()
        while self._upcoming is not None:
            if self._starts_ns(self._upcoming) >= until_ns:
                return None
            self._advance()
        end_ns = self._shown[0] + self._usual_ns
        if self.fault:
            tell(f"{self.where}: {self.fault} after {end_ns / SECOND_NS:.3f} s; the recording ends there")
        return end_ns if end_ns < until_ns else None

    def read(self, t_ns: int) -> np.ndarray:
        """Return the picture on the screen at `t_ns` (uint8, H x W x 3, RGB); after the end it is the last.

        Raises:
            PictureError: The file has changed since it was opened.
        """
        if t_ns < self._starts_ns(self._shown):
            self._restart()
        while self._upcoming is not None and self._starts_ns(self._upcoming) <= t_ns:
            self._advance()
        if self._on_screen is None:
            self._on_screen = self._picture(self._shown[1])
        return self._on_screen

    def _restart(self) -> None:
        self.close()
        self.fault = ""
        self._coming = self._begin()
        first = next(self._coming, None)
        if first is None:
            why = f" ({self.fault})" if self.fault else ""
            raise PictureError(f"{self.where}: no picture of it can be decoded{why}; expected a recording of pictures")
        self._shown: tuple[int, Stored] = first
        self._before_ns: int = -self._usual_ns
        self._upcoming: tuple[int, Stored] | None = next(self._coming, None)
        self._on_screen: np.ndarray | None = None

    def _advance(self) -> None:
        assert self._upcoming is not None
        self._before_ns = self._shown[0]
        self._shown, self._upcoming = self._upcoming, next(self._coming, None)
        self._on_screen = None

    def _starts_ns(self, timed: tuple[int, Stored]) -> int:
        """Return when a picture appears: as far before its time as pictures usually are from the middle between two."""
        before_ns = self._shown[0] if timed is self._upcoming else self._before_ns
        return timed[0] - min(timed[0] - before_ns, self._usual_ns) // 2
