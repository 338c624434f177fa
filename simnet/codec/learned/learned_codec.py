"""Codec `factorized`: exported graphs, integer tables of a factorised prior, the range coder. It uses no side information."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simnet.codec import model
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.entropy_tables import EntropyTables
from simnet.codec.bitstream.padding import check_size, padded, to_picture
from simnet.codec.learned.inference import finite, require, run
from simnet.codec.learned.side_fusion import STRIDE, picture_shape
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
    """See `model.load_for`."""
    return model.load_for(codec, name)


def latent_tables(chosen: model.Model) -> EntropyTables:
    """Tables of a factorised prior; ModelError if the model's tables belong to another codec."""
    tables = model.tables(chosen)
    if not isinstance(tables, EntropyTables):
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
    """Decoder with range decoder and synthesis; see `protocols.Decoder`."""

    uses_side = False

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

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode; side pictures have no effect."""
        del side
        header = framing.verify(data, self.announcement)
        latent = self._tables.decode_latent(framing.payload(data), self._size, header.quality)
        drawn = run(self._model, "synthesis", latent[None])
        picture = to_picture(drawn, self.announcement.height, self.announcement.width)
        return Decoded(picture, picture)
