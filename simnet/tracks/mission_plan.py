"""QGroundControl plan reader (docs.qgroundcontrol.com, "Plan File Format"): a mission flown at the file's speeds.

    home ──take-off──▶ waypoint ──▶ survey: transect, transect, ... ──▶ return or land

The vehicle flies straight from place to place at its speed, including climbs and descents, and stays where a command says so.
This models the plan, not a real flight: no acceleration, no wind. Altitudes are above home or above mean sea level,
as each item states.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from simnet.records import SECOND_NS
from simnet.tracks import track
from simnet.tracks.track import Track

_WAYPOINT, _LOITER, _LOITER_TURNS, _LOITER_TIME, _RETURN, _LAND, _TAKEOFF = 16, 17, 18, 19, 20, 21, 22
_LOITER_TO_ALTITUDE, _SPLINE, _VTOL_TAKEOFF, _VTOL_LAND, _DELAY, _JUMP, _SPEED = 31, 82, 84, 85, 93, 177, 178
_FLOWN = {
    _WAYPOINT: "NAV_WAYPOINT",
    _LOITER: "NAV_LOITER_UNLIM",
    _LOITER_TURNS: "NAV_LOITER_TURNS",
    _LOITER_TIME: "NAV_LOITER_TIME",
    _RETURN: "NAV_RETURN_TO_LAUNCH",
    _LAND: "NAV_LAND",
    _TAKEOFF: "NAV_TAKEOFF",
    _LOITER_TO_ALTITUDE: "NAV_LOITER_TO_ALT",
    _SPLINE: "NAV_SPLINE_WAYPOINT",
    _VTOL_TAKEOFF: "NAV_VTOL_TAKEOFF",
    _VTOL_LAND: "NAV_VTOL_LAND",
    _DELAY: "NAV_DELAY",
    _SPEED: "DO_CHANGE_SPEED",
}
_LAST_NAVIGATION = 95
"""MAV_CMD_NAV_LAST: commands up to it fly the vehicle somewhere."""
_STILL = frozenset({80, 81, 92})
"""Commands among those that fly it nowhere all the same: regions of interest, permissions."""
_STEERING = frozenset({112, 113, 114, _JUMP, 192, 193, 194})
"""Other commands that change where the vehicle flies, or how often: delays, heights and distances, jumps, repositioning."""
_LANDINGS = ("fwLandingPattern", "vtolLandingPattern")
"""Patterns of an approach and a landing."""
_ABSOLUTE, _RELATIVE = 0, 3
"""Altitude frames: MAV_FRAME_GLOBAL and MAV_FRAME_GLOBAL_RELATIVE_ALT."""
_FIXED_WING = frozenset({1, *range(19, 26)})
"""MAV_TYPE values of fixed-wing aircraft, including VTOL types."""
_STILL_M = 0.01


def read(file: Path, speed_mps: float | None = None) -> Track:
    """Return the flight of a plan's mission; its clock starts at take-off.

    Args:
        file: The plan.
        speed_mps: Constant speed that overrides the plan's speeds.

    Raises:
        InputError: The file cannot be read, is no plan, or has an unsupported item; the message has the item's path in the file.
    """
    try:
        plan: object = json.loads(track.read_bytes(file).decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise track.input_error(
            f"{file}:{error.lineno}: no valid JSON: {error.msg}; expected a QGroundControl plan"
        ) from None
    except (ValueError, RecursionError):
        raise track.input_error(f"{file}: no valid JSON; expected a QGroundControl plan") from None
    document = _as_map(plan) or {}
    mission = _as_map(document.get("mission"))
    if document.get("fileType") != "Plan" or mission is None:
        raise track.input_error(f"{file}: no mission; expected a QGroundControl plan (fileType: Plan)")
    home = _as_list(mission.get("plannedHomePosition"))
    where = f"{file}: mission.plannedHomePosition"
    if home is None or len(home) != 3:
        raise track.input_error(f"{where}: no list of 3; expected [latitude, longitude, altitude]")
    start = (track.latitude(where, home[0]), track.longitude(where, home[1]), track.number(where, "altitude", home[2]))
    flight = _Flight(start, _speed(file, mission, speed_mps), fixed=speed_mps is not None)
    for path, item in _items(file, mission.get("items"), "mission.items"):
        _fly(flight, f"{file}: {path}", item)
    return Track(tuple(flight.places), geographic=True, times_ns=tuple(flight.times_ns), home=start)


@dataclass(slots=True)
class _Flight:
    """State of the flight so far: places, times and current speed."""

    home: tuple[float, float, float]
    speed_mps: float
    fixed: bool
    places: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])
    times_ns: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self.places, self.times_ns = [self.home], [0]

    def fly(self, place: tuple[float, float, float]) -> None:
        """Fly straight to a latitude, longitude and altitude."""
        here, there = track.to_metres(Track((self.places[-1], place), geographic=True), self.home)
        distance_m = math.dist(here, there)
        if distance_m > _STILL_M:
            self.places.append(place)
            self.times_ns.append(self.times_ns[-1] + max(round(distance_m / self.speed_mps * SECOND_NS), 1))

    def stay(self, seconds: float) -> None:
        """Stay in place for `seconds`: hover or circle."""
        if seconds > 0:
            self.places.append(self.places[-1])
            self.times_ns.append(self.times_ns[-1] + max(round(seconds * SECOND_NS), 1))


def _as_map(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _as_list(value: object) -> list[Any] | None:
    return cast("list[Any]", value) if isinstance(value, list) else None


def _speed(file: Path, mission: dict[str, Any], speed_mps: float | None) -> float:
    if speed_mps is not None:
        return speed_mps
    key = "cruiseSpeed" if mission.get("vehicleType") in _FIXED_WING else "hoverSpeed"
    return track.number(f"{file}: mission", key, mission.get(key), 0.01, 1e4)


def _items(file: Path, items: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield simple items, including those inside surveys, each with its path in the file."""
    listed = _as_list(items)
    if listed is None:
        raise track.input_error(f"{file}: {path}: no list; expected the items of a mission")
    for index, each in enumerate(listed):
        here = f"{path}[{index}]"
        item = _as_map(each) or {}
        kind = item.get("type")
        if kind == "ComplexItem" and item.get("complexItemType") in _LANDINGS:
            yield from _landing(f"{file}: {here}", here, item)
            continue
        if kind == "SimpleItem":
            yield here, item
            continue
        style = _as_map(item.get("TransectStyleComplexItem")) if kind == "ComplexItem" else None
        if style is None:
            called = item.get("complexItemType", kind) if isinstance(each, dict) else each
            raise track.input_error(
                f"{file}: {here}: item {str(called)[:60]!r} is not understood; expected a SimpleItem, a survey "
                f"(ComplexItem with TransectStyleComplexItem.Items) or a landing ({', '.join(_LANDINGS)})"
            )
        yield from _items(file, style.get("Items"), f"{here}.TransectStyleComplexItem.Items")


