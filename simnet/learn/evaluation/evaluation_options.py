"""Parsers for the options of `simnet evaluate`; invalid text is an InputError of one line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simnet import code_files, codec_names
from simnet.bd_rate import Rates
from simnet.codec import registry
from simnet.errors import InputError

QUALITIES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
EVERY = "all"
WHOLE = "all"
RATES, QUALITY_RATES = (0.05, 0.4), (0.4, 1.0)
"""Default ranges of bits per pixel: of BD-rates, and of BD-PSNR."""
RIVAL = "hevc-intra"
"""Codec that every evaluation compares with; behind it, the side-information stage where side information is in play."""
MOST = 100_000
MOST_OFFSETS = 1000
LARGEST_SIDE = 16_384
"""Limit on the side of a picture, in pixels."""


@dataclass(frozen=True, slots=True)
class CodecChoice:
    """A codec to evaluate: one curve. If it has one rate per model, several models are points of the same curve."""

    label: str
    """Text of the command line."""
    name: str
    """Name in the codec registry: `atn`, `avif+fuse`."""
    models: tuple[str | None, ...]


def parse_data(names: list[str]) -> list[str]:
    """Return the names of `--data`; InputError if one is repeated, because its pictures would count twice."""
    if len(set(names)) < len(names):
        raise InputError(f"--data {' --data '.join(names)}: names data twice")
    return names


def parse_codecs(text: str) -> list[CodecChoice]:
    """Parse `atn,avif+fuse,ndic=FOLDER,ndic-bls17=FOLDER;FOLDER`.

    Raises:
        InputError: A codec is named twice.
        ModelError: A codec is unknown.
    """
    specs = []
    for label in codec_names.split(text):
        name, equals, models = codec_names.partition_model(label)
        folders = tuple(folder.strip() for folder in models.split(";")) if equals else (None,)
        if not name or "" in folders:
            raise InputError(f"--codec {text}: expected codecs with a comma between them, or codec=model;model")
        whole = code_files.located(codec_names.canonical(name))
        specs.append(CodecChoice(label, registry.known(whole, folders[0]), folders))
    if len({spec.label for spec in specs}) < len(specs):
        raise InputError(f"--codec {text}: names a codec twice")
    return specs


def rivals_of(specs: Sequence[CodecChoice]) -> list[CodecChoice]:
    """Return the rivals that are not among the codecs; with the side-information stage first, if a codec takes side pictures."""
    in_play = any(registry.takes_side(spec.name, spec.models[0]) for spec in specs)
    wanted = [f"{RIVAL}{registry.FUSE}", RIVAL] if in_play else [RIVAL]
    named = {spec.label for spec in specs}
    return [CodecChoice(name, name, (None,)) for name in wanted if name not in named]


def parse_anchors(text: str | None, codecs: Sequence[str], rivals: Sequence[str] = ()) -> list[str]:
    """Parse `NAME`, `NAME,NAME` or `all`; default: the last codec. The first name is the main anchor, rivals follow."""
    if text is None:
        return [codecs[-1], *rivals]
    if text == EVERY:
        return [codecs[-1], *codecs[:-1], *rivals]
    anchors = codec_names.split(text)
    every = [*codecs, *rivals]
    for name in anchors:
        if name not in every:
            raise InputError(
                f"anchor {name}: not among the codecs evaluated ({', '.join(every)}); expected one of them, or name it in --codec"
            )
    if len(set(anchors)) < len(anchors):
        raise InputError(f"--anchor {text}: names a codec twice")
    return [*anchors, *(name for name in rivals if name not in anchors)]


def parse_qualities(text: str | None) -> list[float]:
    """Parse `0,0.5,1`; InputError unless every item is a number from 0 to 1."""
    if text is None:
        return list(QUALITIES)
    values = _numbers(text, f"--qualities {text}: expected numbers from 0 to 1, separated by commas")
    if not all(0 <= value <= 1 for value in values) or len(set(values)) < len(values):
        raise InputError(f"--qualities {text}: expected different numbers from 0 to 1")
    return sorted(values)


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Parse `256x128` (width x height)."""
    if text is None:
        return None
    width, _, height = text.partition("x")
    sides = [int(side) if side.isdecimal() and len(side) < 10 else 0 for side in (width, height)]
    if not all(16 <= side <= LARGEST_SIDE for side in sides):
        raise InputError(
            f"--size {text}: expected WIDTHxHEIGHT in pixels, at least 16 each and at most {LARGEST_SIDE}, such as 256x128"
        )
    return sides[0], sides[1]


def parse_rates(text: str | None) -> tuple[Rates | None, Rates | None]:
    """Parse `0.05:0.4`, `0.05:0.4,0.4:1` or `all`: the ranges (bits per pixel) of BD-rates and of BD-PSNR; None: whole curves."""
    if text is None:
        return RATES, QUALITY_RATES
    if text == WHOLE:
        return None, None
    fault = f"--rates {text}: expected LOW:HIGH in bits per pixel, such as 0.05:0.4, or 0.05:0.4,0.4:1, or all"
    ranges = [_numbers(part, fault, ":") for part in text.split(",")]
    if len(ranges) > 2 or not all(len(own) == 2 and 0 < own[0] < own[1] for own in ranges):
        raise InputError(fault)
    first, last = ranges[0], ranges[-1]
    return (first[0], first[1]), (last[0], last[1])


def parse_offsets(text: str | None) -> list[int]:
    """Parse `0:10` (both ends included) or `0,1,3,-2` (frames); curves are measured at the first offset."""
    if text is None:
        return [0]
    fault = f"--offset {text}: expected whole numbers of frames, such as 3, 0,1,3 or 0:10"
    values = [round(value) for value in _numbers(text, fault, ":" if ":" in text else ",", whole=True)]
    if ":" in text:
        if len(values) != 2 or values[0] > values[1]:
            raise InputError(fault)
        # One value above the limit is enough for the check below to refuse the list.
        values = list(range(values[0], min(values[1], values[0] + MOST_OFFSETS) + 1))
    if len(set(values)) < len(values) or len(values) > MOST_OFFSETS:
        raise InputError(f"{fault}; each once, at most {MOST_OFFSETS}")
    return values


def parse_count(name: str, text: str | None, least: int = 1) -> int | None:
    """Parse an integer of at least `least`."""
    if text is None:
        return None
    if not (text.isdecimal() and len(text) < 10 and least <= int(text) <= MOST):
        raise InputError(f"{name} {text}: expected a whole number from {least} to {MOST}")
    return int(text)


def _numbers(text: str, fault: str, separator: str = ",", *, whole: bool = False) -> list[float]:
    try:
        values = [float(int(part) if whole else part) for part in text.split(separator)]
    except ValueError as error:
        raise InputError(fault) from error
    if not all(map(math.isfinite, values)):
        raise InputError(fault)
    return values
