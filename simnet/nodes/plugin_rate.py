"""Rate controls of other packages (`simnet.plugins`), as pure as simnet's own.

A plug-in's entry point names a module, an instance, or a class that is made without arguments, with

    start(stream) -> state                                    before the first frame
    step(stream, state, sent, feedback) -> (state, quality)   before each frame; quality in [0, 1]

`stream` is the stream's `RateSetup`, `sent` the frames whose coding is over since the last step, `feedback` what the receiver has
reported since then. A state is plain data, such as JSON holds, and is kept as JSON: nothing can hide in it, so a camera whose
process has died goes on as if nothing had happened, on any host.
"""

from __future__ import annotations

import inspect
import json
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from simnet import plugins
from simnet.errors import PluginError
from simnet.plugins import blamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.nodes.rate_control import RateSetup, RateState
    from simnet.records.grants import Feedback

BUILT_IN = ("fixed", "target", "adaptive")
"""Kinds of simnet's own; no other package may take these names."""


@dataclass(frozen=True, slots=True)
class SentFrame:
    """A frame that was coded: at what quality, and what it takes on the link, packet overhead included."""

    quality: float
    link_bytes: int
    is_typical: bool
    """Not a key frame among frames that refer to others, which are much smaller."""


@dataclass(frozen=True, slots=True)
class PluginRateControl:
    """A plug-in's rate control, watched; `who` is what errors call it."""

    inner: Any
    who: str

    def start(self, setup: RateSetup) -> str:
        """Return the state before the first frame, as JSON."""
        with blamed(self.who, "its start failed"):
            return self._text(self.inner.start(setup))

    def step(
        self, setup: RateSetup, state: str, sent: Sequence[SentFrame], feedback: Sequence[Feedback]
    ) -> tuple[str, float]:
        """Return the next state as JSON, and the next frame's quality."""
        with blamed(self.who, "its step failed"):
            answer = self.inner.step(setup, json.loads(state), tuple(sent), tuple(feedback))
        if not (isinstance(answer, tuple) and len(answer) == 2):
            raise PluginError(f"{self.who}: its step answered {answer!r:.60}; expected (state, quality)")
        following, quality = answer
        number = isinstance(quality, (int, float)) and not isinstance(quality, bool) and math.isfinite(quality)
        if not number or not 0 <= quality <= 1:
            raise PluginError(f"{self.who}: asks for quality {quality!r:.40}; expected a number from 0 to 1")
        return self._text(following), float(quality)

    def _text(self, state: Any) -> str:
        try:
            text = json.dumps(state)
            same = json.loads(text) == state
        except (TypeError, ValueError, RecursionError):
            text, same = "", False
        if not same:
            raise PluginError(
                f"{self.who}: its state is {state!r:.80}; expected maps with text as keys, lists, numbers, text"
            )
        return text


def of(control: Any, who: str) -> PluginRateControl:
    """Return `control`, a plug-in's object, watched."""
    if inspect.isclass(control):
        with blamed(who, "cannot be made without arguments"):
            control = control()
    if not all(callable(getattr(control, part, None)) for part in ("start", "step")):
        raise PluginError(f"{who}: found {control!r:.60}; expected start and step")
    return PluginRateControl(control, who)


@lru_cache(maxsize=32)
def find(kind: str) -> PluginRateControl:
    """Import the rate control called `kind`; PluginError where there is none, or it is none."""
    plugin = plugins.find(plugins.RATES, kind, BUILT_IN)
    if plugin is None:
        names = ", ".join(each.name for each in plugins.installed(plugins.RATES)) or "none installed"
        raise PluginError(f"rate control {kind}: unknown; expected one of another package ({names})")
    return of(plugin.load(), str(plugin))


def check(kind: str) -> None:
    """Raise PluginError where `kind` is neither simnet's own nor a plug-in that can be used."""
    if kind not in BUILT_IN:
        find(kind)


def step(setup: RateSetup, state: RateState, sent: Sequence[SentFrame], feedback: Sequence[Feedback]) -> RateState:
    """Return the state with the next frame's quality in it; requests for key frames are no reports."""
    reports = [report for report in feedback if report.undecodable is None]
    own, quality = find(setup.config.kind).step(setup, state.plugin_state, sent, reports)
    return replace(state, plugin_state=own, quality=quality)
