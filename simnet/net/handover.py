"""Hand-over: the access point of a moving node over time, which closes its links to all others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.links.transmitter import Distance
    from simnet.records import HandoverConfig, LinkConfig


class AccessPointChange(NamedTuple):
    """The node uses `access_point` from `t_ns` on; nothing passes before `open_ns`."""

    t_ns: int
    open_ns: int
    access_point: str


class Handover:
    """Hand-overs of one node. It starts at the nearest access point, the first declared among equally near ones.

    Every period it compares distances, and changes to the nearest other access point once that is nearer by more than the
    hysteresis. After a change nothing passes during the gap, in which nothing is compared. Positions are known in advance, and so
    are the changes.

         A ============|            passes over A's links until the change,
         B             |..gap..=========>   over B's after the gap
    """

    def __init__(self, config: HandoverConfig, points: Sequence[str], distance_m: Distance) -> None:
        """Choose among `points`, nodes in the order of their links.

        Raises:
            InputError: A number in `config` is out of range.
        """
        if config.period_ns <= 0 or config.gap_ns < 0 or not config.hysteresis_m >= 0:
            raise InputError(
                f"hand-over {config.group!r} of {config.node!r}: expected a period above 0, and a gap and a hysteresis "
                "of 0 or more"
            )
        self.config = config
        self._points, self._distance_m = points, distance_m
        self._changes = [AccessPointChange(0, 0, min(points, key=lambda point: distance_m(config.node, point, 0)))]
        self._known_ns = 0

    def changes(self, until_ns: int) -> list[AccessPointChange]:
        """Return the changes up to `until_ns`; the first is the initial access point."""
        self._extend(until_ns)
        return self._changes[: bisect_right(self._changes, until_ns, key=lambda change: change.t_ns)]

    def overlaps(self, point: str, start_ns: int, end_ns: int) -> bool:
        """Return whether the links to `point` are closed at `start_ns` or at any time before `end_ns`."""
        self._extend(end_ns)
        first = bisect_right(self._changes, start_ns, key=lambda change: change.t_ns) - 1
        if bisect_left(self._changes, end_ns, key=lambda change: change.t_ns) - 1 > first:
            return True
        current = self._changes[first]
        return current.access_point != point or start_ns < current.open_ns

    def _extend(self, until_ns: int) -> None:
        config = self.config
        while self._known_ns + config.period_ns <= until_ns:
            t_ns = self._known_ns = self._known_ns + config.period_ns
            current = self._changes[-1]
            if t_ns < current.open_ns:
                continue
            distances_m = {point: self._distance_m(config.node, point, t_ns) for point in self._points}
            nearest = min(distances_m, key=distances_m.__getitem__)
            if distances_m[nearest] + config.hysteresis_m < distances_m[current.access_point]:
                self._changes.append(AccessPointChange(t_ns, t_ns + config.gap_ns, nearest))


class AccessPointClosure(NamedTuple):
    """A `Closure` of a link to one access point: closed while the node uses another one."""

    handover: Handover
    access_point: str

    def overlaps(self, start_ns: int, end_ns: int) -> bool:
        """See `Closure`."""
        return self.handover.overlaps(self.access_point, start_ns, end_ns)


def handovers_by_node(links: Sequence[LinkConfig], distance_m: Distance) -> dict[tuple[str, str], Handover]:
    """Return the hand-overs of all nodes by (group, node).

    Raises:
        InputError: A link does not end at the node of its hand-over, or links of one group have different hand-overs.
    """
    configs: dict[tuple[str, str], HandoverConfig] = {}
    points: dict[tuple[str, str], list[str]] = {}
    for link in links:
        if (config := link.handover) is None:
            continue
        key = config.group, config.node
        if configs.setdefault(key, config) != config:
            raise InputError(
                f"link {link.name!r}: hand-over {config.group!r} differs from that of another link; expected the same "
                "for all links of the group"
            )
        points.setdefault(key, []).append(access_point_of(link, config))
    return {key: Handover(config, list(dict.fromkeys(points[key])), distance_m) for key, config in configs.items()}


def access_point_of(link: LinkConfig, config: HandoverConfig) -> str:
    """Return the access point of a link: the end that is not the node of the hand-over.

    Raises:
        InputError: The node is at neither end.
    """
    if config.node not in {link.source, link.target}:
        raise InputError(
            f"link {link.name!r}: {config.node!r} of its hand-over is at neither end; expected one of its ends"
        )
    return link.target if config.node == link.source else link.source
