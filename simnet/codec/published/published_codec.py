"""Codecs of the published networks: exported graphs, integer tables, the range coder.

They have a fixed rate: a checkpoint is trained for one point of the rate-distortion curve, so `quality` changes only the header's
quality byte. Several checkpoints make a curve. No weights are shipped; `simnet import` converts a checkpoint to a model folder.

The decoder uses the first available side picture, resized to the coded picture's size. Without a side picture it decodes from the
bitstream alone: the common information w and the output of attention are zero. The authors did not train for that case.
`Decoded.alone` is computed in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simnet.codec import model
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.announcements import LARGEST_SIDE
from simnet.codec.bitstream.padding import check_size, padded, to_picture
from simnet.codec.learned.alignment import resized
from simnet.codec.learned.inference import require, run
from simnet.codec.protocols import Explanation
from simnet.codec.published import priors, published_kinds
from simnet.codec.published.published_kinds import GRID, PublishedKind
from simnet.errors import BitstreamError, ModelError
from simnet.records import Announcement, Decoded, SideInformation

MOST = LARGEST_SIDE
"""Largest side of the size that a model is tied to."""
STRONGEST = 8
"""Number of matches per cell that an explanation keeps."""


def open_encoder(name: str, width: int, height: int, model_name: str | None = None) -> PublishedEncoder:
    """See `registry`."""
    return PublishedEncoder(chosen_model(name, model_name), width, height)


def open_decoder(announcement: Announcement) -> PublishedDecoder:
    """See `registry`."""
    return PublishedDecoder(announcement, chosen_model(announcement.codec, announcement.model))


def declared_times(name: str, model_name: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    return chosen_model(name, model_name).times


def chosen_model(codec: str, name: str | None) -> model.Model:
    """Load the model of that name or folder; ModelError if it does not exist or is for another codec."""
    if name is None and codec not in model.names():
        raise ModelError(
            f"codec {codec}: no weights shipped; import a checkpoint: simnet import FILE --as {codec}, then ask for "
            f"{codec}=FOLDER"
        )
    return model.load_for(codec, name)


def padded_size(chosen: model.Model, kind: PublishedKind, width: int, height: int) -> tuple[int, int]:
    """Return the height and width to which a stream's pictures are padded; ModelError if the model cannot take them.

    Attention has weights for one number of pixels, in one shape. Smaller pictures are padded to that size.
    """
    if not kind.attention:
        return math.ceil(height / kind.stride) * kind.stride, math.ceil(width / kind.stride) * kind.stride
    size = chosen.manifest.get("numbers", {}).get("size")
    if (
        not isinstance(size, list)
        or [type(side) for side in size] != [int, int]
        or not 0 < min(size) <= max(size) <= MOST
    ):
        raise ModelError(f"model {chosen.name}: its manifest has no numbers.size; expected a width and a height")
    most_width, most_height = size
    if most_width % kind.stride or most_height % kind.stride:
        raise ModelError(f"model {chosen.name}: numbers.size {size}; expected multiples of {kind.stride}")
    if width > most_width or height > most_height:
        raise ModelError(
            f"codec {kind.name}: pictures of {width} x {height}; model {chosen.name} is tied to {most_width} x {most_height} "
            f"by the weights of its attention; expected that size, or smaller to be padded"
        )
    return most_height, most_width


class _PublishedStream:
    """State that both ends share: the model, its tables, its sizes, the announcement."""

    def __init__(self, chosen: model.Model, width: int, height: int) -> None:
        self.model, self.kind = chosen, published_kinds.find(chosen.codec)
        self.coder = priors.read(chosen)
        self.padded = padded_size(chosen, self.kind, width, height)
        self.latent = self.padded[0] // self.kind.latent_stride, self.padded[1] // self.kind.latent_stride
        digests = (chosen.digest, self.coder.digest)
        self.announcement = Announcement(chosen.codec, chosen.name, *digests, width, height)

    def tensor(self, image: np.ndarray) -> np.ndarray:
        """Convert a picture to the graphs' input, float32 (1, 3, H', W'), padded by edge repetition."""
        bottom, right = (most - side for most, side in zip(self.padded, image.shape[:2], strict=True))
        return padded(np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="edge"), 1)

    def run(self, graph: str, *inputs: np.ndarray) -> np.ndarray:
        """Run one of the model's graphs; ModelError if its output is not finite."""
        output = run(self.model, graph, *inputs)
        if not np.isfinite(output).all():
            raise ModelError(f"model {self.model.name}: its graph {graph} gives numbers that are not finite")
        return output


