"""A track as read from a file: places, times, headings."""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

from simnet import input_files
from simnet.errors import InputError
from simnet.printable import of_file, printable

Place = tuple[float, float, float | None]
"""x, y and z in metres, or latitude and longitude in degrees and altitude in metres; None if no height is given."""
Origin = tuple[float, float, float]
"""Latitude and longitude in degrees, and the altitude in metres at which z is 0."""
HIGHEST_M = 1e7
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Track:
    """A track in its file's coordinates. `times_ns` and `headings_deg` are empty or have one value per place.

    Times ascend, on the file's own clock, which starts at `clock_ns`. Headings are counter-clockwise from east.
    """

    places: tuple[Place, ...]
    geographic: bool
    times_ns: tuple[int, ...] = ()
    headings_deg: tuple[float, ...] = ()
    clock_ns: int = 0
    home: Place | None = None
    """Start of a mission: a better origin than the first place."""


def to_metres(track: Track, origin: Origin | None) -> tuple[tuple[float, float, float], ...]:
    """Return the places in metres: x east, y north, z up; geographic tracks need `origin`.

    East and north lie in the plane tangent to the WGS84 ellipsoid at the origin; z is the altitude minus the origin's, so
    that the ground stays flat. Within 10 km of the origin distances are accurate to 0.001 % at sea level, and to 0.02 % per km of
    height above it.
    """
    if not track.geographic or origin is None:
        return tuple((x, y, 0.0 if z is None else z) for x, y, z in track.places)
    import pymap3d

    latitude, longitude, ground_m = origin
    placed: list[tuple[float, float, float]] = []
    for lat, lon, altitude_m in track.places:
        east_m, north_m, _ = pymap3d.geodetic2enu(lat, lon, ground_m, latitude, longitude, ground_m)
        up_m = 0.0 if altitude_m is None else altitude_m - ground_m
        placed.append((_micrometres(east_m), _micrometres(north_m), _micrometres(up_m)))
    return tuple(placed)


def _micrometres(value: float) -> float:
    # Processors differ in the last bit of a sine; rounding keeps runs identical across machines.
    return round(float(value), 6) + 0.0


def open_unpacked(file: Path) -> BinaryIO:
    """Open a file for reading, through gzip if its first bytes say so."""
    with file.open("rb") as stream:
        is_packed = stream.read(2) == _GZIP
    return cast("BinaryIO", gzip.open(file)) if is_packed else file.open("rb")


def read_bytes(file: Path) -> bytes:
    """Return the content of a track file, unpacked if it is gzip; InputError if it cannot be read."""
    data = input_files.read_bytes(file, input_files.TRACK_BYTES, "a track")
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.open(file) as stream:
            data = stream.read(input_files.TRACK_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise input_error(f"{file}: cannot be unpacked; expected gzip or a plain track") from error
    if len(data) > input_files.TRACK_BYTES:
        raise input_error(
            f"{file}: unpacks to more than {input_files.TRACK_BYTES / input_files.MB:g} MB; expected less"
        )
    return data


def input_error(text: str) -> InputError:
    """Return an error with `text`, reduced to one printable line whatever the file contains."""
    return InputError(printable(text))


def number(where: str, name: str, text: object, low: float = -HIGHEST_M, high: float = HIGHEST_M) -> float:
    """Return a number between bounds; otherwise raise an InputError that names `where`."""
    try:
        value = float(text)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(text, bool) or not low <= value <= high:
        raise input_error(f"{where}: {name} is {of_file(text)}; expected a number from {low:g} to {high:g}")
    return value


def latitude(where: str, text: object) -> float:
    """Return a latitude in degrees; the poles are excluded, because east is undefined there."""
    return number(where, "latitude", text, -89.9, 89.9)


def longitude(where: str, text: object) -> float:
    """Return a longitude in degrees."""
    return number(where, "longitude", text, -180, 180)


def unwrap(headings_deg: list[float]) -> tuple[float, ...]:
    """Return the headings without jumps of a full turn, so that interpolation takes the shorter rotation."""
    turned = headings_deg[:1]
    for before, after in pairwise(headings_deg):
        turned.append(turned[-1] + (after - before + 180) % 360 - 180)
    return tuple(turned)