def _landing(where: str, path: str, item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a landing pattern as the items that fly it: to the approach, then down to the landing point."""
    for key, command in (("landingApproachCoordinate", _WAYPOINT), ("landCoordinate", _LAND)):
        place = _as_list(item.get(key, item.get("loiterCoordinate") if command == _WAYPOINT else None))
        if place is None or len(place) != 3:
            raise track.input_error(f"{where}: no {key}; expected [latitude, longitude, altitude]")
        frame = _RELATIVE if item.get("altitudesAreRelative", True) else _ABSOLUTE
        yield f"{path}.{key}", {"command": command, "frame": frame, "params": [0, 0, 0, 0, *place]}


def _moves_nothing(command: object) -> bool:
    """Return whether the vehicle flies as it would without a command: to cameras, gimbals, servos, and those of vendors."""
    if not isinstance(command, int) or command in _FLOWN or command in _STEERING:
        return False
    return command > _LAST_NAVIGATION or command in _STILL


def _fly(flight: _Flight, where: str, item: dict[str, Any]) -> None:
    command, given = item.get("command"), _as_list(item.get("params"))
    if _moves_nothing(command):
        return
    if command not in _FLOWN:
        known = ", ".join(f"{number} ({name})" for number, name in _FLOWN.items())
        raise track.input_error(f"{where}: command {str(command)[:60]} is not understood; expected one of {known}")
    if given is None or len(given) != 7:
        raise track.input_error(f"{where}: {_FLOWN[command]} without params; expected a list of 7")
    if command == _SPEED:
        if not flight.fixed and given[1] not in {None, -1}:
            flight.speed_mps = track.number(where, "speed (params[1])", given[1], 0.01, 1e4)
    elif command == _DELAY:
        flight.stay(track.number(where, "delay (params[0])", given[0] or 0, -1, 1e6))
    elif command == _RETURN:
        flight.fly((*flight.home[:2], flight.places[-1][2]))
        flight.fly(flight.home)
    else:
        _go(flight, where, command, item, given)


def _go(flight: _Flight, where: str, command: int, item: dict[str, Any], given: list[Any]) -> None:
    """Fly to an item's place; a missing place (null, or 0 and 0) means straight up or down."""
    here = flight.places[-1]
    somewhere = given[4] is not None and given[5] is not None and (given[4], given[5]) != (0, 0)
    latitude = track.latitude(where, given[4]) if somewhere else here[0]
    longitude = track.longitude(where, given[5]) if somewhere else here[1]
    altitude_m = track.number(where, "altitude (params[6])", given[6])
    frame = item.get("frame")
    if frame not in {_ABSOLUTE, _RELATIVE}:
        raise track.input_error(
            f"{where}: frame {str(frame)[:60]} is not understood; expected {_RELATIVE} (altitude above home) or {_ABSOLUTE} "
            "(above mean sea level)"
        )
    altitude_m += flight.home[2] if frame == _RELATIVE else 0.0
    if command in {_TAKEOFF, _VTOL_TAKEOFF}:
        flight.fly((here[0], here[1], altitude_m))
    if command in {_LAND, _VTOL_LAND}:
        flight.fly((latitude, longitude, here[2]))
    flight.fly((latitude, longitude, altitude_m))
    if command == _LOITER_TURNS:
        circle_m = 2 * math.pi * abs(track.number(where, "radius (params[2])", given[2] or 0))
        flight.stay(track.number(where, "turns (params[0])", given[0] or 0, 0, 1e4) * circle_m / flight.speed_mps)
    if command in {_WAYPOINT, _SPLINE, _LOITER_TIME}:
        flight.stay(track.number(where, "time (params[0])", given[0] or 0, 0, 1e6))