class PublishedEncoder:
    """Encoder with analysis, rounding and range coder; see `protocols.Encoder`. `quality` has no effect."""

    def __init__(self, chosen: model.Model, width: int, height: int) -> None:
        self._stream = _PublishedStream(chosen, width, height)
        self.announcement = self._stream.announcement
        stream = self._stream
        latent = (1, stream.coder.channels, *stream.latent)
        require(chosen, "analysis", ((1, 3, *stream.padded),), latent)
        if stream.kind.hyper:
            small = (side // priors.HYPER_SHRINK for side in stream.latent)
            require(chosen, "hyper", (latent,), (1, stream.coder.channels, *small))
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode each frame alone: `key` has no effect, and `quality` only changes the header's byte."""
        del key
        check_size(image, self.announcement)
        step, stream = framing.quality_step(quality), self._stream
        latent = stream.run("analysis", stream.tensor(image))
        z = stream.run("hyper", latent)[0] if stream.kind.hyper else None
        header = framing.Header(self._sequence, step, key=True)
        self._sequence += 1
        return framing.pack(header, stream.coder.encode(latent[0], z), self.announcement)


class PublishedDecoder:
    """Decoder with range decoder and synthesis; see `protocols.Decoder`."""

    def __init__(self, announcement: Announcement, chosen: model.Model) -> None:
        self._stream = _PublishedStream(chosen, announcement.width, announcement.height)
        own = self._stream.announcement
        if (own.checkpoint_digest, own.tables_digest) != (announcement.checkpoint_digest, announcement.tables_digest):
            raise ModelError(
                f"stream of model {announcement.model}: checkpoint {announcement.checkpoint_digest}, tables "
                f"{announcement.tables_digest}; this machine has {own.checkpoint_digest}, {own.tables_digest}"
            )
        self.announcement = announcement
        stream = self._stream
        latent, picture = (1, stream.coder.channels, *stream.latent), (1, 3, *stream.padded)
        require(chosen, "alone", (latent,), picture)
        if stream.kind.side:
            features = require(chosen, "side", (picture,), (1, None, *stream.latent))[0]
            require(chosen, "synthesis", (latent, features), picture)

    @property
    def uses_side(self) -> bool:
        """Whether side pictures change the output."""
        return self._stream.kind.side

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode with the first side picture."""
        latent = self._latent(data)
        alone = self._picture("alone", latent)
        if not side or not self.uses_side:
            return Decoded(alone, alone)
        return Decoded(self._picture("synthesis", latent, self._features(side)), alone)

    def explain(self, data: bytes, side: Sequence[SideInformation]) -> Explanation:
        """See `protocols.Explainer`. `common` is decoded with the latent of X at zero, `private` with w and attention at zero.

        For `atn-paper`, the explanation shows the one of the three scales whose attention, averaged over heads and channels, is
        the least even, because even attention says nothing. Its grid has GRID x GRID places, so all cells of a place have equal
        matches. It attends only to the side picture, so `trust` is 1. NDIC has no attention, so it reports no matches.
        """
        if not side or not self.uses_side:
            raise ModelError(f"codec {self.announcement.codec}: no side information used; nothing to explain")
        latent, features = self._latent(data), self._features(side)
        common = self._picture("synthesis", np.zeros_like(latent), features)
        private = self._picture("alone", latent)
        height, width = self._stream.padded
        if not self._stream.kind.attention:
            cell = self._stream.kind.latent_stride
            matches = np.zeros((height // cell, width // cell, 0, 4), np.float32)
            return Explanation(cell, matches, np.zeros(matches.shape[:2], np.float32), common, private)
        looks = self._stream.run("looks", latent, features)[0]
        cell, matches = grid_matches(telling(looks), (height, width))
        return Explanation(
            cell, self._in(matches, side[0].picture), np.ones(matches.shape[:2], np.float32), common, private
        )

    def _latent(self, data: bytes) -> np.ndarray:
        framing.verify(data, self.announcement)
        return self._stream.coder.decode(framing.payload(data), self._stream.latent)[None]

    def _features(self, side: Sequence[SideInformation]) -> np.ndarray:
        y = resized(side[0].picture, self.announcement.height, self.announcement.width)
        return self._stream.run("side", self._stream.tensor(y))

    def _picture(self, graph: str, *inputs: np.ndarray) -> np.ndarray:
        """Run a graph on decoded symbols; BitstreamError if the output is not finite, which no real picture causes."""
        try:
            output = self._stream.run(graph, *inputs)
        except ModelError as error:
            raise BitstreamError(f"payload is of no picture: {error}") from error
        return to_picture(output, self.announcement.height, self.announcement.width)

    def _in(self, matches: np.ndarray, side: np.ndarray) -> np.ndarray:
        """Convert matches to pixels of the original side picture, clipped to its area."""
        for axis, (most, own) in enumerate(
            zip(side.shape[1::-1], (self.announcement.width, self.announcement.height), strict=True)
        ):
            matches[..., 1 + axis] = np.clip(matches[..., 1 + axis] * (most / own), 0, most - 1)
        return matches


def telling(looks: np.ndarray) -> np.ndarray:
    """Return the least even of several attentions (scales, cells, cells): the one with the smallest entropy."""
    entropy = -(looks * np.log(np.maximum(looks, 1e-12))).sum(axis=2).mean(axis=1)
    return looks[np.argmin(entropy)]


def grid_matches(looks: np.ndarray, padded: tuple[int, int]) -> tuple[int, np.ndarray]:
    """Side of square cells that divide the places of the grid, and their matches (h, w, STRONGEST, 4) as in `Explanation`.

    `looks` (cells, cells) is the attention from X's places to Y's on the grid of a picture of `padded` (height, width) pixels.
    """
    height, width = (side // GRID for side in padded)
    cell = math.gcd(height, width)
    order = np.argsort(-looks, axis=1, kind="stable")[:, :STRONGEST]
    row, column = np.divmod(order, GRID)
    weight = np.take_along_axis(looks, order, axis=1)
    places = np.stack([np.zeros_like(weight), (column + 0.5) * width, (row + 0.5) * height, weight], axis=-1)
    grid = places.astype(np.float32).reshape(GRID, GRID, -1, 4)
    return cell, np.repeat(np.repeat(grid, height // cell, axis=0), width // cell, axis=1)
