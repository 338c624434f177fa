"""What a file says of one way: places, times, headings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from simnet.errors import InputError

Place = tuple[float, float, float | None]
"""x, y and z in metres, or latitude and longitude in degrees and altitude in metres; None where no height is said."""
Origin = tuple[float, float, float]
"""Latitude and longitude in degrees, and the altitude in metres that is height 0."""
HIGHEST_M = 1e7


@dataclass(frozen=True, slots=True)
class Track:
    """A way as its file has it. `times_ns` and `headings_deg` are empty or one for each place.

    Times ascend, on the file's own clock, which began at `clock_ns`. Headings are counter-clockwise from east.
    """

    places: tuple[Place, ...]
    geographic: bool
    times_ns: tuple[int, ...] = ()
    headings_deg: tuple[float, ...] = ()
    clock_ns: int = 0
    home: Place | None = None
    """Where a mission starts: an origin better than the first place."""


def to_metres(track: Track, origin: Origin | None) -> tuple[tuple[float, float, float], ...]:
    """Return the places in metres: x east, y north, z up; `origin` is wanted for geographic ones.

    East and north are those of the plane that touches the WGS84 ellipsoid in the origin; z is the altitude less the origin's, so
    that the ground stays flat. Within 10 km of the origin distances are true to 0.001 % at sea level, and to 0.02 % per km of
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
    # Processors differ in the last bit of a sine; what runs depend on must not.
    return round(float(value), 6) + 0.0


def read_bytes(file: Path) -> bytes:
    """Return a track's file; InputError where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise input_error(f"{file}: cannot be read ({error.strerror}); expected a track") from error


def input_error(text: str) -> InputError:
    """Return the error that says `text`, one line of what can be printed, whatever the file has."""
    return InputError("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text))


def number(where: str, name: str, text: object, low: float = -HIGHEST_M, high: float = HIGHEST_M) -> float:
    """Return a number between bounds; InputError says `where` it is not."""
    try:
        value = float(text)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(text, bool) or not low <= value <= high:
        raise input_error(f"{where}: {name} is {str(text)[:60]!r}; expected a number from {low:g} to {high:g}")
    return value


def latitude(where: str, text: object) -> float:
    """Return a latitude in degrees; the plane touches no pole."""
    return number(where, "latitude", text, -89.9, 89.9)


def longitude(where: str, text: object) -> float:
    """Return a longitude in degrees."""
    return number(where, "longitude", text, -180, 180)


def unwrap(headings_deg: list[float]) -> tuple[float, ...]:
    """Return the same headings without jumps of a whole turn, so that what lies between two is the short way round."""
    turned = headings_deg[:1]
    for before, after in pairwise(headings_deg):
        turned.append(turned[-1] + (after - before + 180) % 360 - 180)
    return tuple(turned)
