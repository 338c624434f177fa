"""Opens sliced encoders and decoders: wraps the registry's for pictures that are not sliced."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from simnet.codec import registry
from simnet.codec.learned.side_fusion import stage_behind
from simnet.codec.protocols import Encoder
from simnet.codec.sliced.slice_decoder import SlicedDecoder
from simnet.codec.sliced.slice_encoder import SlicedEncoder
from simnet.records import Announcement


def sliced_encoder(plain: str, width: int, height: int, own: str | None, slices: int) -> SlicedEncoder:
    """Open the encoder of a codec without a stage behind it; `own` is its model."""
    return SlicedEncoder(partial(_encoder, plain, own), width, height, slices)


def sliced_decoder(announcement: Announcement, concealment: str) -> SlicedDecoder:
    """Open the decoder of a sliced stream, and the stage behind it if the codec's name has one."""
    plain = announcement.codec.removesuffix(registry.FUSE)
    own, _, stage = announcement.model.partition(registry.FUSE)
    fuser = stage_behind(stage, announcement) if plain != announcement.codec else None
    # Frames' salts know no stage, so the plain codec's announcement reads them.
    inner = replace(announcement, codec=plain, model=own)
    return SlicedDecoder(inner, registry.open_decoder, partial(_encoder, plain, own or None), fuser, concealment)


def _encoder(plain: str, own: str | None, width: int, height: int) -> Encoder:
    return registry.open_encoder(plain, width, height, own)
