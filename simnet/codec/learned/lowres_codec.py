"""Codecs `lowres`, `atn` and `ndic`: exported graphs, integer index maps, the range coder.

Graphs: `analysis` (picture -> scaled latent, z), `hyper` (z_hat -> features, means of the first pass), `pass1` to `pass3`
(features and latent so far -> means; `pass3` also outputs the rounding correction), `synthesis` (latent -> picture as 2x - 1, and
the features that it is drawn from). Each graph takes the quality as shares of the banks' knots.

`lowres` uses no side information. `atn` and `ndic` are models whose backbone is a model of `lowres`: they send its bytes, and
their own graph uses side pictures (`renderer_side`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simnet.codec import model
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import check_size, padded, to_picture
from simnet.codec.learned.inference import finite, outputs, require
from simnet.codec.learned.learned_codec import announce, chosen_model, declared_times
from simnet.codec.learned.lowres_coder import LowresCoder, whole_z
from simnet.codec.learned.lowres_layout import PASSES, REDUCTION
from simnet.codec.learned.renderer_side import Drawn, SideUse, side_use
from simnet.codec.learned.side_fusion import CELL, STRIDE, picture_shape
from simnet.codec.protocols import Explanation
from simnet.errors import ModelError
from simnet.records import Announcement, Decoded, SideInformation

__all__ = ["LowresDecoder", "LowresEncoder", "declared_times", "open_decoder", "open_encoder"]


def open_encoder(name: str, width: int, height: int, model_name: str | None = None) -> LowresEncoder:
    """See `registry`."""
    return LowresEncoder(chosen_model(name, model_name), width, height)


def open_decoder(announcement: Announcement) -> LowresDecoder:
    """See `registry`."""
    return LowresDecoder(announcement, chosen_model(announcement.codec, announcement.model))


def coder_of(chosen: model.Model) -> LowresCoder:
    """Return the model's tables, or its backbone's; ModelError if they belong to another codec."""
    tables = model.tables(chosen)
    if not isinstance(tables, LowresCoder):
        raise ModelError(
            f"model {chosen.name}: has no tables of codec lowres; expected a model that stage lowres exported, or one "
            "with such a model as backbone"
        )
    return tables


def knot_shares(step: int, knots: int) -> np.ndarray:
    """Share of each of a bank's knots at a quality step: float32 (1, knots)."""
    place = step * (knots - 1) / framing.QUALITY_STEPS
    return np.maximum(1 - np.abs(place - np.arange(knots)), 0)[None].astype(np.float32)


