"""Training examples for decoder stages: a picture, its decoded version, and other views of the same scene.

Examples are prepared once and kept in memory, so a step computes only the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from torch import Tensor

from simnet import codec
from simnet.codec.learned.alignment import CANDIDATES
from simnet.codec.learned.rectified_alignment import RectifiedAligner
from simnet.learn import pair_data
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.training_progress import progress
from simnet.progress import Work

HEIGHT, WIDTH = 128, 256
SIDES = 2
NEAR = (1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10)
"""Offsets (frames) of side views of the same drive, up to a second at 10 Hz; near ones more often."""


@dataclass(frozen=True)
class DecoderExample:
    """Original, first decoding, and the side pictures aligned to it (uint8 HEIGHT x WIDTH x 3 each)."""

    original: np.ndarray
    decoded: np.ndarray
    aligned: tuple[np.ndarray, ...]


def window(pictures: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Crop the same HEIGHT x WIDTH window from every picture at a random scale; flip it half of the time."""
    height, width = pictures[0].shape[:2]
    smallest = max(HEIGHT / height, WIDTH / width)
    if smallest > 1:
        pictures = [pair_data.centre(picture, HEIGHT, WIDTH) for picture in pictures]
    else:
        factor = min(1.0, rng.uniform(smallest, 1.0) + 2 / min(height, width))
        pictures = [pair_data.scale(picture, factor) for picture in pictures]
    height, width = pictures[0].shape[:2]
    top, start = rng.integers(height - HEIGHT + 1), rng.integers(width - WIDTH + 1)
    step = -1 if rng.random() < 0.5 else 1
    cut = (slice(top, top + HEIGHT), slice(start, start + WIDTH))
    return [np.ascontiguousarray(picture[cut][:, ::step]) for picture in pictures]


def views(sources: list[pair_data.PairSource], drop: float, rng: np.random.Generator) -> list[np.ndarray]:
    """A picture and SIDES side views: from the other camera, a neighbouring frame, or an unrelated picture."""
    source = pair_data.choose(sources, rng)
    place, eye = int(rng.integers(len(source.pairs))), int(rng.integers(2))
    chosen = [source.pairs[place][eye]]
    for _ in range(SIDES):
        draw = rng.random()
        if draw < drop:
            other = pair_data.choose(sources, rng)
            view = other.pairs[int(rng.integers(len(other.pairs)))][eye]
        elif draw < drop + (1 - drop) * 0.3 and not source.name.startswith("rendered:"):
            near = np.clip(place + rng.choice((-1, 1)) * rng.choice(NEAR), 0, len(source.pairs) - 1)
            view = source.pairs[int(near)][int(rng.integers(2))]
        else:
            view = source.pairs[place][1 - eye]
        if view.shape != chosen[0].shape:
            view = pair_data.centre(view, *chosen[0].shape[:2])
        chosen.append(view)
    return window(chosen, rng)


Example = TypeVar("Example")


def several(count: int, make: Callable[[], Example]) -> list[Example]:
    """Make `count` examples one after the other, and tell how far it is."""
    made: list[Example] = []
    with progress(Work("examples", count, "pictures")) as tell:
        for done in range(count):
            made.append(make())
            tell(done, 0.0)
    return made


ExampleCoder = Callable[[np.ndarray, float], np.ndarray]
"""Maps a picture and a quality in [0, 1] to the decoded picture."""


def codec_coder(names: tuple[str, ...], rng: np.random.Generator) -> ExampleCoder:
    """Return a coder that uses one of the named codecs, drawn at random for every picture."""

    def code(picture: np.ndarray, quality: float) -> np.ndarray:
        name, _, model = names[int(rng.integers(len(names)))].partition("=")
        encoder = codec.open_encoder(name, picture.shape[1], picture.shape[0], model or None)
        bitstream = encoder.encode(picture, quality, key=True)
        return codec.open_decoder(encoder.announcement).decode(bitstream, []).picture

    return code


def prepare(
    coder: ExampleCoder, sources: list[pair_data.PairSource], count: int, drop: float, seed: int
) -> list[DecoderExample]:
    """Prepare `count` examples at random qualities; half of the side pictures are decoded, as those of other streams are."""
    rng, aligner = np.random.default_rng(seed), RectifiedAligner(refined=True)

    def make() -> DecoderExample:
        x, *sides = views(sources, drop, rng)
        decoded = coder(x, float(rng.random()))
        if rng.random() < 0.5:
            sides = [coder(side, float(rng.uniform(0.2, 1.0))) for side in sides]
        aligned = tuple(candidate for side in sides for candidate in aligner.align(decoded, side))
        return DecoderExample(x, decoded, aligned)

    return several(count, make)


def batch(
    examples: list[DecoderExample], size: int, crop: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Random crops: originals and first decodings (B, 3, crop, crop), aligned pictures of 1 to SIDES side pictures (S B, ...)."""
    candidates = CANDIDATES * int(rng.integers(1, SIDES + 1))
    originals, decoded, aligned = [], [], []
    for index in rng.integers(len(examples), size=size):
        example = examples[index]
        top, left = rng.integers(HEIGHT - crop + 1), rng.integers(WIDTH - crop + 1)
        cut = (slice(top, top + crop), slice(left, left + crop))
        originals.append(example.original[cut])
        decoded.append(example.decoded[cut])
        aligned += [example.aligned[k][cut] for k in range(candidates)]
    return to_tensor(originals), to_tensor(decoded), to_tensor(aligned)
