"""Which codecs there are, and how one is opened by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.errors import ModelError
from simnet.records import Announcement

if TYPE_CHECKING:
    from simnet.codec.model import Model
    from simnet.codec.protocols import Decoder, Encoder

CLASSICAL = ("jpeg", "webp", "avif")
LEARNED = ("atn", "factorized")
CLASSICAL_TIMES_NS = (5_000_000, 5_000_000)


def names() -> list[str]:
    """Every codec that a scenario may name."""
    return sorted((*LEARNED, *CLASSICAL))


def known(name: str) -> str:
    """Return `name`, or raise ModelError listing the codecs there are."""
    if name not in (*LEARNED, *CLASSICAL):
        raise ModelError(f"{name}: unknown codec; expected one of {', '.join(names())}")
    return name


def open_encoder(name: str, width: int, height: int, model: str | None = None) -> Encoder:
    """An encoder (`protocols.Encoder`) for pictures of width x height; `model` is a folder of `models/`, else the codec's own."""
    if known(name) in CLASSICAL:
        from simnet.codec.classical import ClassicalEncoder

        return ClassicalEncoder(name, width, height)
    from simnet.codec.learned import LearnedEncoder

    return LearnedEncoder(_model(name, model), width, height)


def open_decoder(announcement: Announcement) -> Decoder:
    """A decoder (`protocols.Decoder`) for an announced stream; ModelError if its digests are not known here."""
    if known(announcement.codec) in CLASSICAL:
        from simnet.codec.classical import ClassicalDecoder

        return ClassicalDecoder(announcement)
    from simnet.codec.learned import LearnedDecoder

    return LearnedDecoder(announcement, _model(announcement.codec, announcement.model))


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    """Declared virtual coding times of one frame: encode, decode (ns)."""
    return CLASSICAL_TIMES_NS if known(name) in CLASSICAL else _model(name, model).times


def _model(codec: str, name: str | None) -> Model:
    from simnet.codec import model

    chosen = model.load(name or codec)
    if chosen.codec != codec:
        raise ModelError(f"model {chosen.name} is for codec {chosen.codec}; the stream asks for {codec}")
    return chosen
