"""Checks of a stream's slices: its codec, its rate control and the height of its pictures must suit them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet import codec_names
from simnet.errors import ModelError

if TYPE_CHECKING:
    from simnet.scenario.resolve.resolve_streams import MergedStream

LEAST_ROWS = 32
"""Rows of the shortest slice: `codec.bitstream.slices` cuts pictures so."""


def check(one: MergedStream, height: int) -> None:
    """Add a fault to the layer that set `slices` or `concealment` if the stream cannot be sliced so."""
    stream = one.stream
    if stream.slices == 1:
        if stream.concealment != "none":
            _fault(one, "concealment", _without_slices(one))
        return
    if height < LEAST_ROWS * stream.slices:
        most = height // LEAST_ROWS
        fits = f"at most {most}" if most > 1 else "none"
        _fault(
            one,
            "slices",
            f"{stream.slices} of a picture of {height} rows; expected {fits}: each has {LEAST_ROWS} rows or more",
        )
    if one.codec is not None:
        try:
            codec_names.check_sliced(one.codec.name)
        except ModelError as error:
            _fault(one, "slices", str(error))
    if stream.rate.congestion is not None:
        _fault(
            one,
            "slices",
            "given with a rate under congestion control, whose feedback is by frame; expected another rate",
        )
    if stream.concealment == "side" and not any(each.stream != "previous" for each in stream.side_information):
        _fault(one, "concealment", "side given without side_information of another camera; expected one, or previous")


def _without_slices(one: MergedStream) -> str:
    """Return what is wrong with concealment of whole frames, with what the codec allows in its place."""
    wrong = f"{one.stream.concealment}: it fills lost slices, and the stream has none"
    if one.codec is not None:
        try:
            codec_names.check_sliced(one.codec.name)
        except ModelError as error:
            return f"{wrong}; {error}"
    return f"{wrong}; expected slices: 4 beside it, or concealment: none"


def _fault(one: MergedStream, key: str, text: str) -> None:
    said = one.said[key]
    said.problems.at_value(("streams", said.pattern, key), text)
