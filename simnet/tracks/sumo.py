"""Reader of SUMO's floating car data (`--fcd-output`): positions of every vehicle in every time step.

    <fcd-export> <timestep time="0.00"> <vehicle id="veh0" x="5.1" y="-1.6" angle="90.0" .../> </timestep> ... </fcd-export>

x and y are metres, or longitude and latitude if SUMO ran with `--fcd-output.geo`; angles are clockwise from north
(sumo.dlr.de/docs/Simulation/Output/FCDOutput.html). Files are read as a stream: only the requested vehicles are kept.
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Collection
from pathlib import Path
from xml.parsers import expat

from simnet.clock_times import Clock
from simnet.printable import names_of_file
from simnet.records import SECOND_NS
from simnet.tracks import cleaning, track
from simnet.tracks.cleaning import LoggedPoint
from simnet.tracks.track import Place, Track

_MOVERS = ("vehicle", "person", "container")
_SHOWN = 5


def read(file: Path, vehicles: Collection[str], *, geographic: bool) -> dict[str, Track]:
    """Return the tracks of `vehicles`; vehicles that are not in the file are omitted.

    Raises:
        InputError: The file cannot be read or is not floating car data; the message has the line.
    """
    return _Reader(file, vehicles, geographic).read()[0]


def missing(file: Path, vehicle: str) -> str:
    """Return the error text for a vehicle that is not in the file."""
    known = _Reader(file, (), False).read()[1]
    close = difflib.get_close_matches(vehicle, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"{file}: no vehicle {vehicle!r}{hint}; expected one of: {names_of_file(known[:_SHOWN]) or 'none'}{more}"


class _Reader:
    def __init__(self, file: Path, vehicles: Collection[str], geographic: bool) -> None:
        self._file, self._geographic = file, geographic
        self._wanted = set(vehicles)
        self._known: dict[str, None] = {}
        self._steps: dict[str, list[LoggedPoint]] = {}
        self._clock = Clock("time")
        self._clock_ns: int | None = None
        self._now_ns = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EntityDeclHandler = self._entity

    def read(self) -> tuple[dict[str, Track], list[str]]:
        """Return the tracks, and every vehicle's name."""
        try:
            with track.open_unpacked(self._file) as stream:
                self._parser.ParseFile(stream)
        except (OSError, EOFError, zlib.error) as error:
            told = getattr(error, "strerror", None) or error
            raise track.input_error(f"{self._file}: cannot be read ({told}); expected SUMO's FCD output") from error
        except expat.ExpatError as error:
            told = expat.ErrorString(error.code)
            raise track.input_error(
                f"{self._file}:{error.lineno}: no valid XML: {told}; expected SUMO's FCD output"
            ) from None
        if self._clock_ns is None:
            raise track.input_error(f"{self._file}:1: no timestep; expected SUMO's FCD output")
        return {name: self._track(steps) for name, steps in self._steps.items()}, list(self._known)

    @property
    def _where(self) -> str:
        return f"{self._file}:{self._parser.CurrentLineNumber}"

    def _entity(self, *_: object) -> None:
        raise track.input_error(f"{self._where}: an entity is declared; expected plain SUMO FCD output")

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "timestep":
            written = self._get(attributes, element, "time")
            now_ns = round(track.number(self._where, "time", written) * SECOND_NS)
            self._clock.check_ascending(self._where, now_ns, written)
            if self._clock_ns is None:
                self._clock_ns = now_ns
            self._now_ns = now_ns
        elif element in _MOVERS:
            self._mover(element, attributes)
        elif self._clock_ns is None and element not in {"fcd-export", "timestep"}:
            raise track.input_error(
                f"{self._where}: <{element}>; expected <fcd-export> with <timestep>, SUMO's FCD output"
            )

    def _mover(self, element: str, attributes: dict[str, str]) -> None:
        if self._clock_ns is None:
            raise track.input_error(f"{self._where}: <{element}> outside of a <timestep>; expected SUMO's FCD output")
        name = self._get(attributes, element, "id")
        self._known[name] = None
        if name not in self._wanted:
            return
        x, y = (self._get(attributes, element, key) for key in ("x", "y"))
        where = f"{self._where}: {element} {name}"
        z = track.number(where, "z", attributes["z"]) if "z" in attributes else None
        if self._geographic:
            placed: Place = (track.latitude(where, y), track.longitude(where, x), z)
        else:
            placed = (track.number(where, "x", x), track.number(where, "y", y), z)
        angle = attributes.get("angle")
        heading = None if angle is None else 90.0 - track.number(where, "angle", angle)
        self._steps.setdefault(name, []).append(LoggedPoint(where, placed, self._now_ns, heading))

    def _get(self, attributes: dict[str, str], element: str, key: str) -> str:
        if key not in attributes:
            raise track.input_error(f"{self._where}: <{element}> without {key}; expected SUMO's FCD output")
        return attributes[key]

    def _track(self, points: list[LoggedPoint]) -> Track:
        return cleaning.cleaned(self._file, points, geographic=self._geographic, clock_ns=self._clock_ns or 0)
