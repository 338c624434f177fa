"""Decoder of sliced frames: it decodes the bands that arrived, conceals the others, and fuses side pictures into the whole.

Alignment wants the whole picture, so side pictures are used once, behind the assembled bands, as behind a frame that is not
sliced. A fusion network that sees more than the picture (`atn`: the renderer's features) gets this for a concealed band by
coding the band again, here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol, cast

import numpy as np

from simnet import sliced_frames
from simnet.codec.bitstream import framing, slices
from simnet.codec.bitstream.padding import padded
from simnet.codec.learned.renderer_side import Drawn
from simnet.codec.learned.side_fusion import STRIDE, Fuser
from simnet.codec.protocols import Decoder, Encoder
from simnet.codec.sliced.concealment import GREY, Concealer, Filler
from simnet.codec.sliced.slice_encoder import SEPARATOR
from simnet.records import Announcement, Decoded, SideInformation


class DrawingDecoder(Protocol):
    """Decoder that uses side pictures itself, behind what it draws of the bitstream alone (`LowresDecoder`)."""

    def draw(self, data: bytes) -> Drawn:
        """Decode without side pictures."""
        ...

    def fuse(self, drawn: Drawn, side: Sequence[SideInformation]) -> np.ndarray:
        """Return the picture with at least one side picture, uint8 H x W x 3."""
        ...


class SlicedDecoder:
    """Decoder of one stream; see `protocols.Decoder`."""

    def __init__(
        self,
        announcement: Announcement,
        open_one: Callable[[Announcement], Decoder],
        open_encoder: Callable[[int, int], Encoder],
        fuser: Fuser | None,
        concealment: str,
    ) -> None:
        """Open a decoder of each height that a band has.

        Args:
            announcement: Of the sliced stream, without a stage behind the codec.
            open_one: Opens the codec's decoder of a picture that is not sliced.
            open_encoder: Opens the codec's encoder of a width and height.
            fuser: Fuses side pictures into the pictures of a codec that has no use of its own for them.
            concealment: What missing bands are filled from: `none`, `previous` or `side`.
        """
        self.announcement, self._fuser, self._concealment = announcement, fuser, concealment
        self._open_one, self._open_encoder = open_one, open_encoder
        self._bands = slices.bands(announcement.height, announcement.slices)
        heights = sorted({end - top for top, end in self._bands})
        sets = announcement.parameters.split(SEPARATOR) if announcement.parameters else [""] * len(heights)
        self._announced = {
            rows: replace(announcement, height=rows, slices=1, parameters=own)
            for rows, own in zip(heights, sets, strict=False)
        }
        self._decoders = {rows: open_one(own) for rows, own in self._announced.items()}
        self._draws = bool(getattr(self._decoders[heights[0]], "uses_side", False))
        self._encoders: dict[int, Encoder] = {}
        self._concealer = Concealer()

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """See `protocols.Decoder`; missing slices are grey."""
        return self.decode_partial(data, side, (), ())

    def decode_partial(
        self,
        data: bytes,
        side: Sequence[SideInformation],
        last: Sequence[SideInformation],
        others: Sequence[SideInformation],
    ) -> Decoded:
        """Decode a frame of which slices may be missing.

        Args:
            data: The frame, in the form of `sliced_frames`.
            side: Side pictures to fuse.
            last: The stream's own pictures to fill from, newest first.
            others: Other cameras' pictures to fill from.

        Raises:
            BitstreamError: A slice is no whole slice of this stream.
        """
        header = slices.verify(data, self.announcement)
        bodies = sliced_frames.unpack(data)
        frames = [self._frame(body, rows) if body else None for body, rows in zip(bodies, self._rows, strict=True)]
        drawn: list[Drawn | None] = [None] * len(frames)
        picture = np.full((self.announcement.height, self.announcement.width, 3), GREY, np.uint8)
        missing = np.zeros(self.announcement.height, bool)
        for number, (frame, (top, end)) in enumerate(zip(frames, self._bands, strict=True)):
            if frame is None:
                missing[top:end] = True
            elif self._draws and side:
                own = self._drawing(end - top).draw(frame)
                drawn[number], picture[top:end] = own, own.picture
            else:
                picture[top:end] = self._decoders[end - top].decode(frame, ()).picture
        if missing.any():
            picture = self._concealed(picture, missing, last, others)
        # Fusion mends concealed bands too: by 0.1 to 0.5 dB on rendered cars and a rendered rig.
        fused = self._fused(picture, drawn, side, header.quality) if side else None
        return Decoded(picture if fused is None else fused, picture)

    @property
    def _rows(self) -> list[int]:
        return [end - top for top, end in self._bands]

    def _frame(self, body: bytes, rows: int) -> bytes:
        """Return a slice as a frame of the codec itself."""
        return framing.pack(framing.Header(0, body[2], key=True), framing.payload(body), self._announced[rows])

    def _concealed(
        self,
        picture: np.ndarray,
        missing: np.ndarray,
        last: Sequence[SideInformation],
        others: Sequence[SideInformation],
    ) -> np.ndarray:
        if self._concealment == "none":
            if last:
                picture[missing] = last[0].picture[missing]
            return picture
        own, side = ([Filler(each.picture, each.age_ns) for each in one] for one in (last, others))
        return self._concealer.fill(picture, missing, own, side)

    def _fused(
        self, picture: np.ndarray, drawn: list[Drawn | None], side: Sequence[SideInformation], step: int
    ) -> np.ndarray | None:
        if self._fuser is not None:
            return self._fuser.fuse(padded(picture, STRIDE), picture, side)
        if not self._draws:
            return None
        whole = [
            self._drawn_again(picture[top:end], step) if each is None else each
            for each, (top, end) in zip(drawn, self._bands, strict=True)
        ]
        y_hat, features, x_hat = (
            np.concatenate([getattr(each, name) for each in whole], axis=2) for name in ("y_hat", "features", "x_hat")
        )
        return self._whole.fuse(Drawn(y_hat, features, x_hat, whole[0].shares, picture), side)

    def _drawn_again(self, band: np.ndarray, step: int) -> Drawn:
        """Return what the codec draws of a band of pixels, coded at a quality step."""
        rows = len(band)
        if rows not in self._encoders:
            self._encoders[rows] = self._open_encoder(self.announcement.width, rows)
        return self._drawing(rows).draw(
            self._encoders[rows].encode(np.ascontiguousarray(band), step / framing.QUALITY_STEPS)
        )

    def _drawing(self, rows: int) -> DrawingDecoder:
        return cast("DrawingDecoder", self._decoders[rows])

    @cached_property
    def _whole(self) -> DrawingDecoder:
        """Decoder of the whole picture, for its use of side pictures."""
        return cast("DrawingDecoder", self._open_one(replace(self.announcement, slices=1)))
