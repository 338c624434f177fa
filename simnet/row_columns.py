"""Rows of one stream as columns, in the order of their capture: what figures of millions of frames are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simnet.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from simnet.records import Row

    Integers = NDArray[np.int64]
    Reals = NDArray[np.float64]
    Truths = NDArray[np.bool_]

OUTCOMES = tuple(Outcome)
"""An outcome is stored as its place here."""
PLACES = {outcome: place for place, outcome in enumerate(OUTCOMES)}
NEVER = -1
"""A time at which nothing happened."""
_HAS_PICTURE = np.array([outcome.has_picture for outcome in OUTCOMES])
_IN_TIME = np.array([outcome.in_time for outcome in OUTCOMES])


@dataclass(frozen=True, slots=True)
class RowColumns:
    """The columns that figures need, of one stream's rows; NaN where a row has no such value."""

    codec: str
    outcome: NDArray[np.int8]
    capture_ns: Integers
    decode_ns: Integers
    """NEVER where there is no picture."""
    link_bytes: Integers
    bpp: Reals
    packets_sent: Integers
    packets_lost: Integers
    retransmissions: Integers
    has_side: Truths
    """Whether side pictures were used."""
    psnr_db: Reals
    ms_ssim: Reals
    alone_psnr_db: Reals
    queue_ns: Integers
    key: Truths
    concealed: Reals
    """Share of slices that were filled from other pictures."""
    tasks: Mapping[str, Reals]
    """Figures of tasks, `task.figure`."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> RowColumns:
        """Return the columns of one stream's rows, of which there is at least one."""

        def integers(value: Callable[[Row], int]) -> Integers:
            return np.array([value(row) for row in rows], np.int64)

        def reals(value: Callable[[Row], float | None]) -> Reals:
            return np.array([value(row) for row in rows], np.float64)

        return cls(
            codec=rows[0].codec,
            outcome=np.array([PLACES[row.outcome] for row in rows], np.int8),
            capture_ns=integers(lambda row: row.capture_ns),
            decode_ns=integers(lambda row: NEVER if row.decode_ns is None else row.decode_ns),
            link_bytes=integers(lambda row: row.link_bytes),
            bpp=reals(lambda row: row.bpp),
            packets_sent=integers(lambda row: row.packets_sent),
            packets_lost=integers(lambda row: row.packets_lost),
            retransmissions=integers(lambda row: row.retransmissions),
            has_side=np.array([bool(row.side_sources) for row in rows]),
            psnr_db=reals(lambda row: row.psnr_db),
            ms_ssim=reals(lambda row: row.ms_ssim),
            alone_psnr_db=reals(lambda row: row.alone_psnr_db),
            queue_ns=integers(lambda row: row.queue_ns),
            key=np.array([row.key for row in rows]),
            concealed=reals(lambda row: row.concealed),
            tasks={
                name: np.array([row.tasks.get(name) for row in rows], np.float64)
                for name in {name for row in rows for name in row.tasks}
            },
        )

    @property
    def has_picture(self) -> Truths:
        """Which frames have a picture, in time or late."""
        return _HAS_PICTURE[self.outcome]

    @property
    def is_in_time(self) -> Truths:
        """Which frames have a picture in time."""
        return _IN_TIME[self.outcome]

    @property
    def is_coded(self) -> Truths:
        """Which frames were coded: their camera's process was there."""
        return self.outcome != PLACES[Outcome.NODE_LOST]

    @property
    def is_ready(self) -> Truths:
        """Which frames have a picture whose time is known."""
        return self.has_picture & (self.decode_ns != NEVER)

    @property
    def is_news(self) -> Truths:
        """Which frames have a picture of which something arrived: a picture that was filled wholly tells nothing new."""
        return self.is_ready & (self.concealed < 1)

    @property
    def latencies_ms(self) -> Reals:
        """The time from capture to picture of each frame that has one."""
        ready = self.is_ready
        return (self.decode_ns[ready] - self.capture_ns[ready]) / 1e6
