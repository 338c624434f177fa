"""The allotment of bit rates: once a period fusion tells every allotted stream what it may send.

    deliveries ──▶ sizes, lateness, losses    of the last period, by stream
    decisions, changes ──▶ gain               what side information changed in pictures, by stream
    poses ──▶ overlap, bit rates of links
                    └──▶ problem ──▶ rates ──▶ feedback

Fusion has no originals. What side information brings it sees from what it changes: where a decoder's estimate is the mean of what
the original can be, the error without side information is the error with it plus the squared change (orthogonality of the
conditional mean). The error without it comes from the rate-distortion line of the problem.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnet.nodes import allotment_problem
from simnet.nodes.allotment_problem import DB_PER_NEPER, GAIN_WIDTH, Demand
from simnet.nodes.allotment_setup import with_share
from simnet.nodes.allotment_state import AllotmentState, StreamSeen
from simnet.records.grants import Feedback

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from simnet.nodes.allotment_problem import Resource
    from simnet.nodes.allotment_setup import AllotmentSetup, AllotmentStream
    from simnet.records.grants import Decision, Delivery, SideChange

PRIOR_GAIN_DB = 3.0
"""What side information is taken to bring before any was seen, where all of the view is shared."""
MOST_GAIN_DB = 6.0
GAIN_WEIGHT = 0.4
GAIN_STEP_DB = 1 / 16
PSNR_AT_ONE_BIT_DB = 30.5
"""Of the line through PSNR against the logarithm of bits per pixel: only ratios of changes to errors come from it."""
LEAST_ABOVE = 0.3
"""A change says something about the gain if the anchor is at least so much finer (the difference of logarithms)."""
STRAINED = 0.2
"""Share of strained frames above which less of a link is allotted."""
FALL, RISE = 0.85, 1 / 32
LEAST_SHARE = 1 / 16
SHARE_STEPS = 256
IN_TIME = 0.9
SILENT_PERIODS = 2
"""A stream that was silent for so many periods gets its least rate until it is heard again."""


class Allotter:
    """Allots rates once a period, sooner if a link's bit rate changes, and tells them with each period of feedback.

    Rates and what they are made from are rounded, so that no processor makes a difference.
    """

    def __init__(self, setup: AllotmentSetup) -> None:
        self._setup = setup
        self._allotted = [each for each in setup.streams.values() if each.bounds is not None]
        self._seen = {name: StreamSeen(name) for name in setup.streams}
        places = {place for each in setup.streams.values() for place in setup.places(each)}
        self._shares = dict.fromkeys(sorted(places), setup.config.share)
        self._served: dict[tuple[str, int], int] = {}
        """Frames that were decoded with their anchor's picture, and when those are ready."""
        self._rates: dict[str, int] = {}
        self._loads: dict[str, float] = {}
        self._links_bps: tuple[float, ...] = ()
        self._told_ns = 0
        self._next_ns = 0

    @property
    def due_ns(self) -> int | None:
        """When rates are allotted or told next; None: not any more."""
        next_ns = min(self._next_ns, self._told_ns + self._setup.feedback_period_ns)
        return next_ns if next_ns < self._setup.end_ns else None

    @property
    def state(self) -> AllotmentState:
        """State of this allotter. It shares mutable parts with it, so store it before the next grant."""
        served = tuple((*frame, ready_ns) for frame, ready_ns in self._served.items())
        return AllotmentState(
            self._next_ns,
            tuple(self._seen.values()),
            tuple(self._shares.items()),
            self._told_ns,
            tuple(self._rates.items()),
            tuple(self._loads.items()),
            self._links_bps,
            served,
        )

    def restore(self, state: AllotmentState) -> None:
        """Continue from the state of another allotter, which this one takes over."""
        self._next_ns, self._told_ns, self._rates = state.next_ns, state.told_ns, dict(state.rates_bps)
        self._loads, self._links_bps = dict(state.loads), state.links_bps
        self._seen = {seen.stream: seen for seen in state.seen}
        self._shares = dict(state.shares)
        self._served = {(stream, sequence): ready_ns for stream, sequence, ready_ns in state.served}

    def on_delivery(self, delivery: Delivery) -> None:
        """Count a frame that has come to its end."""
        seen, stream = self._seen[delivery.stream], self._setup.streams[delivery.stream]
        seen.frames += 1
        seen.link_bytes += delivery.link_bytes
        if delivery.complete:
            seen.whole += 1
            seen.size_bytes += len(delivery.data)
        if not delivery.complete or delivery.time_ns - delivery.sent_ns > self._budget_ns(stream):
            seen.strained += 1

    def on_decisions(self, decisions: Iterable[Decision]) -> None:
        """Note which frames were decoded with their anchor's picture."""
        for decision in decisions:
            anchor = self._setup.streams[decision.stream].anchor
            if anchor is not None and any(side.source == anchor for side in decision.sides):
                self._served[decision.stream, decision.sequence] = decision.ready_ns or 0

    def act(self, now_ns: int, changes: Sequence[SideChange] = ()) -> tuple[Feedback, ...]:
        """Return what cameras are to be told at `now_ns`: new rates, the same ones again, or nothing."""
        if self.due_ns is None or now_ns < self.due_ns:
            return ()
        if now_ns >= self._next_ns:
            self._end_period(now_ns, changes)
            self._allot(now_ns)
        elif self._setup.links_bps(now_ns) != self._links_bps:
            self._allot(now_ns)
        self._told_ns = now_ns
        return tuple(Feedback.allotment(name, now_ns, rate_bps) for name, rate_bps in self._rates.items())

    def _end_period(self, now_ns: int, changes: Sequence[SideChange]) -> None:
        """Take in what has arrived since the last time, and what side information changed."""
        self._adapt_shares(is_first=now_ns == 0)
        self._loads = self._other_loads(now_ns)
        for seen in self._seen.values():
            seen.close_period()
        self._learn(now_ns, changes)
        self._next_ns += self._setup.config.every_ns

    def _allot(self, now_ns: int) -> None:
        """Allot rates anew."""
        self._links_bps = self._setup.links_bps(now_ns)
        resources, unreachable = self._setup.resources(self._allotted, now_ns)
        demands = [self._demand(stream, now_ns, unreachable) for stream in self._allotted]
        left = [self._left(place, resource) for place, resource in resources.items()]
        rates = allotment_problem.solve(demands, left, self._setup.config.objective)
        self._rates = {stream.config.name: rate for stream, rate in zip(self._allotted, rates, strict=True)}

    def _left(self, place: str, resource: Resource) -> Resource:
        share = self._shares[place] - self._loads.get(place, 0.0)
        return with_share(resource, max(share, LEAST_SHARE / 4))

    def _budget_ns(self, stream: AllotmentStream) -> float:
        """Return how long a frame may travel for its picture, and those that it serves, to be in time."""
        config = stream.config
        coding_ns = config.encode_ns + config.decode_ns
        serves = [each for each in self._allotted if each.anchor == config.name and not each.lag_ns]
        coding_ns += max((each.config.decode_ns for each in serves), default=0)
        return IN_TIME * max(0, self._setup.deadline_ns - coding_ns)

    def _adapt_shares(self, *, is_first: bool) -> None:
        """Allot less of what strained its streams, and more again of the rest, up to the scenario's share."""
        if is_first:
            return
        for place, share in self._shares.items():
            users = [
                self._seen[name] for name, each in self._setup.streams.items() if place in self._setup.places(each)
            ]
            frames, strained = sum(seen.frames for seen in users), sum(seen.strained for seen in users)
            expected = any(not seen.frames and not seen.silent_periods for seen in users)
            is_strained = strained > STRAINED * frames or (expected and not frames)
            wanted = max(share * FALL, LEAST_SHARE) if is_strained else share + RISE
            rounded = math.floor(wanted * SHARE_STEPS + 0.5) / SHARE_STEPS
            self._shares[place] = min(rounded, self._setup.config.share)

    def _other_loads(self, now_ns: int) -> dict[str, float]:
        """Return the share of each link or medium that streams took that nothing is allotted to."""
        others = [each for each in self._setup.streams.values() if each.bounds is None]
        loads: dict[str, float] = {}
        resources, _ = self._setup.resources(others, now_ns)
        period_s = self._setup.config.every_ns / 1e9
        for place, resource in resources.items():
            sent_bps = [self._seen[each.config.name].link_bytes * 8 / period_s for each in others]
            load = sum(rate_bps * cost for rate_bps, cost in zip(sent_bps, resource.costs, strict=True))
            loads[place] = math.ceil(load * SHARE_STEPS) / SHARE_STEPS
        return loads

    def _learn(self, now_ns: int, changes: Sequence[SideChange]) -> None:
        """Learn from changes what a much finer anchor brings."""
        found: dict[str, list[float]] = {}
        for change in changes:
            if (change.stream, change.sequence) in self._served:
                gain_db = self._gain_db(self._setup.streams[change.stream], change.squared, now_ns)
                if gain_db is not None:
                    found.setdefault(change.stream, []).append(gain_db)
        self._served = {frame: ready_ns for frame, ready_ns in self._served.items() if ready_ns > now_ns}
        for name, gains_db in found.items():
            seen, mean_db = self._seen[name], sum(gains_db) / len(gains_db)
            old_db = PRIOR_GAIN_DB if seen.gain_db is None else seen.gain_db
            new_db = old_db + GAIN_WEIGHT * (min(max(mean_db, 0.0), MOST_GAIN_DB) - old_db)
            seen.gain_db = math.floor(new_db / GAIN_STEP_DB + 0.5) * GAIN_STEP_DB

    def _gain_db(self, stream: AllotmentStream, squared: int, now_ns: int) -> float | None:
        """Return the gain of a much finer anchor that a change speaks of; None if it says nothing."""
        own, anchor = self._level(stream.config.name), self._level(stream.anchor or "")
        overlap = self._setup.overlap(stream, now_ns)
        if own is None or anchor is None or anchor - own < LEAST_ABOVE or overlap <= 0:
            return None
        error = 255.0**2 / 10 ** ((PSNR_AT_ONE_BIT_DB + DB_PER_NEPER * own) / 10)
        changed = squared / (3 * stream.camera.width * stream.camera.height)
        gain_db = 10 * math.log10(1 + changed / error)
        return gain_db / (overlap * (1 - math.exp(-(anchor - own) / GAIN_WIDTH)))

    def _level(self, name: str) -> float | None:
        seen = self._seen[name]
        if not seen.frame_bytes:
            return None
        camera = self._setup.streams[name].camera
        return math.log(8 * seen.frame_bytes / (camera.width * camera.height))

    def _demand(self, stream: AllotmentStream, now_ns: int, unreachable: set[str]) -> Demand:
        config, link = stream.config, stream.route[0]
        assert stream.bounds is not None, "only allotted streams have demands"
        low, high = stream.bounds.min_bps, stream.bounds.max_bps
        is_absent = config.name in unreachable or self._is_silent(config.name)
        gain_db = 0.0
        if stream.anchor is not None and not is_absent and not self._is_silent(stream.anchor):
            known_db = self._seen[config.name].gain_db
            gain_db = (PRIOR_GAIN_DB if known_db is None else known_db) * self._setup.overlap(stream, now_ns)
            gain_db = math.floor(gain_db / GAIN_STEP_DB + 0.5) * GAIN_STEP_DB
        names = [each.config.name for each in self._allotted]
        return Demand(
            pixels_per_s=stream.pixels_per_s * (1 + config.transport.repair),
            frames_per_s=stream.frames_per_s,
            overhead_bytes=link.overhead_bytes,
            payload_bytes=link.mtu_bytes - link.overhead_bytes,
            min_bps=low,
            max_bps=low if is_absent else max(low, high),
            anchor=None if stream.anchor is None else names.index(stream.anchor),
            gain_db=gain_db,
        )

    def _is_silent(self, name: str) -> bool:
        return self._seen[name].silent_periods >= SILENT_PERIODS
