"""The learned codecs at work: exported graphs, integer tables, the range coder.

`factorized` decodes alone. `atn` decodes alone first, aligns every side picture to what it got, and fuses them in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simnet.codec import bitstream, model
from simnet.codec.align import Aligner
from simnet.codec.graph import compiled, run
from simnet.codec.padding import check_size, padded, to_picture
from simnet.errors import ModelError
from simnet.records import Announcement, Decoded, SideInformation

STRIDE = 16


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
    """The model of that name, or the codec's own; ModelError if it is for another codec."""
    chosen = model.load(name or codec)
    if chosen.codec != codec:
        raise ModelError(f"model {chosen.name} is for codec {chosen.codec}; the stream asks for {codec}")
    return chosen


def announce(chosen: model.Model, width: int, height: int) -> Announcement:
    """A learned codec's announcement: the digests of checkpoint and tables."""
    return Announcement(chosen.codec, chosen.name, chosen.digest, model.tables(chosen).digest, width, height)


def picture_shape(announcement: Announcement) -> tuple[int, int, int, int]:
    """The tensor that a padded picture of a stream fills."""
    height, width = (-(-side // STRIDE) * STRIDE for side in (announcement.height, announcement.width))
    return 1, 3, height, width


class LearnedEncoder:
    """Analysis, gain, rounding, range coder; see `protocols.Encoder`."""

    def __init__(self, chosen: model.Model, width: int, height: int) -> None:
        self.announcement = announce(chosen, width, height)
        self._model, self._tables = chosen, model.tables(chosen)
        compiled(chosen, "analysis", (picture_shape(self.announcement),))
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Every frame is coded alone, so `key` changes nothing."""
        del key
        check_size(image, self.announcement)
        step = bitstream.quality_step(quality)
        latent = run(self._model, "analysis", padded(image, STRIDE))[0]
        header = bitstream.Header(self._sequence, step, key=True)
        self._sequence += 1
        return bitstream.pack(header, self._tables.encode_latent(latent, step), self.announcement)


class LearnedDecoder:
    """Range decoder, synthesis and, for `atn`, alignment and fusion; see `protocols.Decoder`."""

    def __init__(self, announcement: Announcement, chosen: model.Model) -> None:
        own = announce(chosen, announcement.width, announcement.height)
        if (own.checkpoint_digest, own.tables_digest) != (announcement.checkpoint_digest, announcement.tables_digest):
            raise ModelError(
                f"stream of model {announcement.model}: checkpoint {announcement.checkpoint_digest}, tables "
                f"{announcement.tables_digest}; this machine has {own.checkpoint_digest}, {own.tables_digest}"
            )
        self.announcement = announcement
        self._model, self._tables = chosen, model.tables(chosen)
        self._fuses = "fuse" in chosen.manifest["graphs"]
        self._aligner = Aligner()
        self._size = (-(-own.height // STRIDE), -(-own.width // STRIDE))
        compiled(chosen, "synthesis", ((1, self._tables.channels, *self._size),))
        if self._fuses:
            compiled(chosen, "fuse", (picture_shape(own),) * 2)

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode; `alone` costs nothing extra, since alignment starts from it."""
        header = bitstream.verify(data, self.announcement)
        height, width = self.announcement.height, self.announcement.width
        latent = self._tables.decode_latent(bitstream.payload(data), self._size, header.quality)
        alone = run(self._model, "synthesis", latent[None])
        picture = to_picture(alone, height, width)
        if not side or not self._fuses:
            return Decoded(picture, picture)
        aligned = [padded(self._aligner.align(picture, item.picture), STRIDE) for item in side]
        fused = run(self._model, "fuse", alone, np.concatenate(aligned))
        return Decoded(to_picture(fused, height, width), picture)
