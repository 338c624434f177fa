"""Side-information stage: alignment and fusion behind a decoder.

It is the second half of `atn`, and another model of it works alone behind the decoder of any other codec (`codec+fuse`): the
cameras keep their encoders, and the bitstream is that of the other codec, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simnet.codec import model
from simnet.codec.bitstream.padding import padded, to_picture
from simnet.codec.learned.alignment import (
    CANDIDATES,
    Aligner,
    resized,
    warp,
)
from simnet.codec.learned.fusion_restraint import restrained
from simnet.codec.learned.inference import outputs, require, run
from simnet.codec.learned.rectified_alignment import RectifiedAligner
from simnet.codec.protocols import Decoder, Explanation
from simnet.errors import ModelError
from simnet.records import Announcement, Decoded, SideInformation

STRIDE = 16
"""Pictures are padded to multiples of this."""
CELL = 4
"""Side of the cells that attention uses."""
STRONGEST = 8
"""Number of matches per cell that an explanation keeps."""


def picture_shape(announcement: Announcement) -> tuple[int, int, int, int]:
    """Tensor shape of a stream's padded picture."""
    height, width = (-(-side // STRIDE) * STRIDE for side in (announcement.height, announcement.width))
    return 1, 3, height, width


class Fuser:
    """Fusion network of a model and its aligner; one per decoder.

    `known` are the shapes of what the network is told besides the decoded picture and the aligned ones, the quality's shares at
    last. One that is told the quality knows by itself when to stay out; any other is restrained (see `fusion_restraint`).
    """

    def __init__(
        self,
        chosen: model.Model,
        announcement: Announcement,
        aligner: Aligner,
        known: tuple[tuple[int, ...], ...] = (),
    ) -> None:
        self._model, self._aligner, self._restrained = chosen, aligner, not known
        shape = picture_shape(announcement)
        attention = (1, None, shape[2] // CELL, shape[3] // CELL)
        require(chosen, "fuse", (shape, (CANDIDATES, *shape[1:]), *known), shape, attention)

    def fuse(
        self, alone: np.ndarray, picture: np.ndarray, side: Sequence[SideInformation], *known: np.ndarray
    ) -> np.ndarray:
        """Fuse side pictures into a decoded one, given as float32 (1, 3, H', W') and as uint8 H x W x 3."""
        shares = known[-1] if known else None
        aligned = [padded(each, STRIDE) for item in side for each in self._aligner.align(picture, item.picture, shares)]
        fused, attention = outputs(self._model, "fuse", alone, np.concatenate(aligned), *known)
        shown = restrained(alone, fused, attention[0, 0]) if self._restrained else fused
        return to_picture(shown, *picture.shape[:2])

    def explain(
        self, alone: np.ndarray, picture: np.ndarray, side: Sequence[SideInformation], *known: np.ndarray
    ) -> Explanation:
        """Explain fusion by cells of CELL pixels; `common` is the picture that attention fetched, at full strength."""
        height, width = picture.shape[:2]
        pictures = [resized(item.picture, height, width) for item in side]
        flows = [self._aligner.flows(picture, each, known[-1] if known else None) for each in pictures]
        aligned = [padded(warp(y, flow), STRIDE) for y, own in zip(pictures, flows, strict=True) for flow in own]
        attention = run(self._model, "fuse", alone, np.concatenate(aligned), *known, output=1)[0]
        rows, columns = attention.shape[1:]
        weights = attention[1:].reshape(len(aligned), -1, rows, columns)
        trust = 1 - attention[0]
        matches = strongest_matches(
            weights, [flow for own in flows for flow in own], [y.shape for y in (s.picture for s in side)]
        )
        common = to_picture(attended(weights, aligned), height, width)
        return Explanation(CELL, matches, trust, common, picture)


def stage_behind(stage: str, announcement: Announcement) -> Fuser:
    """Open the side-information stage behind another codec's decoder; `stage` is its model."""
    return Fuser(model.load(stage), announcement, RectifiedAligner(refined=True))


def strongest_matches(weights: np.ndarray, flows: list[np.ndarray], shapes: list[tuple[int, ...]]) -> np.ndarray:
    """Matches (h, w, STRONGEST, 4) of `Explanation`: weights (candidates, window**2, h, w) and each candidate's flow."""
    candidates, window, rows, columns = weights.shape
    reach, (height, width) = int(window**0.5) // 2, flows[0].shape[:2]
    centre_y, centre_x = (np.arange(n) * CELL + CELL // 2 for n in (rows, columns))
    places = np.zeros((candidates, window, rows, columns, 3), np.float32)
    for c, flow in enumerate(flows):
        side = c // CANDIDATES
        for k in range(window):
            y = np.clip(centre_y + (k // (2 * reach + 1) - reach) * CELL, 0, height - 1)[:, None]
            x = np.clip(centre_x + (k % (2 * reach + 1) - reach) * CELL, 0, width - 1)[None, :]
            places[c, k, ..., 0] = side
            places[c, k, ..., 1] = (x + flow[y, x, 0]) * shapes[side][1] / width
            places[c, k, ..., 2] = (y + flow[y, x, 1]) * shapes[side][0] / height
    flat = np.concatenate([places, weights[..., None]], axis=-1).reshape(-1, rows, columns, 4)
    order = np.argsort(-flat[..., 3], axis=0)[:STRONGEST]
    return np.ascontiguousarray(np.take_along_axis(flat, order[..., None], axis=0).transpose(1, 2, 0, 3))


def attended(weights: np.ndarray, aligned: list[np.ndarray]) -> np.ndarray:
    """Picture that attention fetched from the aligned pictures (1, 3, H, W each), without the null key: (1, 3, H, W)."""
    window, rows, columns = weights.shape[1:]
    side = int(window**0.5)
    reach = side // 2
    total = np.zeros((1, 3, rows, CELL, columns, CELL), np.float32)
    for picture, shares in zip(aligned, weights, strict=True):
        cells = np.pad(
            picture.reshape(3, rows, CELL, columns, CELL), ((0, 0), (reach,) * 2, (0, 0), (reach,) * 2, (0, 0))
        )
        for k, share in enumerate(shares):
            dy, dx = divmod(k, side)
            total[0] += share[None, :, None, :, None] * cells[:, dy : dy + rows, :, dx : dx + columns]
    weight = np.maximum(weights.sum(axis=(0, 1)), 1e-6)[None, None, :, None, :, None]
    return (total / weight).reshape(1, 3, rows * CELL, columns * CELL)


class FusingDecoder:
    """Decoder that runs another codec's decoder, then aligns and fuses the side pictures; see `protocols.Decoder`."""

    def __init__(self, inner: Decoder, announcement: Announcement, stage: str) -> None:
        if getattr(inner, "uses_side", False):
            raise ModelError(f"codec {announcement.codec}: uses side information by itself; expected it without +fuse")
        self.announcement = announcement
        self._inner, self._fuser = inner, stage_behind(stage, announcement)

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode; without side pictures the result equals the other codec's."""
        alone = self._inner.decode(data, ()).picture
        if not side:
            return Decoded(alone, alone)
        return Decoded(self._fuser.fuse(padded(alone, STRIDE), alone, side), alone)

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        """See `protocols.Explainer`."""
        alone = self._inner.decode(data, ()).picture
        return self._fuser.explain(padded(alone, STRIDE), alone, side)