class Networks:
    """Graphs that encoder and decoder share, for one picture size."""

    def __init__(self, chosen: model.Model, announcement: Announcement) -> None:
        self.coder, self._model = coder_of(chosen), chosen.coding
        rows, columns = (side // STRIDE for side in picture_shape(announcement)[2:])
        self.size, self.knots = (rows, columns), self.coder.maps.banks.shape[1]
        self.z_size = (-(-rows // REDUCTION), -(-columns // REDUCTION))
        self.latent, shares = (1, self.coder.maps.channels, rows, columns), (1, self.knots)
        whole = tuple(side * REDUCTION for side in self.z_size)
        wanted = (1, None, *whole), (1, self.latent[1], *whole)
        hyper = require(self._model, "hyper", ((1, self.coder.hyper, *self.z_size), shares), *wanted)
        features = (1, hyper[0][1], rows, columns)
        for number in range(1, PASSES):
            means = [self.latent] * (2 if number + 1 == PASSES else 1)
            require(self._model, f"pass{number}", (features, self.latent, shares), *means)

    def means(self, z: np.ndarray, shares: np.ndarray) -> PassMeans:
        """Create the function of each pass's means, given z float32 (hyper, h', w')."""
        return PassMeans(self._model, z, shares, self.size)


class PassMeans:
    """Means of the passes; see `lowres_coder.Means`.

    After the last pass `correction`, float32 (C, h, w), is the predicted rounding loss of the latent.
    """

    def __init__(self, chosen: model.Model, z: np.ndarray, shares: np.ndarray, size: tuple[int, int]) -> None:
        rows, columns = size
        self._model, self._shares = chosen, shares
        self._features, self._first = (
            np.ascontiguousarray(each[:, :, :rows, :columns]) for each in outputs(chosen, "hyper", z[None], shares)
        )
        self.correction = np.zeros_like(self._first[0])

    def __call__(self, number: int, y_hat: np.ndarray) -> np.ndarray:
        """Means float32 (C, h, w) of pass `number`."""
        if not number:
            return self._first[0]
        mean, *more = outputs(self._model, f"pass{number}", self._features, y_hat[None], self._shares)
        if number + 1 == PASSES:
            self.correction = more[0][0]
        return mean[0]


class LowresEncoder:
    """Encoder with analysis, four passes and range coder; see `protocols.Encoder`."""

    def __init__(self, chosen: model.Model, width: int, height: int) -> None:
        self.announcement = announce(chosen, width, height)
        self._model, self._networks = chosen.coding, Networks(chosen, self.announcement)
        networks, picture = self._networks, picture_shape(self.announcement)
        z = (1, networks.coder.hyper, *networks.z_size)
        require(self._model, "analysis", (picture, (1, networks.knots)), networks.latent, z)
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode each frame alone; `key` has no effect."""
        del key
        check_size(image, self.announcement)
        step = framing.quality_step(quality)
        shares = knot_shares(step, self._networks.knots)
        u, z = (
            finite(self._model, "analysis", each[0])
            for each in outputs(self._model, "analysis", padded(image, STRIDE), shares)
        )
        z = whole_z(z)
        payload = self._networks.coder.encode(u, z, step, self._networks.means(z, shares))
        header = framing.Header(self._sequence, step, key=True)
        self._sequence += 1
        return framing.pack(header, payload, self.announcement)


class LowresDecoder:
    """Decoder with range decoder, four passes, synthesis and the codec's use of side pictures; see `protocols.Decoder`."""

    def __init__(self, announcement: Announcement, chosen: model.Model) -> None:
        own = announce(chosen, announcement.width, announcement.height)
        if (own.checkpoint_digest, own.tables_digest) != (announcement.checkpoint_digest, announcement.tables_digest):
            raise ModelError(
                f"stream of model {announcement.model}: checkpoint {announcement.checkpoint_digest}, tables "
                f"{announcement.tables_digest}; this machine has {own.checkpoint_digest}, {own.tables_digest}"
            )
        self.announcement = announcement
        self._model, self._networks = chosen.coding, Networks(chosen, own)
        networks, picture = self._networks, picture_shape(own)
        shares = (1, networks.knots)
        features = (1, None, picture[2] // CELL, picture[3] // CELL)
        synthesis = require(self._model, "synthesis", (networks.latent, shares), picture, features)
        features = synthesis[1]
        self._side: SideUse | None = side_use(chosen, own, networks.latent, features, shares)

    @property
    def uses_side(self) -> bool:
        """Whether side pictures change the output."""
        return self._side is not None

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode; `alone` costs nothing extra, because side pictures are used after the first decoding."""
        return self.fused(self.draw(data), side)

    def fused(self, drawn: Drawn, side: Sequence[SideInformation]) -> Decoded:
        """Return what was drawn alone, with side pictures used if there are any."""
        if side and self._side:
            return Decoded(self._side.use(drawn, side), drawn.picture)
        return Decoded(drawn.picture, drawn.picture)

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        """See `protocols.Explainer`."""
        if self._side is None or not side:
            raise ModelError(f"codec {self.announcement.codec}: uses no side information here; nothing to explain")
        return self._side.explain(self.draw(data), side)

    def fuse(self, drawn: Drawn, side: Sequence[SideInformation]) -> np.ndarray:
        """Return the picture that at least one side picture makes of what was drawn, uint8 H x W x 3."""
        if self._side is None:
            raise ModelError(f"codec {self.announcement.codec}: uses no side information here; nothing to fuse")
        return self._side.use(drawn, side)

    def draw(self, data: bytes) -> Drawn:
        """Decode without side information; raise BitstreamError like `decode`."""
        header = framing.verify(data, self.announcement)
        networks, shares = self._networks, knot_shares(header.quality, self._networks.knots)
        z, decode = networks.coder.open(framing.payload(data), networks.size)
        means = networks.means(z, shares)
        return self.drawn(decode(header.quality, means) + means.correction, shares)

    def drawn(self, latent: np.ndarray, shares: np.ndarray) -> Drawn:
        """Draw a scaled latent float32 (C, h, w), corrected for rounding, at a quality given as shares of the knots."""
        y_hat = latent[None]
        drawn, features = outputs(self._model, "synthesis", y_hat, shares)
        x_hat = drawn * np.float32(0.5) + np.float32(0.5)
        picture = to_picture(x_hat, self.announcement.height, self.announcement.width)
        return Drawn(y_hat, features, x_hat, shares, picture)
