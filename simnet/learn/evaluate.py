"""Rate and distortion of codecs on pairs of pictures: real bytes, decoded pictures, BD-rate against a named anchor.

The left picture is coded; the right is the decoder's side information. Codecs that use it are also decoded without it and with
the right picture of another pair: a gain that stays with an unrelated picture is training, not side information.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from PIL import Image

from simnet import codec, quality
from simnet.errors import InputError, PictureError
from simnet.learn import data
from simnet.learn.progress import progress
from simnet.records import SideInformation

METRICS = ("psnr_db", "ms_ssim")
EXAMPLES = 3


@dataclass
class Tally:
    """Sums of one codec at one quality."""

    bits: float = 0.0
    pixels: int = 0
    quality: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """By way of decoding (`with`, `none`, `unrelated`): PSNR and MS-SSIM of every picture."""

    def add(self, way: str, decoded: np.ndarray, original: np.ndarray) -> None:
        """Score one decoded picture."""
        scores = (quality.psnr(decoded, original), quality.ms_ssim(decoded, original))
        self.quality.setdefault(way, []).append(scores)

    def point(self, asked: float, way: str) -> dict[str, float]:
        """The mean over pictures: one point of a rate-distortion curve."""
        psnr_db, ms_ssim = (float(np.mean(column)) for column in zip(*self.quality[way], strict=True))
        return {"quality": asked, "bpp": self.bits / self.pixels, "psnr_db": psnr_db, "ms_ssim": ms_ssim}


def parse_qualities(text: str) -> list[float]:
    """Read `0,0.5,1`; InputError unless every one is a number from 0 to 1."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(f"--qualities {text}: expected numbers from 0 to 1, separated by commas") from error
    if not all(0 <= value <= 1 for value in values) or len(set(values)) < len(values):
        raise InputError(f"--qualities {text}: expected different numbers from 0 to 1")
    return sorted(values)


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Read `256x128` (width x height)."""
    if text is None:
        return None
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) >= 16 and int(height) >= 16):
        raise InputError(f"--size {text}: expected WIDTHxHEIGHT in pixels, at least 16 each, such as 256x128")
    return int(width), int(height)


def evaluate(
    names: Sequence[str],
    codecs: Sequence[str],
    qualities: Sequence[float],
    anchor: str,
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """Evaluate `codecs` (`name` or `name=model`) on the named data; `size` is (width, height) of a centre crop, resized.

    Returns what `report.evaluation.write` takes.
    """
    if len(set(codecs)) < len(codecs):
        raise InputError(f"--codec {','.join(codecs)}: names a codec twice")
    if anchor not in codecs:
        raise InputError(f"anchor {anchor}: not among the codecs evaluated ({', '.join(codecs)})")
    pairs = [pair for name in names for pair in data.load(name, rendered_pairs=50, seed=99).pairs]
    if size:
        pairs = [tuple(data.centre(picture, size[1], size[0]) for picture in pair) for pair in pairs]
    smallest = min(min(picture.shape[:2]) for pair in pairs for picture in pair)
    if smallest < quality.WINDOW:
        raise PictureError(f"{', '.join(names)}: a side of {smallest} pixels; MS-SSIM needs at least {quality.WINDOW}")
    curves: dict[str, dict[float, Tally]] = {name: {q: Tally() for q in qualities} for name in codecs}
    examples: list[dict[str, Any]] = []
    shown = set(np.linspace(0, len(pairs) - 1, min(EXAMPLES, len(pairs))).astype(int).tolist())
    with progress(len(codecs) * len(pairs), 0, "evaluate") as tell:
        for c, name in enumerate(codecs):
            for index, (original, side) in enumerate(pairs):
                # A single pair has no other to borrow from: it gets no such control.
                unrelated = pairs[(index + len(pairs) // 2) % len(pairs)][1] if len(pairs) > 1 else None
                decodings = list(measure(name, original, side, unrelated, curves[name]))
                if index in shown:
                    _keep(examples, index, original, name, decodings[len(decodings) // 3])
                tell(c * len(pairs) + index + 1, 0.0)
    return {
        **summary(curves, qualities, anchor),
        "data": ", ".join(names),
        "pictures": len(pairs),
        "examples": examples,
    }


def measure(
    name: str, original: np.ndarray, side: np.ndarray, unrelated: np.ndarray | None, tallies: dict[float, Tally]
) -> Iterator[np.ndarray]:
    """Encode one picture at every quality, decode it in every way, and yield what each quality decodes to."""
    codec_name, _, model = name.partition("=")
    encoder = codec.open_encoder(codec_name, original.shape[1], original.shape[0], model or None)
    decoder = codec.open_decoder(encoder.announcement)
    for asked, tally in tallies.items():
        bitstream = encoder.encode(original, asked)
        tally.bits += 8 * len(bitstream)
        tally.pixels += original.shape[0] * original.shape[1]
        decoded = decoder.decode(bitstream, [SideInformation(side, "right", 0)])
        tally.add("with", decoded.picture, original)
        if decoded.picture is not decoded.alone:
            tally.add("none", decoded.alone, original)
            if unrelated is not None:
                other = decoder.decode(bitstream, [SideInformation(unrelated, "unrelated", 0)])
                tally.add("unrelated", other.picture, original)
        yield decoded.picture


def summary(curves: dict[str, dict[float, Tally]], qualities: Sequence[float], anchor: str) -> dict[str, Any]:
    """Points, controls and BD-rates of every codec."""
    points = {name: [tallies[q].point(q, "with") for q in qualities] for name, tallies in curves.items()}
    controls = {
        name: {way: [tallies[q].point(q, way) for q in qualities] for way in ways}
        for name, tallies in curves.items()
        if (ways := [way for way in ("none", "unrelated") if way in tallies[qualities[0]].quality])
    }
    rates = {
        name: {metric.removesuffix("_db"): bd_rate(points[anchor], curve, metric) for metric in METRICS}
        for name, curve in points.items()
    }
    return {"anchor": anchor, "points": points, "bd_rate": rates, "controls": controls}


def bd_rate(anchor: list[dict[str, float]], curve: list[dict[str, float]], metric: str) -> float | None:
    """Bjontegaard's mean change of rate at equal quality (percent); None where the curves share no range of quality."""
    import bjontegaard

    def columns(points: list[dict[str, float]]) -> tuple[list[float], list[float]]:
        rising = [max(p[metric] for p in points[: i + 1]) == p[metric] for i, p in enumerate(points)]
        kept = [p for p, rises in zip(points, rising, strict=True) if rises]
        return [p["bpp"] for p in kept], [p[metric] for p in kept]

    (anchor_rate, anchor_quality), (rate, reached) = columns(anchor), columns(curve)
    low, high = max(min(anchor_quality), min(reached)), min(max(anchor_quality), max(reached))
    if low >= high or min(len(rate), len(anchor_rate)) < 4:
        return None
    change = bjontegaard.bd_rate(
        anchor_rate, anchor_quality, rate, reached, method="akima", require_matching_points=False, min_overlap=0
    )
    return float(cast("float", change))


def _keep(examples: list[dict[str, Any]], index: int, original: np.ndarray, name: str, decoded: np.ndarray) -> None:
    """Keep a picture for the page: one row a pair, a picture a codec."""
    label = f"pair {index}"
    row = next((row for row in examples if row["name"] == label), None)
    if row is None:
        row = {"name": label, "original": png(original)}
        examples.append(row)
    row[name] = png(decoded)


def png(picture: np.ndarray) -> bytes:
    """A picture as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG")
    return file.getvalue()
