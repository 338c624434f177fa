"""Encoder of sliced frames: each band of rows is a picture of its own to an encoder of its height."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simnet import sliced_frames
from simnet.codec.bitstream import framing, slices
from simnet.codec.bitstream.framing import Header
from simnet.codec.bitstream.padding import check_size
from simnet.codec.protocols import Encoder
from simnet.records import Announcement

SEPARATOR = ";"
"""Between the parameter sets of bands of unlike heights, lowest height first."""


class SlicedEncoder:
    """Encoder of one stream; see `protocols.Encoder`. A frame has the form of `sliced_frames`; every one is a key frame."""

    def __init__(self, open_one: Callable[[int, int], Encoder], width: int, height: int, count: int) -> None:
        """Open an encoder of each height that a band has, by `open_one(width, height)`."""
        self._bands = slices.bands(height, count)
        self._encoders = {rows: open_one(width, rows) for rows in sorted({end - top for top, end in self._bands})}
        own = [each.announcement for each in self._encoders.values()]
        parameters = SEPARATOR.join(each.parameters for each in own) if own[0].parameters else ""
        self.announcement: Announcement = replace(own[0], height=height, slices=count, parameters=parameters)
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """See `protocols.Encoder`."""
        del key
        check_size(image, self.announcement)
        step, coded = framing.quality_step(quality), list[bytes]()
        for number, (top, end) in enumerate(self._bands):
            band = np.ascontiguousarray(image[top:end])
            data = self._encoders[end - top].encode(band, quality, key=True)
            # A codec of one rate says which step it coded at.
            step = framing.header(data).quality
            header = Header(self._sequence & 0xFFFF, step, key=True)
            coded.append(slices.pack(header, number, framing.payload(data), self.announcement))
        frame = sliced_frames.pack(self._sequence, step, framing.KEY, coded)
        self._sequence += 1
        return frame
