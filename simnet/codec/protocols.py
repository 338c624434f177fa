"""What an encoder and a decoder are. The types carry the claim: neither can be handed what the other has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from simnet.records import Announcement, Decoded, SideInformation


class Encoder(Protocol):
    """One stream's encoder; it numbers its frames itself."""

    announcement: Announcement

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode uint8 H x W x 3 RGB at a quality in [0, 1], monotone in rate: 8-byte header and payload.

        Raises PictureError if the picture is not of the announced size.
        """
        ...


class Decoder(Protocol):
    """One stream's decoder."""

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode one frame with side pictures of any size; BitstreamError if it is not a whole frame of this stream.

        Decodes without side information, a little worse, when `side` is empty.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What a decoder took from its side pictures, for people to look at.

    X is cut into square cells of `cell` pixels, h rows of w. `matches` float32 (h, w, K, 4): the K strongest matches of a cell,
    best first, each (side picture, x, y, weight): index into `side`, centre of the match in that picture's pixels, share of the
    attention in [0, 1]. `trust` float32 (h, w) in [0, 1]: share of the attention that went to side pictures at all.
    `common` is the picture that the side pictures alone give (nothing of what was sent beyond where to look), `private` the one
    that the bitstream alone gives (uint8 H x W x 3 each).
    """

    cell: int
    matches: np.ndarray
    trust: np.ndarray
    common: np.ndarray
    private: np.ndarray


@runtime_checkable
class Explainer(Protocol):
    """A decoder that can also say where it looked."""

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        """Explain one frame's decoding with at least one side picture; BitstreamError as `Decoder.decode`."""
        ...
