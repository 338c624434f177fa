"""Encoder and decoder interfaces. The types enforce that neither side receives the other side's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from simnet.records import Announcement, Decoded, SideInformation


class Encoder(Protocol):
    """Encoder of one stream; it numbers its frames itself."""

    announcement: Announcement

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode uint8 H x W x 3 RGB into an 8-byte header and a payload; `quality` is in [0, 1], the rate grows with it.

        Raises PictureError if the picture does not have the announced size.
        """
        ...


class Decoder(Protocol):
    """Decoder of one stream."""

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode one frame with side pictures of any size; raise BitstreamError if `data` is not a whole frame of this stream.

        Without side pictures the decoder still decodes, at slightly lower quality.
        """
        ...


@runtime_checkable
class PartialDecoder(Protocol):
    """Decoder that can also decode a frame of which slices are missing."""

    def decode_partial(
        self,
        data: bytes,
        side: Sequence[SideInformation],
        last: Sequence[SideInformation],
        others: Sequence[SideInformation],
    ) -> Decoded:
        """Decode with side pictures like `Decoder.decode`; fill what is missing.

        `last` are the stream's own pictures, newest first, `others` those of other cameras.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What a decoder took from its side pictures, for display.

    X is divided into square cells of `cell` pixels, h rows of w cells.

    `matches` is float32 (h, w, K, 4): the K strongest matches of a cell, best first. A match is (side picture, x, y, weight): the
    index into `side`, the centre of the match in pixels of that picture, and the share of the attention in [0, 1].
    `trust` is float32 (h, w) in [0, 1]: the share of the attention that all side pictures together received.
    `common` is the picture decoded from the side pictures alone; the bitstream only tells where to look.
    `private` is the picture decoded from the bitstream alone. Both are uint8 H x W x 3.
    """

    cell: int
    matches: np.ndarray
    trust: np.ndarray
    common: np.ndarray
    private: np.ndarray


@runtime_checkable
class Explainer(Protocol):
    """Decoder that can also report which parts of the side pictures it used."""

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        """Explain the decoding of one frame with at least one side picture; raise BitstreamError like `Decoder.decode`."""
        ...
