"""DSIN codec: exported graphs, the fixed-point probability model, the range coder, the patch finder.

The codec has a fixed rate: each checkpoint has the rate that it was trained for, and the requested quality has no effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from simnet import shipped
from simnet.codec import model
from simnet.codec.bitstream import framing, stored_tables
from simnet.codec.bitstream.padding import check_size, padded, to_picture
from simnet.codec.dsin import patch_finder
from simnet.codec.dsin.probabilities import Probabilities
from simnet.codec.learned.alignment import resized
from simnet.codec.learned.inference import require, run
from simnet.codec.protocols import Explanation
from simnet.errors import ModelError
from simnet.records import Announcement, Decoded, SideInformation

STRIDE = 8
CELL = 4
"""Side of an explanation's cells; a patch of 20 x 24 is a whole number of cells."""


def open_encoder(name: str, width: int, height: int, model_name: str | None = None) -> DsinEncoder:
    """See `registry`."""
    return DsinEncoder(_model(name, model_name), width, height)


def open_decoder(announcement: Announcement) -> DsinDecoder:
    """See `registry`."""
    return DsinDecoder(announcement, _model(announcement.codec, announcement.model))


def declared_times(name: str, model_name: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    return _model(name, model_name).times


def _model(name: str, model_name: str | None) -> model.Model:
    if model_name is None and not (shipped.folder("models") / name).is_dir():
        raise ModelError(
            f"codec {name}: no weights are shipped; train them (simnet train {name}) and name the model's folder"
        )
    return model.load_for(name, model_name)


@lru_cache(maxsize=4)
def shared(chosen: model.Model) -> tuple[Probabilities, dict[str, np.ndarray]]:
    """Return the probability model and the finder's normalisation arrays."""
    with stored_tables.reading(chosen.folder / model.WEIGHTS) as (get, names):
        probabilities = Probabilities.read(get, names)
        stored = stored_tables.StoredTables(get, names)
        normal = {name: stored.reals(name, (3,)).astype(np.float64) for name in ("mean", "deviation")}
        if not (normal["deviation"] > 0).all():
            raise ModelError("deviation: expected numbers above 0")
    return probabilities, normal


def latent_channels(chosen: model.Model) -> int:
    """Number of channels of the latent; ModelError if the manifest does not say it."""
    numbers = chosen.manifest.get("numbers", {}).get("dsin")
    latent = numbers.get("latent") if isinstance(numbers, dict) else None
    if type(latent) is not int or not 0 < latent <= stored_tables.MOST_CHANNELS:
        raise ModelError(f"model {chosen.name}: its manifest has no numbers.dsin.latent; expected a number of channels")
    return latent


def announce(chosen: model.Model, width: int, height: int) -> Announcement:
    """Return a stream's announcement: the digests of checkpoint and probability model."""
    return Announcement(chosen.codec, chosen.name, chosen.digest, shared(chosen)[0].digest, width, height)


def symbols_of(chosen: model.Model, image: np.ndarray) -> np.ndarray:
    """Encode a picture to symbols int64 (32, h, w): the nearest centres of its masked latent."""
    latent = run(chosen, "analysis", padded(image, STRIDE))[0].astype(np.float64)
    centres = shared(chosen)[0].values(np.arange(len(shared(chosen)[0].centres))).astype(np.float64)
    return np.abs(latent[..., None] - centres).argmin(axis=-1)


def picture_of(chosen: model.Model, symbols: np.ndarray, height: int, width: int) -> np.ndarray:
    """Decode symbols to a picture, uint8 height x width x 3."""
    values = shared(chosen)[0].values(symbols)
    return to_picture(run(chosen, "synthesis", values[None]), height, width)


class DsinEncoder:
    """Encoder with autoencoder, context model and range coder; see `protocols.Encoder`."""

    def __init__(self, chosen: model.Model, width: int, height: int) -> None:
        self.announcement = announce(chosen, width, height)
        self._model, self._sequence = chosen, 0
        size = (-(-height // STRIDE), -(-width // STRIDE))
        picture = (1, 3, *(side * STRIDE for side in size))
        require(chosen, "analysis", (picture,), (1, latent_channels(chosen), *size))

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode each frame alone, at the checkpoint's own rate: `key` and `quality` have no effect."""
        del key
        check_size(image, self.announcement)
        header = framing.Header(self._sequence, framing.quality_step(quality), key=True)
        self._sequence += 1
        payload = shared(self._model)[0].encode(symbols_of(self._model, image))
        return framing.pack(header, payload, self.announcement)


class DsinDecoder:
    """Decoder that finds matching patches in the side picture and merges them with the side network."""

    uses_side = True

    def __init__(self, announcement: Announcement, chosen: model.Model) -> None:
        own = announce(chosen, announcement.width, announcement.height)
        if (own.checkpoint_digest, own.tables_digest) != (announcement.checkpoint_digest, announcement.tables_digest):
            raise ModelError(
                f"stream of model {announcement.model}: checkpoint {announcement.checkpoint_digest}, tables "
                f"{announcement.tables_digest}; this machine has {own.checkpoint_digest}, {own.tables_digest}"
            )
        self.announcement = announcement
        self._model = chosen
        size = (-(-own.height // STRIDE), -(-own.width // STRIDE))
        self._shape, picture = (latent_channels(chosen), *size), (1, 3, *(side * STRIDE for side in size))
        require(chosen, "synthesis", ((1, *self._shape),), picture)
        require(chosen, "side", (picture, picture), picture)

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode with the first side picture; without one, return the autoencoder's picture."""
        alone = self._alone(data)
        if not side:
            return Decoded(alone, alone)
        y_syn, _ = self._synthesised(alone, side[0].picture)
        height, width = alone.shape[:2]
        joined = run(self._model, "side", padded(alone, STRIDE), padded(y_syn, STRIDE))
        return Decoded(to_picture(joined, height, width), alone)

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        """See `protocols.Explainer`: a patch has one match; `common` is the picture synthesised from Y."""
        if not side:
            raise ModelError(f"codec {self.announcement.codec}: nothing to explain without a side picture")
        alone, y = self._alone(data), side[0].picture
        y_syn, found = self._synthesised(alone, y)
        height, width = alone.shape[:2]
        rows, columns = -(-height // CELL), -(-width // CELL)
        matches = np.zeros((rows, columns, 1, 4), np.float32)
        for row, column in np.ndindex(rows, columns):
            patch = (row * CELL // patch_finder.PATCH[0], column * CELL // patch_finder.PATCH[1])
            down = found.top[patch] + row * CELL - patch[0] * patch_finder.PATCH[0] + CELL // 2
            across = found.left[patch] + column * CELL - patch[1] * patch_finder.PATCH[1] + CELL // 2
            matches[row, column, 0] = 0, across * y.shape[1] / width, down * y.shape[0] / height, 1
        trust = np.ones((rows, columns), np.float32)
        return Explanation(CELL, matches, trust, y_syn, alone)

    def _alone(self, data: bytes) -> np.ndarray:
        framing.verify(data, self.announcement)
        symbols = shared(self._model)[0].decode(framing.payload(data), self._shape)
        return picture_of(self._model, symbols, self.announcement.height, self.announcement.width)

    def _synthesised(self, alone: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, patch_finder.Matches]:
        """Y as DSIN synthesises it for X; the side picture also passes through the autoencoder, so that both look alike."""
        height, width = alone.shape[:2]
        y = resized(side, height, width)
        y_dec = picture_of(self._model, symbols_of(self._model, y), height, width)
        normal: dict[str, Any] = shared(self._model)[1]
        whole_x, whole_y, whole_y_dec = (patch_finder.whole_patches(picture) for picture in (alone, y, y_dec))
        found = patch_finder.find(whole_x, whole_y_dec, normal["mean"], normal["deviation"])
        return patch_finder.synthesise(whole_y, found)[:height, :width], found
