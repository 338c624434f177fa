"""What an encoder and a decoder are. The types carry the claim: neither can be handed what the other has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

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
