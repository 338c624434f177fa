"""The side-information stage on its own: alignment and fusion behind the decoder of any other codec (`codec+fuse`).

The cameras keep the encoders they have; what is sent is the other codec's bitstream, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simnet.codec import model
from simnet.codec.align import Aligner
from simnet.codec.graph import compiled, run
from simnet.codec.learned import STRIDE, picture_shape
from simnet.codec.padding import padded, to_picture
from simnet.codec.protocols import Decoder
from simnet.errors import ModelError
from simnet.records import Announcement, Decoded, SideInformation

MODEL = "fuse"


class FusingDecoder:
    """Decodes with another codec's decoder, then aligns and fuses the side pictures; see `protocols.Decoder`."""

    def __init__(self, inner: Decoder, announcement: Announcement) -> None:
        if hasattr(inner, "fuses"):
            raise ModelError(f"{announcement.codec}: {inner} uses side information by itself")
        self.announcement = announcement
        self._inner, self._model, self._aligner = inner, model.load(MODEL), Aligner()
        compiled(self._model, "fuse", (picture_shape(announcement),) * 2)

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode; without side pictures exactly what the other codec gives."""
        alone = self._inner.decode(data, ()).picture
        if not side:
            return Decoded(alone, alone)
        aligned = [padded(self._aligner.align(alone, item.picture), STRIDE) for item in side]
        fused = run(self._model, "fuse", padded(alone, STRIDE), np.concatenate(aligned))
        return Decoded(to_picture(fused, *alone.shape[:2]), alone)
