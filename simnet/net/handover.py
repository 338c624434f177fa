"""Hand-over: a moving node's choice among access points, as times at which the links to all others are closed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.links.transmitter import Distance
    from simnet.records import HandoverConfig, LinkConfig


class Change(NamedTuple):
    """From `t_ns` on the node is with `point`; nothing passes before `open_ns`."""

    t_ns: int
    open_ns: int
    point: str


class Handover:
    """One node's choice. It begins with the nearest access point, the first declared of equally near ones.

    Every period it compares distances, and goes to the nearest other one once that is nearer by more than the hysteresis. After
    a change nothing passes for the gap, in which nothing is compared. Positions are known ahead, so that changes are too.

         A ============|            passes over A's links until the change,
         B             |..gap..=========>   over B's after the gap
    """

    def __init__(self, config: HandoverConfig, points: Sequence[str], distance_m: Distance) -> None:
        """Choose among `points`, nodes in the order of their links.

        Raises:
            InputError: Numbers that no hand-over can have.
        """
        if config.period_ns <= 0 or config.gap_ns < 0 or not config.hysteresis_m >= 0:
            raise InputError(
                f"hand-over {config.group!r} of {config.node!r}: expected a period above 0, and no less than 0 else"
            )
        self.config = config
        self._points, self._distance_m = points, distance_m
        self._changes = [Change(0, 0, min(points, key=lambda point: distance_m(config.node, point, 0)))]
        self._known_ns = 0

    def changes(self, until_ns: int) -> list[Change]:
        """Return the changes up to `until_ns`; the first is where it begins."""
        self._look_ahead(until_ns)
        return self._changes[: bisect_right(self._changes, until_ns, key=lambda change: change.t_ns)]

    def touches(self, point: str, start_ns: int, end_ns: int) -> bool:
        """Tell whether the links to `point` are closed at `start_ns` or before `end_ns`."""
        self._look_ahead(end_ns)
        first = bisect_right(self._changes, start_ns, key=lambda change: change.t_ns) - 1
        if bisect_left(self._changes, end_ns, key=lambda change: change.t_ns) - 1 > first:
            return True
        here = self._changes[first]
        return here.point != point or start_ns < here.open_ns

    def _look_ahead(self, until_ns: int) -> None:
        config = self.config
        while self._known_ns + config.period_ns <= until_ns:
            t_ns = self._known_ns = self._known_ns + config.period_ns
            here = self._changes[-1]
            if t_ns < here.open_ns:
                continue
            distances_m = {point: self._distance_m(config.node, point, t_ns) for point in self._points}
            nearest = min(distances_m, key=distances_m.__getitem__)
            if distances_m[nearest] + config.hysteresis_m < distances_m[here.point]:
                self._changes.append(Change(t_ns, t_ns + config.gap_ns, nearest))


class AccessPointClosure(NamedTuple):
    """The `Closure` of a link to one of the access points."""

    handover: Handover
    point: str

    def touches(self, start_ns: int, end_ns: int) -> bool:
        """See `Closure`."""
        return self.handover.touches(self.point, start_ns, end_ns)


def handovers(links: Sequence[LinkConfig], distance_m: Distance) -> dict[tuple[str, str], Handover]:
    """Return every node's hand-over by (group, node).

    Raises:
        InputError: A link that does not touch the node that chooses, or links of one group that say otherwise of it.
    """
    configs: dict[tuple[str, str], HandoverConfig] = {}
    points: dict[tuple[str, str], list[str]] = {}
    for link in links:
        if (config := link.handover) is None:
            continue
        key = config.group, config.node
        if configs.setdefault(key, config) != config:
            raise InputError(
                f"link {link.name!r}: hand-over {config.group!r} is not as another link has it; expected the same"
            )
        points.setdefault(key, []).append(point_of(link, config))
    return {key: Handover(config, list(dict.fromkeys(points[key])), distance_m) for key, config in configs.items()}


def point_of(link: LinkConfig, config: HandoverConfig) -> str:
    """Return the access point of a link: the end that does not choose."""
    if config.node not in {link.source, link.target}:
        raise InputError(
            f"link {link.name!r}: {config.node!r} of its hand-over is at neither end; expected one of its ends"
        )
    return link.target if config.node == link.source else link.source
