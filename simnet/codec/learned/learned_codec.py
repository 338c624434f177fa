"""Learned codecs: exported graphs, integer tables, the range coder.

`factorized` and `checkerboard` (the same transforms with a context model) use no side information. `atn` first decodes without
it, aligns every side picture to the result, and fuses them. `ndic` concatenates the first side picture's features, without
alignment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simnet.codec import model
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.entropy_tables import EntropyTables
from simnet.codec.bitstream.padding import check_size, padded, to_picture
from simnet.codec.learned.alignment import resized
from simnet.codec.learned.context_coder import ContextCoder
from simnet.codec.learned.inference import finite, require, run
from simnet.codec.learned.lowres_coder import LowresCoder
from simnet.codec.learned.side_fusion import (
    CELL,
    STRIDE,
    Fuser,
    picture_shape,
)
from simnet.codec.protocols import Explanation
from simnet.errors import ModelError
from simnet.records import Announcement, Decoded, SideInformation


def open_encoder(name: str, width: int, height: int, model_name: str | None = None) -> LearnedEncoder:
    """See `registry`."""
    return LearnedEncoder(chosen_model(name, model_name), width, height)


def open_decoder(announcement: Announcement) -> LearnedDecoder:
    """See `registry`."""
    return LearnedDecoder(announcement, chosen_model(announcement.codec, announcement.model))


def declared_times(name: str, model_name: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    return chosen_model(name, model_name).times


def chosen_model(codec: str, name: str | None) -> model.Model:
    """Load the named model, or the codec's own; ModelError if it is for another codec."""
    chosen = model.load(name or codec)
    if chosen.codec != codec:
        raise ModelError(f"model {chosen.name} is for codec {chosen.codec}; the stream asks for {codec}")
    return chosen


def latent_tables(chosen: model.Model) -> EntropyTables | ContextCoder:
    """Tables that code a latent without exported graphs; ModelError if the model's tables belong to `lowres`."""
    tables = model.tables(chosen)
    if isinstance(tables, LowresCoder):
        raise ModelError(f"model {chosen.name}: has the tables of codec lowres; expected those of codec {chosen.codec}")
    return tables


def announce(chosen: model.Model, width: int, height: int) -> Announcement:
    """Return a learned codec's announcement: the digests of checkpoint and tables."""
    return Announcement(chosen.codec, chosen.name, chosen.digest, model.tables(chosen).digest, width, height)


class LearnedEncoder:
    """Encoder with analysis, gain, rounding and range coder; see `protocols.Encoder`."""

    def __init__(self, chosen: model.Model, width: int, height: int) -> None:
        self.announcement = announce(chosen, width, height)
        self._model, self._tables = chosen, latent_tables(chosen)
        shape = picture_shape(self.announcement)
        latent = (1, self._tables.channels, *(side // STRIDE for side in shape[2:]))
        require(chosen, "analysis", (shape,), latent)
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode each frame alone; `key` has no effect."""
        del key
        check_size(image, self.announcement)
        step = framing.quality_step(quality)
        latent = finite(self._model, "analysis", run(self._model, "analysis", padded(image, STRIDE))[0])
        header = framing.Header(self._sequence, step, key=True)
        self._sequence += 1
        return framing.pack(header, self._tables.encode_latent(latent, step), self.announcement)


class LearnedDecoder:
    """Decoder with range decoder, synthesis and the codec's use of side information; see `protocols.Decoder`."""

    def __init__(self, announcement: Announcement, chosen: model.Model) -> None:
        own = announce(chosen, announcement.width, announcement.height)
        if (own.checkpoint_digest, own.tables_digest) != (announcement.checkpoint_digest, announcement.tables_digest):
            raise ModelError(
                f"stream of model {announcement.model}: checkpoint {announcement.checkpoint_digest}, tables "
                f"{announcement.tables_digest}; this machine has {own.checkpoint_digest}, {own.tables_digest}"
            )
        self.announcement = announcement
        self._model, self._tables = chosen, latent_tables(chosen)
        self._size = (-(-own.height // STRIDE), -(-own.width // STRIDE))
        latent = (1, self._tables.channels, *self._size)
        require(chosen, "synthesis", (latent,), picture_shape(own))
        self._fuser = Fuser(chosen, announcement) if "fuse" in chosen.manifest["graphs"] else None
        self._concatenates = "common" in chosen.manifest["graphs"]
        if self._concatenates:
            require(chosen, "common", (latent, picture_shape(own)), picture_shape(own))

    @property
    def uses_side(self) -> bool:
        """Whether side pictures change the output."""
        return self._fuser is not None or self._concatenates

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode; `alone` costs `atn` nothing extra, because alignment starts from it."""
        latent, alone, picture = self._alone(data)
        if side and self._fuser:
            return Decoded(self._fuser.fuse(alone, picture, side), picture)
        if side and self._concatenates:
            return Decoded(self._with_common(latent, side[0].picture), picture)
        return Decoded(picture, picture)

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        """See `protocols.Explainer`. `ndic` has no attention; its common part is decoded with the latent at zero."""
        latent, alone, picture = self._alone(data)
        if side and self._fuser:
            return self._fuser.explain(alone, picture, side)
        if side and self._concatenates:
            common = self._with_common(np.zeros_like(latent), side[0].picture)
            rows, columns = (size * STRIDE // CELL for size in self._size)
            matches = np.zeros((rows, columns, 0, 4), np.float32)
            return Explanation(CELL, matches, np.zeros((rows, columns), np.float32), common, picture)
        raise ModelError(f"codec {self.announcement.codec}: uses no side information; nothing to explain")

    def _alone(self, data: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Latent, decoded tensor and picture without side information."""
        header = framing.verify(data, self.announcement)
        latent = self._tables.decode_latent(framing.payload(data), self._size, header.quality)
        alone = run(self._model, "synthesis", latent[None])
        return latent, alone, to_picture(alone, self.announcement.height, self.announcement.width)

    def _with_common(self, latent: np.ndarray, side: np.ndarray) -> np.ndarray:
        height, width = self.announcement.height, self.announcement.width
        y = padded(resized(side, height, width), STRIDE)
        return to_picture(run(self._model, "common", latent[None], y), height, width)
