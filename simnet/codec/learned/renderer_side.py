"""Use of side pictures behind the low-resolution backbone: fused into its picture (`atn`), or concatenated (`ndic`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simnet.codec import model
from simnet.codec.bitstream.padding import padded, to_picture
from simnet.codec.learned import row_matching
from simnet.codec.learned.alignment import resized
from simnet.codec.learned.inference import outputs, require, run
from simnet.codec.learned.rectified_alignment import RectifiedAligner
from simnet.codec.learned.row_matching import RowMatcher
from simnet.codec.learned.side_fusion import CELL, STRIDE, Fuser, picture_shape
from simnet.codec.protocols import Explanation
from simnet.records import Announcement, SideInformation

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What decoding without side pictures gives; float32, of padded size, but for `picture`.

    `y_hat` (1, C, h, w) is the scaled latent, `features` (1, R, 4 h, 4 w) are what the picture is drawn from, `x_hat`
    (1, 3, 16 h, 16 w) is the picture, not clipped, `shares` (1, knots) tell the quality; `picture` is uint8 H x W x 3.
    """

    y_hat: np.ndarray
    features: np.ndarray
    x_hat: np.ndarray
    shares: np.ndarray
    picture: np.ndarray


class SideUse(Protocol):
    """A codec's use of side pictures; at least one is given."""

    def use(self, drawn: Drawn, side: Sequence[SideInformation]) -> np.ndarray:
        """The picture with side information, uint8 H x W x 3."""
        ...

    def explain(self, drawn: Drawn, side: Sequence[SideInformation]) -> Explanation:
        """See `protocols.Explainer`."""
        ...


def side_use(
    chosen: model.Model, announcement: Announcement, latent: Shape, features: Shape, shares: Shape
) -> SideUse | None:
    """Open a model's use of side pictures, given the shapes of what `Drawn` holds; None if it has none."""
    graphs = chosen.manifest["graphs"]
    if "fuse" in graphs:
        return RendererFuser(chosen, announcement, features, shares)
    if "common" in graphs:
        return CommonDecoder(chosen, announcement, latent, shares)
    return None


class RendererFuser:
    """Aligns side pictures and fuses them into the picture; the network also sees the renderer's features and the quality."""

    def __init__(self, chosen: model.Model, announcement: Announcement, features: Shape, shares: Shape) -> None:
        size = announcement.height, announcement.width
        matcher = RowMatcher(chosen, *size, shares[1]) if row_matching.is_in(chosen) else None
        self._fuser = Fuser(chosen, announcement, RectifiedAligner(matcher), (features, shares))

    def use(self, drawn: Drawn, side: Sequence[SideInformation]) -> np.ndarray:
        """See `SideUse`."""
        return self._fuser.fuse(drawn.x_hat, drawn.picture, side, drawn.features, drawn.shares)

    def explain(self, drawn: Drawn, side: Sequence[SideInformation]) -> Explanation:
        """See `SideUse`."""
        return self._fuser.explain(drawn.x_hat, drawn.picture, side, drawn.features, drawn.shares)


class CommonDecoder:
    """Decodes again with the first side picture's latent beside the stream's, without alignment; see NDIC (DCC 2022)."""

    def __init__(self, chosen: model.Model, announcement: Announcement, latent: Shape, shares: Shape) -> None:
        self._model = chosen
        require(chosen, "common", (latent, latent, shares), picture_shape(announcement))

    def use(self, drawn: Drawn, side: Sequence[SideInformation]) -> np.ndarray:
        """See `SideUse`."""
        return self._drawn(drawn, drawn.y_hat, side)

    def explain(self, drawn: Drawn, side: Sequence[SideInformation]) -> Explanation:
        """It has no attention; its common part is decoded with the latent at zero."""
        common = self._drawn(drawn, np.zeros_like(drawn.y_hat), side)
        rows, columns = (size // CELL for size in drawn.x_hat.shape[2:])
        matches, trust = np.zeros((rows, columns, 0, 4), np.float32), np.zeros((rows, columns), np.float32)
        return Explanation(CELL, matches, trust, common, drawn.picture)

    def _drawn(self, drawn: Drawn, y_hat: np.ndarray, side: Sequence[SideInformation]) -> np.ndarray:
        height, width = drawn.picture.shape[:2]
        other = padded(resized(side[0].picture, height, width), STRIDE)
        latent = outputs(self._model.coding, "analysis", other, drawn.shares)[0]
        picture = run(self._model, "common", y_hat, latent, drawn.shares)
        return to_picture(picture * np.float32(0.5) + np.float32(0.5), height, width)
